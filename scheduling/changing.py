"""Move and cancel. A move is a new version linked to the old and obeys the same rules as a new booking."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, OutOfOrder, Sentence
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking, may_change, seen_booking
from scheduling.deciding import check_reason, check_step, locked_booking
from scheduling.locks import lock_instruments
from scheduling.reserving import Wish, reserve


def move(
    session: Session, booking_id: int, span: TimeSpan, *, viewer: Viewer, now: datetime, note: str | None = None,
    instrument_id: int | None = None, version: int | None = None,
) -> Booking:  # fmt: skip
    """Move a booking to another time, or another instrument, by the rules as they are for its person now.

    The old row becomes 'moved', the new one keeps uid, group, mode and purpose with a sequence one higher.
    """
    seen = seen_booking(session, booking_id, viewer)
    target_id = instrument_id if instrument_id is not None else seen.instrument_id
    instruments = lock_instruments(session, {seen.instrument_id, target_id})
    old = locked_booking(session, booking_id, viewer, version=version)
    _check_movable(old, viewer, now)
    target = next(one for one in instruments if one.id == target_id)
    if not viewer.may_see(target):
        raise Invalid("instrument", Sentence("没有这台仪器。", "There is no such instrument."))
    wish = Wish((target_id,), span, old.mode, old.purpose, old.group_id, old.note if note is None else note)
    _check_note(wish.note)
    old.status, old.holds, old.changed_at = "moved", False, now
    session.flush()  # the old row must give its time back before the new one asks for it
    (new,) = reserve(session, wish, [target], viewer=viewer, now=now, moved=old)
    new.person_id, new.uid, new.sequence, new.previous_id, new.bundle = old.person_id, old.uid, old.sequence + 1, old.id, old.bundle
    session.flush()  # the link to the old row is unique: a second move of the same booking must fail here
    return new


def _check_movable(old: Booking, viewer: Viewer, now: datetime) -> None:
    if not may_change(viewer, old):
        raise Forbidden
    check_step(old, "moved")
    if old.start_at <= now and not viewer.may_manage(old.instrument):
        raise OutOfOrder(Sentence("预约已开始,不能再改期,请联系管理员。", "This booking has begun; ask the manager to change it."))


def _check_note(note: str) -> None:
    if len(note) > 500:
        raise Invalid("note", Sentence("备注不超过 500 字。", "A note has at most 500 characters."))


def annotate(session: Session, booking_id: int, note: str, *, viewer: Viewer, now: datetime, version: int | None = None) -> Booking:
    """Change only the note of a booking."""
    one = locked_booking(session, booking_id, viewer, version=version)
    if not may_change(viewer, one):
        raise Forbidden
    _check_note(note)
    one.note, one.changed_at = note.strip(), now
    return one


def cancel(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, reason: str = "", version: int | None = None) -> Booking:
    """Cancel a booking or withdraw a request; a manager cancelling somebody else's gives a reason."""
    one = locked_booking(session, booking_id, viewer, version=version)
    if not may_change(viewer, one):
        raise Forbidden
    check_step(one, "cancelled")
    if one.start_at + timedelta(minutes=1) <= now and not viewer.may_manage(one.instrument):
        raise OutOfOrder(Sentence("预约已开始,不能再取消,请联系管理员。", "This booking has begun; ask the manager to cancel it."))
    foreign = one.person_id != viewer.person_id and (one.group_id is None or one.group_id not in viewer.pi_group_ids)
    one.reason = check_reason(reason, needed=foreign)
    one.status, one.holds, one.changed_at = "cancelled", False, now
    one.decided_by, one.decided_at = viewer.person_id, now
    return one
