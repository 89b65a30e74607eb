"""Move and cancel. A move is a new version linked to the old and obeys the same rules as a new booking."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer, load_viewer
from instruments.errors import Forbidden, OutOfOrder, Sentence
from instruments.timespan import TimeSpan
from scheduling.accounting.holds import release
from scheduling.bookingquotes import BookingQuote, quote_of
from scheduling.bookings import Booking, may_change, seen_booking
from scheduling.cases import Case, gather
from scheduling.deciding import check_reason, check_step, locked_booking
from scheduling.locks import lock_instruments
from scheduling.reserving import Wish, add_bookings, check_note, check_seen, check_span, keep_prices, price_cases, raise_refusals


def move(
    session: Session, booking_id: int, span: TimeSpan, *, viewer: Viewer, now: datetime, note: str | None = None,
    instrument_id: int | None = None, version: int | None = None,
) -> Booking:  # fmt: skip
    """Move a booking to another time, or another instrument, by the rules as they are for its person now, whoever moves it.

    The old row becomes 'moved', the new one keeps uid, group, mode and purpose with a sequence one higher. Nothing moves to where it is.
    """
    check_span(span, now)
    seen = seen_booking(session, booking_id, viewer)
    target_id = instrument_id if instrument_id is not None else seen.instrument_id
    instruments = lock_instruments(session, {seen.instrument_id, target_id})
    check_seen(instruments, viewer)
    old = locked_booking(session, booking_id, viewer, version=version)
    _check_movable(old, viewer, now)
    if span == old.span and target_id == old.instrument_id:
        return old if note is None else _with_note(old, note, now)
    before = quote_of(session, old.id)
    wish = wish_to_move(old, span, target_id, note, before)
    check_note(wish.note)
    person = person_of(session, old)
    cases = gather(session, wish, [one for one in instruments if one.id == target_id], viewer=person, now=now, moved=old)
    raise_refusals(cases)
    cases = [decided(case, old, viewer) for case in cases]
    prices = price_cases(session, cases, wish, viewer=person, now=now, moved=old)
    old.status, old.holds, old.changed_at = "moved", False, now
    session.flush()  # the old row must give its time back before the new one asks for it
    release(session, [old.id], now=now)
    (new,) = add_bookings(session, cases, wish, viewer=person, now=now)
    new.uid, new.sequence, new.previous_id, new.bundle = old.uid, old.sequence + 1, old.id, old.bundle
    session.flush()  # the link to the old row is unique: a second move of the same booking must fail here
    keep_prices(session, [new], prices, wish, now=now, before=before)
    return new


def wish_to_move(old: Booking, span: TimeSpan, instrument_id: int, note: str | None, before: BookingQuote | None) -> Wish:
    """Say a move as the wish it is, with what was told of the booking when it was made."""
    wish = Wish((instrument_id,), span, old.mode, old.purpose, old.group_id, old.note if note is None else note)
    if before is None:
        return wish
    quantities = tuple((code, Decimal(text)) for code, text in before.quantities.items())
    return replace(wish, account_id=before.account_id, quantities=quantities, options=tuple(before.options))


def person_of(session: Session, one: Booking) -> Viewer:
    """Give the person a booking is for, by whose standing its rules are judged."""
    return load_viewer(session, one.person)


def decided(case: Case, old: Booking, viewer: Viewer) -> Case:
    """A manager who moves a confirmed booking has thereby approved it; a request stays one."""
    if old.status == "confirmed" and viewer.may_manage(case.instrument):
        return replace(case, judgement=replace(case.judgement, approvals=()))
    return case


def _check_movable(old: Booking, viewer: Viewer, now: datetime) -> None:
    if not may_change(viewer, old):
        raise Forbidden
    check_step(old, "moved")
    if old.start_at <= now and not viewer.may_manage(old.instrument):
        raise OutOfOrder(Sentence("预约已开始，不能再改期，请联系管理员。", "This booking has begun; ask the manager to change it."))


def annotate(session: Session, booking_id: int, note: str, *, viewer: Viewer, now: datetime, version: int | None = None) -> Booking:
    """Change only the note of a booking that is not over."""
    one = locked_booking(session, booking_id, viewer, version=version)
    if not may_change(viewer, one):
        raise Forbidden
    if not one.is_open:
        raise OutOfOrder(Sentence("该预约已结束，备注不能再改。", "This booking is over; its note stays as it is."))
    return _with_note(one, note, now)


def _with_note(one: Booking, note: str, now: datetime) -> Booking:
    check_note(note)
    if note.strip() != one.note:
        one.note, one.changed_at = note.strip(), now
    return one


def versions_of(session: Session, one: Booking) -> list[Booking]:
    """Give every version of a booking, the first one first, itself among them; one statement."""
    back = select(Booking.id, Booking.previous_id).where(Booking.id == one.id).cte("back", recursive=True)
    back = back.union(select(Booking.id, Booking.previous_id).join(back, Booking.id == back.c.previous_id))
    onward = select(Booking.id).where(Booking.id == one.id).cte("onward", recursive=True)
    onward = onward.union(select(Booking.id).join(onward, Booking.previous_id == onward.c.id))
    found = session.scalars(
        select(Booking)
        .where(or_(Booking.id.in_(select(back.c.id)), Booking.id.in_(select(onward.c.id))))
        .options(joinedload(Booking.instrument), joinedload(Booking.person))
        .order_by(Booking.sequence)
    )
    return list(found)


def cancel(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, reason: str = "", version: int | None = None) -> Booking:
    """Cancel a booking or withdraw a request; a manager cancelling somebody else's gives a reason."""
    one = locked_booking(session, booking_id, viewer, version=version)
    if not may_change(viewer, one):
        raise Forbidden
    check_step(one, "cancelled")
    if one.start_at + timedelta(minutes=1) <= now and not viewer.may_manage(one.instrument):
        raise OutOfOrder(Sentence("预约已开始，不能再取消，请联系管理员。", "This booking has begun; ask the manager to cancel it."))
    foreign = not viewer.owns(one.person_id, one.group_id)
    one.reason = check_reason(reason, needed=foreign)
    one.status, one.holds, one.changed_at = "cancelled", False, now
    one.decided_by, one.decided_at = viewer.person_id, now
    release(session, [one.id], now=now)
    return one
