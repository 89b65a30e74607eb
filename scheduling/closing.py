"""Closing an instrument that is booked: the closure, the bookings it meets, and what becomes of them, all at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.closures import Closure, mark_schedule_changed
from instruments.errors import Changed, Forbidden, Sentence
from scheduling.bookings import STEPS, Booking, hit_by
from scheduling.changing import cancel
from scheduling.locks import lock_instruments

CHANGED = Sentence(
    "您查看之后，受影响的预约又有变化。请再看一遍后确认。", "The bookings it meets have changed since you looked. Please look again and confirm."
)


@dataclass(frozen=True, slots=True)
class Hit:
    """The bookings a closure meets: those cancelled for it, and those that stand."""

    cancelled: tuple[Booking, ...] = ()
    kept: tuple[Booking, ...] = ()


def shut(
    session: Session, closure: Closure, *, viewer: Viewer, now: datetime, cancels: bool, expected: Collection[int] | None = None
) -> Hit:
    """Make a planned closure, and cancel the bookings it meets or let them stand; a use that is running always stands.

    Nobody books into it meanwhile: the instruments are locked first. `expected` are the bookings the person was shown; when they are
    others by now it is Changed, and nothing is done.
    """
    _check_manages_all(lock_instruments(session, _concerned(session, closure)), viewer)
    session.add(closure)
    mark_schedule_changed(session, closure)
    met = hit_by(session, closure, now=now)
    if expected is not None and {one.id for one in met} != set(expected):
        raise Changed(CHANGED)
    gone = [one for one in met if cancels and "cancelled" in STEPS[one.status]]
    for one in gone:
        cancel(session, one.id, viewer=viewer, now=now, reason=closure.reason)
    return Hit(tuple(gone), tuple(one for one in met if one not in gone))


def _concerned(session: Session, closure: Closure) -> list[int]:
    if closure.instrument_id is not None:
        return [closure.instrument_id]
    return list(session.scalars(select(Instrument.id).where(Instrument.facility_id == closure.facility_id)))


def _check_manages_all(instruments: Collection[Instrument], viewer: Viewer) -> None:
    if not all(viewer.may_manage(one) for one in instruments):
        raise Forbidden
