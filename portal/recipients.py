"""Who answers for what, and is therefore written to: active people only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Row, or_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import GroupMember, Person
from instruments.roles import RoleGrant
from scheduling.accounting.accounts import Account

MOST = 50  # nobody needs more people told of one thing


def managers_of(session: Session, instruments: Iterable[Instrument]) -> dict[int, list[Person]]:
    """Give each instrument's managers by its id: its own or its facility's, else its organisation's administrators, else the province's.

    One statement where all have managers of their own.
    """
    wanted = list(instruments)
    facilities = {one.facility_id for one in wanted if one.facility_id is not None}
    granted = session.execute(
        select(RoleGrant.instrument_id, RoleGrant.facility_id, Person)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(
            RoleGrant.role == "manager",
            Person.status == "active",
            or_(RoleGrant.instrument_id.in_([one.id for one in wanted]), RoleGrant.facility_id.in_(facilities)),
        )
        .order_by(RoleGrant.id)
        .limit(MOST * len(wanted))
    ).all()
    return {one.id: _own(one, granted) or administrators_of(session, one.organisation_id) for one in wanted}


def _own(instrument: Instrument, granted: Sequence[Row[int | None, int | None, Person]]) -> list[Person]:
    own = [person for of_instrument, of_facility, person in granted if instrument.id == of_instrument or _same(instrument.facility_id, of_facility)]
    return list({person.id: person for person in own}.values())


def _same(left: int | None, right: int | None) -> bool:
    return left is not None and left == right


def administrators_of(session: Session, organisation_id: int) -> list[Person]:
    """Give the administrators of an organisation, or the province's where it has none."""
    return own_administrators(session, organisation_id) or province_administrators(session)


def own_administrators(session: Session, organisation_id: int) -> list[Person]:
    """Give the administrators of an organisation, none where it has none."""
    return _granted(session, RoleGrant.role == "organisation_admin", RoleGrant.organisation_id == organisation_id)


def administrators_by(session: Session, organisation_ids: Iterable[int]) -> dict[int, list[Person]]:
    """Give the administrators of organisations by organisation; one statement. Those without are left out."""
    ids = list(organisation_ids)
    rows = session.execute(
        select(RoleGrant.organisation_id, Person)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(RoleGrant.role == "organisation_admin", RoleGrant.organisation_id.in_(ids), Person.status == "active")
        .order_by(RoleGrant.organisation_id, Person.id)
        .limit(MOST * len(ids))
    )
    found: dict[int, list[Person]] = {}
    for organisation_id, person in rows:
        if organisation_id is not None:
            found.setdefault(organisation_id, []).append(person)
    return found


def pis_of(session: Session, group_ids: Iterable[int]) -> dict[int, list[Person]]:
    """Give the PIs of groups by group; one statement."""
    ids = set(group_ids)
    if not ids:
        return {}
    rows = session.execute(
        select(GroupMember.group_id, Person)
        .join(Person, Person.id == GroupMember.person_id)
        .where(GroupMember.group_id.in_(ids), GroupMember.is_pi, Person.status == "active")
        .order_by(GroupMember.group_id, Person.id)
        .limit(MOST * len(ids))
    )
    found: dict[int, list[Person]] = {}
    for group_id, person in rows:
        found.setdefault(group_id, []).append(person)
    return found


def answering_for(session: Session, accounts: Iterable[Account]) -> dict[int, list[Person]]:
    """Give who answers for accounts, by account: the group's PIs, else the administrators of whose money it is, else of who keeps it."""
    wanted = list(accounts)
    pis = pis_of(session, {one.group_id for one in wanted if one.group_id is not None})
    of: dict[int, list[Person]] = {}

    def administrators(organisation_id: int | None) -> list[Person]:
        if organisation_id is None:
            return []
        if organisation_id not in of:
            of[organisation_id] = own_administrators(session, organisation_id)
        return of[organisation_id]

    return {
        one.id: pis.get(one.group_id or 0) or administrators(one.holder_id) or administrators(one.organisation_id) for one in wanted
    }


def province_administrators(session: Session) -> list[Person]:
    """Give the administrators of the province."""
    return _granted(session, RoleGrant.role == "province_admin")


def _granted(session: Session, *conditions: ColumnElement[bool]) -> list[Person]:
    people = session.scalars(
        select(Person)
        .where(Person.status == "active", Person.id.in_(select(RoleGrant.person_id).where(*conditions)))
        .order_by(Person.id)
        .limit(MOST)
    )
    return list(people)
