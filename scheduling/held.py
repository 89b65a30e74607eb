"""What is held on an instrument's calendar: every booking that takes time there, as a light value, and a mark that changes whenever one does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnExpressionArgument, func, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.people import Person
from instruments.timespan import TimeSpan
from scheduling.bookings import REACH, Booking


@dataclass(frozen=True, slots=True)
class Held:
    """One booking as a calendar needs it; `holds` says whether its lane is taken, which a waiting request need not do."""

    id: int
    instrument_id: int
    lane: int
    span: TimeSpan
    occupied: TimeSpan
    status: str
    holds: bool
    person_id: int
    group_id: int | None
    person_name: str


def held_in(session: Session, instrument_ids: Iterable[int], window: TimeSpan, viewer: Viewer) -> Sequence[Held]:
    """Give what is held in a window, and what the viewer has asked for without holding it; one statement, or two for who is logged in."""
    ids = list(instrument_ids)
    found = _read(session, _holding(ids, window))
    if not viewer.is_anonymous:
        found += _read(
            session,
            (Booking.person_id == viewer.person_id, Booking.end_at > window.start, Booking.start_at < window.end,
             Booking.instrument_id.in_(ids), Booking.status == "requested", ~Booking.holds),
        )  # fmt: skip
    return sorted(found, key=lambda held: (held.span, held.id))


def calendar_mark(session: Session, instrument_id: int, window: TimeSpan) -> tuple[int, int, int, str]:
    """Give a few numbers that change whenever a booking in the window is made, moved, cancelled or decided; one statement."""
    latest: datetime | None
    count, last, versions, latest = session.execute(
        select(func.count(Booking.id), func.max(Booking.id), func.sum(Booking.version), func.max(Booking.changed_at)).where(
            *_holding([instrument_id], window)
        )
    ).one()
    return count, last or 0, int(versions or 0), latest.isoformat() if latest else ""


def _holding(ids: list[int], window: TimeSpan) -> tuple[ColumnExpressionArgument[bool], ...]:
    return (
        Booking.instrument_id.in_(ids),
        Booking.holds,
        Booking.occupied_until > window.start,
        Booking.occupied_until < window.end + REACH,
        Booking.occupied_from < window.end,
    )


def _read(session: Session, conditions: tuple[ColumnExpressionArgument[bool], ...]) -> list[Held]:
    rows = session.execute(
        select(
            Booking.id, Booking.instrument_id, Booking.lane, Booking.start_at, Booking.end_at, Booking.occupied_from,
            Booking.occupied_until, Booking.status, Booking.holds, Booking.person_id, Booking.group_id, Person.name,
        ).join(Person, Person.id == Booking.person_id).where(*conditions)
    )  # fmt: skip
    return [
        Held(
            row.id, row.instrument_id, row.lane, TimeSpan(row.start_at, row.end_at), TimeSpan(row.occupied_from, row.occupied_until),
            row.status, row.holds, row.person_id, row.group_id, row.name,
        )
        for row in rows
    ]  # fmt: skip


def count_begun(session: Session, window: TimeSpan) -> int:
    """Count the uses that began in a window, or will, and were not called off; one statement."""
    return (
        session.scalar(
            select(func.count()).where(
                Booking.status.in_(("confirmed", "running", "finished")), Booking.start_at >= window.start, Booking.start_at < window.end
            )
        )
        or 0
    )
