"""Add a person, or give one a role; prints the link with which a new person chooses her password."""

from __future__ import annotations

import argparse

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.facilities import Facility
from instruments.people import ORGANISATION_KINDS, Organisation, Person, add_person, organisation_by_code, person_by_email
from instruments.roles import grant
from portal import clock
from portal.auth import mailed
from portal.commands.opened import Stopped, open_portal
from portal.config import settings
from portal.links import outside_url
from portal.outbox import enqueue
from portal.transactions import writing

ROLES = ("researcher", "manager", "organisation_admin", "province_admin", "auditor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add who, and what she may do."""
    parser.add_argument("action", choices=["add"], help="add a person, or a role to one")
    parser.add_argument("email", metavar="EMAIL")
    parser.add_argument("--name", metavar="N", help="needed for a new person")
    parser.add_argument("--role", metavar="R", type=_role, default="researcher", help=", ".join(ROLES))
    parser.add_argument("--organisation", metavar="CODE", help="where she belongs; for an organisation_admin also what she administers")
    parser.add_argument("--new-organisation", metavar="NAME", help="register an organisation of this name under CODE first")
    parser.add_argument("--kind", choices=list(ORGANISATION_KINDS), default="public", help="the kind of the new organisation (public)")
    parser.add_argument("--instrument", type=int, metavar="ID", help="the scope of a manager")
    parser.add_argument("--facility", type=int, metavar="ID", help="the scope of a manager")
    parser.add_argument("--language", choices=["zh", "en"], help="the language of her pages and mail")
    parser.add_argument("--mail", action="store_true", help="mail the link to her as well")


def run(chosen: argparse.Namespace) -> int:
    """Add the person where she is new, grant the role, print the link."""
    app = open_portal(chosen)
    with app.app_context(), writing() as session:
        person = person_by_email(session, chosen.email)
        is_new = person is None
        if person is None:
            person = _add(session, chosen)
        if chosen.role != "researcher":
            _grant(session, person, chosen)
        link = _invite(session, person, is_mailed=chosen.mail) if is_new else ""
    print(link or f"{person.email}: {chosen.role}")
    return 0


def _add(session: Session, chosen: argparse.Namespace) -> Person:
    if not chosen.name:
        raise Stopped("新人员须填写 --name。", "A new person needs --name.")
    organisation = _organisation(session, chosen)
    language = chosen.language or settings().language
    return add_person(session, email=chosen.email, name=chosen.name, organisation=organisation, now=clock.now(), language=language)


def _organisation(session: Session, chosen: argparse.Namespace) -> Organisation:
    if chosen.new_organisation:
        if not chosen.organisation:
            raise Stopped("--new-organisation 须与 --organisation 同时给出。", "--new-organisation needs --organisation CODE beside it.")
        organisation = Organisation(code=chosen.organisation, name_zh=chosen.new_organisation, kind=chosen.kind)
        session.add(organisation)
        session.flush()
        return organisation
    if chosen.organisation:
        return organisation_by_code(session, chosen.organisation)
    found = session.scalars(select(Organisation).limit(2)).all()
    if len(found) != 1:
        raise Stopped("请用 --organisation 指定单位代码。", "Please name the organisation's code with --organisation.")
    return found[0]


def _grant(session: Session, person: Person, chosen: argparse.Namespace) -> None:
    facility = session.get(Facility, chosen.facility) if chosen.facility else None
    instrument = session.get(Instrument, chosen.instrument) if chosen.instrument else None
    if (chosen.facility and facility is None) or (chosen.instrument and instrument is None):
        raise Stopped("没有这个编号的仪器或设施。", "There is no instrument or facility with this number.")
    scope = None
    if chosen.role == "organisation_admin":
        scope = organisation_by_code(session, chosen.organisation) if chosen.organisation else person.organisation
    grant(session, person, chosen.role, now=clock.now(), organisation=scope, facility=facility, instrument=instrument)


def _invite(session: Session, person: Person, *, is_mailed: bool) -> str:
    now = clock.now()
    link = outside_url("auth.new_password", token=mailed.issue(session, mailed.RESET, person, now=now, lives=mailed.INVITATION))
    if is_mailed:
        enqueue(session, to=person, kind="invitation", context={"url": link, "days": mailed.INVITATION.days}, now=now, is_secret=True)
    return link


def _role(text: str) -> str:
    role = text.replace("-", "_")
    if role not in ROLES:
        raise argparse.ArgumentTypeError(f"one of {', '.join(ROLES)}")
    return role
