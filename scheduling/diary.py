"""Lists of bookings a person may see, a page at a time by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session, contains_eager, joinedload

from instruments.access import Viewer, inspected_by
from instruments.catalogue import Instrument
from instruments.errors import Invalid, Sentence
from scheduling.bookingquotes import BookingQuote
from scheduling.bookings import Booking


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which bookings: one's own or all one may see, of an instrument, meeting a window, in some states, only those with a price."""

    mine: bool = False
    instrument_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    statuses: tuple[str, ...] = ()
    is_priced: bool = False


@dataclass(frozen=True, slots=True)
class DiaryPage:
    """One page: bookings in order of start, how many there are in all, and the key of the last where more follow."""

    bookings: Sequence[Booking]
    total: int
    next: tuple[str, int] | None


def page_of_bookings(
    session: Session, wanted: Wanted, *, viewer: Viewer, limit: int = 50, after: tuple[str, int] | None = None
) -> DiaryPage:
    """Give a page of the bookings a person may see; two statements. `after` is the key the page before ended with."""
    conditions = _conditions(wanted, viewer)
    total = session.scalar(select(func.count(Booking.id)).join(Booking.instrument).where(*conditions)) or 0
    if after is not None:
        conditions.append(tuple_(Booking.start_at, Booking.id) > (_instant(after[0]), after[1]))
    rows = session.scalars(
        select(Booking)
        .join(Booking.instrument)
        .options(
            contains_eager(Booking.instrument).joinedload(Instrument.organisation), joinedload(Booking.person), joinedload(Booking.group)
        )
        .where(*conditions)
        .order_by(Booking.start_at, Booking.id)
        .limit(limit + 1)
    ).all()
    page = rows[:limit]
    return DiaryPage(page, total, (page[-1].start_at.isoformat(), page[-1].id) if len(rows) > limit else None)


def _conditions(wanted: Wanted, viewer: Viewer) -> list[ColumnElement[bool]]:
    own = Booking.person_id == viewer.person_id
    conditions = [own if wanted.mine else or_(own, Booking.group_id.in_(viewer.pi_group_ids), inspected_by(viewer))]
    if wanted.instrument_id is not None:
        conditions.append(Booking.instrument_id == wanted.instrument_id)
    if wanted.since is not None:
        conditions.append(Booking.end_at > wanted.since)
    if wanted.until is not None:
        conditions.append(Booking.start_at < wanted.until)
    if wanted.statuses:
        conditions.append(Booking.status.in_(wanted.statuses))
    if wanted.is_priced:
        conditions.append(Booking.id.in_(select(BookingQuote.booking_id).where(BookingQuote.tariff_version_id.is_not(None))))
    return conditions


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _unknown() from error
    if found.tzinfo is None:
        raise _unknown()
    return found


def _unknown() -> Invalid:
    return Invalid("cursor", Sentence("cursor 无效，请从第一页重新开始。", "cursor: this is none of ours; start again from the first page."))
