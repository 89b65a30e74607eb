"""Lists of uses a person may see: a page at a time by key, or all of them in order, a few in memory at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload

from instruments.access import Viewer, inspected_by
from instruments.catalogue import Instrument
from instruments.people import Person
from scheduling.usage import UsageRecord

LIVE = ("running", "recorded", "confirmed")
Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class WantedUses:
    """Which uses: one's own, those of the groups one leads, those of instruments one inspects, or all of these; void ones only when asked for."""

    whose: str = "all"  # mine | groups | managed | all
    instrument_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: tuple[str, ...] = LIVE


@dataclass(frozen=True, slots=True)
class UsePage:
    """One page: uses in order of start, how many there are in all, and the key of the last where more follow."""

    uses: Sequence[UsageRecord]
    total: int
    next: Key | None


def page_of_uses(
    session: Session, wanted: WantedUses, *, viewer: Viewer, limit: int = 50, after: Key | None = None, newest_first: bool = False
) -> UsePage:
    """Give a page of the uses a person may see; two statements. `after` is the key the page before ended with."""
    conditions = _conditions(wanted, viewer)
    total = session.scalar(select(func.count(UsageRecord.id)).join(UsageRecord.instrument).where(*conditions)) or 0
    rows = _after(session, conditions, after, limit + 1, newest_first=newest_first)
    page = rows[:limit]
    return UsePage(page, total, (page[-1].start_at, page[-1].id) if len(rows) > limit else None)


def count_uses(session: Session, wanted: WantedUses, *, viewer: Viewer) -> int:
    """Count the uses a person may see."""
    return session.scalar(select(func.count(UsageRecord.id)).join(UsageRecord.instrument).where(*_conditions(wanted, viewer))) or 0


def all_uses(session: Session, wanted: WantedUses, *, viewer: Viewer, at_once: int = 500) -> Iterator[Sequence[UsageRecord]]:
    """Give all the uses a person may see, by start, in slices; each slice is forgotten when the next is read."""
    conditions, after = _conditions(wanted, viewer), None
    while rows := _after(session, conditions, after, at_once, newest_first=False):
        after = (rows[-1].start_at, rows[-1].id)
        yield rows
        session.expunge_all()


def _after(
    session: Session, conditions: Sequence[ColumnElement[bool]], after: Key | None, limit: int, *, newest_first: bool
) -> Sequence[UsageRecord]:
    key = tuple_(UsageRecord.start_at, UsageRecord.id)
    further: list[Any] = [] if after is None else [key < after if newest_first else key > after]
    order = (UsageRecord.start_at.desc(), UsageRecord.id.desc()) if newest_first else (UsageRecord.start_at, UsageRecord.id)
    return session.scalars(
        select(UsageRecord)
        .join(UsageRecord.instrument)
        .options(
            contains_eager(UsageRecord.instrument).joinedload(Instrument.organisation),
            joinedload(UsageRecord.person).joinedload(Person.organisation), joinedload(UsageRecord.group), joinedload(UsageRecord.booking),
            joinedload(UsageRecord.organisation), joinedload(UsageRecord.owner),
        )
        .where(*conditions, *further)
        .order_by(*order)
        .limit(limit)
    ).all()  # fmt: skip


def _conditions(wanted: WantedUses, viewer: Viewer) -> list[ColumnElement[bool]]:
    own, of_groups = UsageRecord.person_id == viewer.person_id, UsageRecord.group_id.in_(viewer.pi_group_ids)
    whose = {"mine": own, "groups": of_groups, "managed": inspected_by(viewer), "all": or_(own, of_groups, inspected_by(viewer))}
    conditions: list[ColumnElement[bool]] = [whose[wanted.whose], UsageRecord.status.in_(wanted.statuses)]
    if wanted.instrument_id is not None:
        conditions.append(UsageRecord.instrument_id == wanted.instrument_id)
    if wanted.since is not None:
        conditions.append(or_(UsageRecord.end_at.is_(None), UsageRecord.end_at > wanted.since))
    if wanted.until is not None:
        conditions.append(UsageRecord.start_at < wanted.until)
    return conditions
