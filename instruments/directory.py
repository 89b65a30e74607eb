"""The directory of people and groups as administrators read it, and the coverage of the network by organisation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.holidays import SpecialDay
from instruments.people import Group, GroupMember, Organisation, Person
from instruments.publication import days_to_report
from instruments.roles import RoleGrant

IN_SCOPE_FROM = Decimal("500000")
NOT_YET = ("draft", "refused", "submitted")


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """A page of people by id, newest first."""

    people: Sequence[Person]
    total: int
    next: int | None


def page_of_people(
    session: Session,
    *,
    organisation_ids: Iterable[int] | None,
    status: str = "",
    text: str = "",
    before: int | None = None,
    limit: int = 50,
) -> PeoplePage:
    """Give a page of the people of some organisations (None: of all), in one state or any, whose name or address holds the text."""
    conditions: list[ColumnElement[bool]] = []
    if organisation_ids is not None:
        conditions.append(Person.organisation_id.in_(list(organisation_ids)))
    if status:
        conditions.append(Person.status == status)
    if text:
        conditions.append(or_(Person.name.contains(text, autoescape=True), Person.email.contains(text.lower(), autoescape=True)))
    total = session.scalar(select(func.count(Person.id)).where(*conditions)) or 0
    if before is not None:
        conditions.append(Person.id < before)
    rows = session.scalars(
        select(Person).options(joinedload(Person.organisation)).where(*conditions).order_by(Person.id.desc()).limit(limit + 1)
    ).all()
    return PeoplePage(rows[:limit], total, rows[limit - 1].id if len(rows) > limit else None)


def count_waiting(session: Session, organisation_ids: Iterable[int] | None) -> int:
    """Count the people who wait to be admitted."""
    conditions = [Person.status == "waiting"]
    if organisation_ids is not None:
        conditions.append(Person.organisation_id.in_(list(organisation_ids)))
    return session.scalar(select(func.count(Person.id)).where(*conditions)) or 0


def roles_of(session: Session, person_id: int) -> Sequence[RoleGrant]:
    """Give a person's roles with what they are over."""
    scope = (joinedload(RoleGrant.organisation), joinedload(RoleGrant.facility), joinedload(RoleGrant.instrument))
    return session.scalars(select(RoleGrant).options(*scope).where(RoleGrant.person_id == person_id).order_by(RoleGrant.id)).all()


def groups_of(session: Session, organisation_ids: Iterable[int]) -> Sequence[tuple[Group, int]]:
    """Give the groups of some organisations with how many members each has."""
    rows = session.execute(
        select(Group, func.count(GroupMember.id))
        .outerjoin(GroupMember, GroupMember.group_id == Group.id)
        .options(joinedload(Group.organisation))
        .where(Group.organisation_id.in_(list(organisation_ids)))
        .group_by(Group.id)
        .order_by(Group.name_zh, Group.id)
    ).all()
    return [(row[0], row[1]) for row in rows]


def members_of(session: Session, group_id: int) -> Sequence[GroupMember]:
    """Give a group's members, its PIs first."""
    return session.scalars(
        select(GroupMember)
        .options(joinedload(GroupMember.person))
        .where(GroupMember.group_id == group_id)
        .order_by(GroupMember.is_pi.desc(), GroupMember.id)
    ).all()


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far one organisation's instruments in scope are on the network (入网率), and how many are reported late."""

    organisation: Organisation
    in_scope: int
    published: int
    exempt: int
    missing: int
    late: int

    @property
    def rate(self) -> float | None:
        """Give published / (in scope - exempt), or None where nothing has to join."""
        due = self.in_scope - self.exempt
        return self.published / due if due > 0 else None


def coverage(session: Session, *, now: datetime, days: Mapping[date, SpecialDay], value_from: Decimal = IN_SCOPE_FROM) -> list[Coverage]:
    """Count, for every organisation with instruments, those in scope by value and what became of them; two statements."""
    organisations = {one.id: one for one in session.scalars(select(Organisation))}
    counted: dict[int, dict[str, int]] = {}
    rows = session.scalars(select(Instrument).where(Instrument.original_value >= value_from, Instrument.publication != "retired"))
    for one in rows:
        counts = counted.setdefault(one.organisation_id, dict.fromkeys(("in_scope", "published", "exempt", "missing", "late"), 0))
        counts["in_scope"] += 1
        counts["exempt"] += one.is_exempt
        counts["published"] += not one.is_exempt and one.publication in ("published", "suspended")
        counts["missing"] += not one.is_exempt and one.publication in NOT_YET
        left = days_to_report(one, now, days)
        counts["late"] += left is not None and left < 0
    found = [Coverage(organisations[key], **counts) for key, counts in counted.items()]
    return sorted(found, key=lambda one: (one.rate if one.rate is not None else 1.0, one.organisation.code))
