"""The blueprint of the organisation's pages, and whose organisations they show."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, NotFound
from instruments.people import Organisation, Person
from portal.auth import viewer
from portal.auth.current import ask_to_log_in

organisations = Blueprint("organisations", __name__, url_prefix="/organisation")


@organisations.before_request
def _administrators_only() -> Any:
    who = viewer()
    if who.is_anonymous:
        return ask_to_log_in()
    if request.endpoint in OPEN_TO_PIS and who.pi_group_ids:
        return None
    if who.administers_any or who.is_province_admin:
        return None
    if who.is_auditor:
        if request.method in ("GET", "HEAD"):
            return None
        raise Forbidden
    raise NotFound


OPEN_TO_PIS = frozenset({"organisations.group", "organisations.add_member", "organisations.set_member", "organisations.remove_member"})


def my_organisation_ids(who: Viewer) -> tuple[int, ...] | None:
    """Give the organisations these pages show; None means all of them."""
    if who.is_province_admin or who.may_audit(None):
        return None
    audited = tuple(grant.organisation_id for grant in who.grants if grant.role == "auditor" and grant.organisation_id)
    return who.administered_organisation_ids + audited


def may_look(who: Viewer, organisation_id: int) -> bool:
    """Say whether these pages show this organisation."""
    ids = my_organisation_ids(who)
    return ids is None or organisation_id in ids


def my_person(session: Session, person_id: int) -> Person:
    """Get a person of an organisation the viewer looks after; any other is not found."""
    found = session.get(Person, person_id)
    if found is None or not may_look(viewer(), found.organisation_id):
        raise NotFound
    return found


def check_administers(organisation_id: int) -> None:
    """Let only those change something who administer the organisation."""
    if not viewer().may_administer(organisation_id):
        raise Forbidden


def default_organisation(session: Session) -> Organisation:
    """Give the organisation to add something to: the one administered, or the viewer's own."""
    ids = viewer().administered_organisation_ids or (viewer().organisation_id,)
    found = session.get(Organisation, ids[0])
    if found is None:
        raise NotFound
    return found
