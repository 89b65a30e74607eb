"""People: who waits to be admitted, who is here, and what each may do."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments import people as register
from instruments.catalogue import Instrument
from instruments.directory import page_of_people, roles_of
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.facilities import Facility
from instruments.people import PERSON_STATUSES, Person
from instruments.roles import ROLES, RoleGrant, grant, revoke
from portal import clock
from portal.auth import viewer
from portal.auth.sessions import end_all
from portal.language import t
from portal.notices import person_notice
from portal.organisations.blueprint import check_administers, my_organisation_ids, my_person, organisations
from portal.transactions import reading, writing

LONGEST_NOTE = 300
STEP_KINDS = {"admit": "admitted", "refuse": "refused", "disable": "disabled"}


@organisations.get("/people")
def people() -> str:
    """List the people of the organisations looked after, those who wait first where asked for."""
    return people_page("organisations/people.html", my_organisation_ids(viewer()))


def people_page(template: str, organisation_ids: tuple[int, ...] | None) -> str:
    """Write a page of people; shared with the province's."""
    status, text = request.args.get("status", ""), request.args.get("q", "").replace("\x00", "")[:100]
    before = request.args.get("before", type=int)
    if status and status not in PERSON_STATUSES:
        raise NotFound
    if before is not None and not 0 < before < 2**62:
        raise NotFound
    with reading() as session:
        page = page_of_people(session, organisation_ids=organisation_ids, status=status, text=text.strip(), before=before)
        return render_template(template, page=page, status=status, text=text, statuses=PERSON_STATUSES, first=before is None)


@organisations.get("/people/<int:person_id>")
def person(person_id: int) -> str:
    """Show a person, her roles, and what may be done."""
    with reading() as session:
        return _person_page(session, my_person(session, person_id))


def _person_page(session: Session, one: Person, error: str = "") -> str:
    own = Instrument.organisation_id == one.organisation_id
    facilities = session.scalars(select(Facility).where(Facility.organisation_id == one.organisation_id).order_by(Facility.name_zh)).all()
    instruments = session.scalars(select(Instrument).where(own).order_by(Instrument.name_zh, Instrument.id).limit(1000)).all()
    return render_template(
        "organisations/person.html", person=one, roles=roles_of(session, one.id), role_words=ROLES, statuses=PERSON_STATUSES,
        facilities=facilities, instruments=instruments, may_change=viewer().may_administer(one.organisation_id), error=error,
    )  # fmt: skip


@organisations.post("/people/<int:person_id>/<any(admit, refuse, disable):step>")
def decide_person(person_id: int, step: str) -> Any:
    """Admit, refuse or shut out a person, and tell her."""
    note = request.form.get("note", "").strip()
    with writing() as session:
        one = my_person(session, person_id)
        check_administers(one.organisation_id)
        if one.id == viewer().person_id:
            raise Forbidden(Sentence("不能更改自己的账户状态。", "You cannot change the state of your own account."))
        _check_note(note, needed=step != "admit")
        if step == "admit":
            register.admit(one)
        else:
            (register.refuse if step == "refuse" else register.disable)(one, note)
            end_all(session, one.id, now=clock.now())
        person_notice(session, one, STEP_KINDS[step], clock.now())
    flash(t("已保存，并已通知本人。", "Saved, and the person is told."), "success")
    return redirect(url_for("organisations.person", person_id=person_id))


def _check_note(note: str, *, needed: bool) -> None:
    if needed and not note:
        raise Invalid("note", Sentence("请填写原因，本人会看到。", "Please give the reason; the person will read it."))
    if len(note) > LONGEST_NOTE or "\x00" in note:
        raise Invalid("note", Sentence(f"原因不超过 {LONGEST_NOTE} 字。", f"A reason has at most {LONGEST_NOTE} characters."))


@organisations.post("/people/<int:person_id>/roles")
def grant_role(person_id: int) -> Response:
    """Grant a role within the organisation: manager of an instrument or a facility, or administrator."""
    with writing() as session:
        one = my_person(session, person_id)
        check_administers(one.organisation_id)
        role = request.form.get("role", "")
        now, by = clock.now(), viewer().person_id
        if role == "organisation_admin":
            grant(session, one, role, organisation=one.organisation, now=now, by=by)
        elif role == "manager":
            instrument, facility = _scope_of(session, one)
            grant(session, one, role, instrument=instrument, facility=facility, now=now, by=by)
        else:
            _grant_widely(session, one, role)
    flash(t("角色已授予。", "The role is granted."), "success")
    return redirect(url_for("organisations.person", person_id=person_id))


def _scope_of(session: Session, one: Person) -> tuple[Instrument | None, Facility | None]:
    """Read "instrument-5" or "facility-2": something of the same organisation."""
    kind, _, number = request.form.get("scope", "").partition("-")
    if kind in ("instrument", "facility") and number.isascii() and number.isdigit() and len(number) < 19:
        found: Instrument | Facility | None = session.get(Instrument if kind == "instrument" else Facility, int(number))
        if found is not None and found.organisation_id == one.organisation_id:
            return (found, None) if isinstance(found, Instrument) else (None, found)
    raise Invalid("scope", Sentence("请选择本单位的仪器或设施。", "Choose an instrument or a facility of the organisation."))


def _grant_widely(session: Session, one: Person, role: str) -> None:
    if not viewer().is_province_admin:
        raise Forbidden
    grant(session, one, role, now=clock.now(), by=viewer().person_id)


@organisations.post("/people/<int:person_id>/roles/<int:role_id>/revoke")
def revoke_role(person_id: int, role_id: int) -> Response:
    """Take a role back; nobody takes her own last hold on the network."""
    with writing() as session:
        one = my_person(session, person_id)
        check_administers(one.organisation_id)
        given = session.get(RoleGrant, role_id)
        if given is None or given.person_id != one.id:
            raise NotFound
        if one.id == viewer().person_id or (given.role in ("province_admin", "auditor") and not viewer().is_province_admin):
            raise Forbidden
        revoke(session, given)
    flash(t("角色已收回。", "The role is taken back."), "success")
    return redirect(url_for("organisations.person", person_id=person_id))
