"""Remembering what was refused: in a transaction of its own, after the refused one has been rolled back."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.access import Viewer
from instruments.errors import PortalError, Refused
from instruments.timespan import TimeSpan
from portal import clock
from portal.auth import viewer
from portal.transactions import reading, writing
from scheduling.attempts import note_attempt
from scheduling.bookings import seen_booking
from scheduling.changing import person_of


def remember(error: PortalError, instrument_ids: Sequence[int], span: TimeSpan) -> None:
    """Note a booking that rules or other bookings refused; whatever else went wrong is no refusal."""
    if isinstance(error, Refused):
        _note(error, instrument_ids, span, viewer(), is_move=False)


def remember_move(error: PortalError, booking_id: int, instrument_id: int | None, span: TimeSpan) -> None:
    """Note a move that was refused, for the person the booking is for, whoever tried to move it."""
    if isinstance(error, Refused):
        with reading() as session:
            old = seen_booking(session, booking_id, viewer())
            person, target = person_of(session, old), instrument_id or old.instrument_id
        _note(error, [target], span, person, is_move=True)


def _note(error: Refused, instrument_ids: Sequence[int], span: TimeSpan, who: Viewer, *, is_move: bool) -> None:
    with writing() as session:
        note_attempt(session, error, instrument_ids, span, viewer=who, now=clock.now(), is_move=is_move)
