"""The desk beside the instrument: start, finish, no-show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, OutOfOrder, Sentence
from instruments.rulebooks import in_force, rule_book_history
from scheduling.bookings import Booking, booking
from scheduling.deciding import check_manager, check_reason, check_step, locked_booking
from scheduling.locks import take_locks
from scheduling.overlap import is_second_use
from scheduling.rules.book import read_entries
from scheduling.rules.persons import NoShow

EARLY = timedelta(minutes=15)


def start(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, version: int | None = None) -> Booking:
    """Start using: from a quarter of an hour before the booked time until its end; one running use per instrument and lane."""
    one = locked_booking(session, booking_id, viewer, version=version)
    _check_user(viewer, one)
    check_step(one, "running")
    if not one.start_at - EARLY <= now < one.end_at:
        raise OutOfOrder(
            Sentence("只能在预约开始前 15 分钟至结束之间开始使用。", "Use can start from 15 minutes before the booked time until its end.")
        )
    one.status, one.started_at, one.changed_at = "running", now, now
    try:
        session.flush()  # the unique index on running uses answers here
    except IntegrityError as error:
        if is_second_use(error):
            raise OutOfOrder(
                Sentence("上一位使用者尚未结束,请先结束其使用。", "Another use of this instrument is still running. Finish it first.")
            ) from error
        raise
    return one


def finish(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, version: int | None = None) -> Booking:
    """Finish using; what is left of the booked time is given back after the clean-up."""
    one = locked_booking(session, booking_id, viewer, version=version)
    _check_user(viewer, one)
    check_step(one, "finished")
    one.status, one.ended_at, one.changed_at = "finished", now, now
    _give_back(one, now + timedelta(minutes=one.instrument.cleanup_minutes))
    return one


def mark_no_show(
    session: Session, booking_id: int, *, viewer: Viewer, now: datetime, reason: str = "", version: int | None = None
) -> Booking:
    """Mark, as its manager, that nobody came; the rest of the time is given back."""
    one = locked_booking(session, booking_id, viewer, version=version)
    check_manager(viewer, one)
    check_step(one, "no_show")
    if now < one.start_at:
        raise OutOfOrder(Sentence("预约尚未开始,不能标记为未到场。", "This booking has not begun; nobody can have missed it."))
    one.reason = check_reason(reason, needed=False)
    _miss(one, now)
    return one


def due_no_shows(session: Session, *, now: datetime, most: int = 500) -> list[Booking]:
    """Release bookings whose instrument's rules say so and whose person did not start in time; give them."""
    rows = session.execute(
        select(Booking.id, Booking.instrument_id, Booking.start_at)
        .where(Booking.status == "confirmed", Booking.start_at <= now, Booking.start_at > now - timedelta(days=14))
        .order_by(Booking.start_at)
        .limit(most)
    ).all()
    graces = _graces(session, {row.instrument_id for row in rows}, now)
    due = [row for row in rows if row.instrument_id in graces and row.start_at + graces[row.instrument_id] <= now]
    take_locks(session, sorted({row.instrument_id for row in due}))
    missed: list[Booking] = []
    for row in due:
        one = booking(session, row.id)
        session.refresh(one)
        if one.status == "confirmed":
            _miss(one, now)
            missed.append(one)
    return missed


def _graces(session: Session, instrument_ids: Iterable[int], now: datetime) -> dict[int, timedelta]:
    graces: dict[int, timedelta] = {}
    for instrument_id, books in rule_book_history(session, instrument_ids).items():
        for entry in read_entries(in_force(books, now)):
            if isinstance(entry.rule, NoShow):
                graces[instrument_id] = timedelta(minutes=entry.rule.after_minutes)
    return graces


def _check_user(viewer: Viewer, one: Booking) -> None:
    if one.person_id != viewer.person_id and not viewer.may_manage(one.instrument):
        raise Forbidden


def _miss(one: Booking, now: datetime) -> None:
    one.status, one.changed_at = "no_show", now
    _give_back(one, now)


def _give_back(one: Booking, until: datetime) -> None:
    """Free the lane from an instant on, if it is held longer; never to nothing, the record keeps a minute."""
    one.occupied_until = min(one.occupied_until, max(until, one.occupied_from + timedelta(minutes=1)))
