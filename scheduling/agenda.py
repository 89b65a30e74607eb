"""A person's bookings as she thinks of them: what comes, what waits, what runs, what is over; a page at a time, by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Sentence
from scheduling.bookings import Booking

PARTS = {
    "upcoming": Sentence("即将开始", "Coming"),
    "requests": Sentence("待审批", "Waiting"),
    "running": Sentence("使用中", "In use"),
    "past": Sentence("以前的", "Past"),
}
OVER = ("finished", "cancelled", "declined", "expired", "no_show")
Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Agenda:
    """One page of one part, and how many bookings each part holds. `next` is the key of the last one where more follow."""

    bookings: Sequence[Booking]
    counts: Mapping[str, int]
    next: Key | None


def agenda(
    session: Session, part: str, *, viewer: Viewer, now: datetime, of_groups: bool = False, text: str = "", after: Key | None = None,
    limit: int = 50,
) -> Agenda:  # fmt: skip
    """Give a page of one part of PARTS, her own or of the groups she leads, nearest in time first; two statements.

    `text` keeps the instruments whose name or model holds it. What was moved is not listed: the booking it became is.
    """
    whose = Booking.group_id.in_(viewer.pi_group_ids) if of_groups else Booking.person_id == viewer.person_id
    conditions = [whose, Booking.status != "moved", *_named(text)]
    wanted, key = [*conditions, _in_part(part, now)], tuple_(Booking.start_at, Booking.id)
    is_past = part == "past"
    if after is not None:
        wanted.append(key < after if is_past else key > after)
    order = (Booking.start_at.desc(), Booking.id.desc()) if is_past else (Booking.start_at, Booking.id)
    rows = session.scalars(
        select(Booking)
        .join(Booking.instrument)
        .options(contains_eager(Booking.instrument).joinedload(Instrument.organisation), joinedload(Booking.person))
        .where(*wanted)
        .order_by(*order)
        .limit(limit + 1)
    ).all()
    page = rows[:limit]
    return Agenda(page, _counts(session, conditions, now), (page[-1].start_at, page[-1].id) if len(rows) > limit else None)


def _in_part(part: str, now: datetime) -> ColumnElement[bool]:
    if part == "past":
        return or_(Booking.status.in_(OVER), and_(Booking.status == "confirmed", Booking.end_at <= now))
    if part == "upcoming":
        return and_(Booking.status == "confirmed", Booking.end_at > now)
    return Booking.status == {"requests": "requested", "running": "running"}[part]


def _counts(session: Session, conditions: Sequence[ColumnElement[bool]], now: datetime) -> dict[str, int]:
    sums = [func.sum(case((_in_part(part, now), 1), else_=0)) for part in PARTS]
    row = session.execute(select(*sums).join(Booking.instrument).where(*conditions)).one()
    return {part: int(count or 0) for part, count in zip(PARTS, row, strict=True)}


def _named(text: str) -> list[ColumnElement[bool]]:
    if not text:
        return []
    columns = (Instrument.name_zh, Instrument.name_en, Instrument.model)
    return [or_(*(func.lower(column).contains(text.lower(), autoescape=True) for column in columns))]
