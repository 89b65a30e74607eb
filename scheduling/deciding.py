"""Decide on requests: approve, decline, and let lapse what nobody decided in time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Changed, Forbidden, Invalid, OutOfOrder, Sentence, Taken
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from scheduling.accounting.holds import release
from scheduling.bookings import STATUSES, STEPS, Booking, booking, holding, seen_booking
from scheduling.cases import TAKEN, free_lane
from scheduling.locks import lock_instruments, take_locks
from scheduling.reserving import flush_holding


def locked_booking(session: Session, booking_id: int, viewer: Viewer, *, version: int | None = None) -> Booking:
    """Lock a booking's instrument and read the booking as it now is; a version other than the one the person saw is told as a change."""
    seen = seen_booking(session, booking_id, viewer)
    lock_instruments(session, [seen.instrument_id])
    session.refresh(seen)
    if version is not None and seen.version != version:
        status = STATUSES[seen.status]
        raise Changed(
            Sentence(
                f"该预约已被他人更改，现为“{status.zh}”。请刷新后重试。",
                f"Somebody changed this booking meanwhile; it is now: {status.en.lower()}. Reload and try again.",
            ),
            {"status": (seen.status, None), "start": (seen.start_at, None), "end": (seen.end_at, None)},
        )
    return seen


def check_step(one: Booking, target: str) -> None:
    """Refuse a step that does not follow from the state the booking is in."""
    if target not in STEPS.get(one.status, frozenset()):
        now, then = STATUSES[one.status], STATUSES[target]
        raise OutOfOrder(
            Sentence(
                f"该预约目前为“{now.zh}”，不能变为“{then.zh}”。", f"This booking is {now.en.lower()}; it cannot become {then.en.lower()}."
            )
        )


def check_manager(viewer: Viewer, one: Booking) -> None:
    """Refuse whoever does not manage the instrument; to people who may not see the booking it is not there."""
    if not viewer.may_manage(one.instrument):
        raise Forbidden


def check_reason(reason: str, *, needed: bool) -> str:
    """Read a reason or note; some steps need one."""
    reason = reason.strip()
    if needed and not reason:
        raise Invalid("reason", Sentence("请填写原因，对方会看到。", "Please give a reason; the other side will read it."))
    if len(reason) > 500:
        raise Invalid("reason", Sentence("原因不超过 500 字。", "A reason has at most 500 characters."))
    return reason


def approve(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, note: str = "", version: int | None = None) -> Booking:
    """Approve a request. One that did not hold its slot finds a lane now, or is told that the time is taken."""
    one = locked_booking(session, booking_id, viewer, version=version)
    check_manager(viewer, one)
    check_step(one, "confirmed")
    if one.end_at <= now:
        raise OutOfOrder(Sentence("申请的时段已过，不能再批准。", "The time asked for has passed; it cannot be approved any more."))
    if not one.holds:
        one.lane = _lane_now(session, one)
    one.status, one.holds, one.reason, one.expires_at = "confirmed", True, check_reason(note, needed=False), None
    one.decided_by, one.decided_at, one.changed_at = viewer.person_id, now, now
    flush_holding(session)
    return one


def _lane_now(session: Session, one: Booking) -> int:
    schedule = schedule_of(one.instrument)
    held: dict[int, list[TimeSpan]] = {}
    for _, lane, span in holding(session, [one.instrument_id], one.occupied, apart_from=[one.id]):
        held.setdefault(lane, []).append(span)
    found = free_lane(schedule.lanes, one.occupied, held)
    if found is None:
        raise Taken([TAKEN])
    return found


def decline(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, reason: str, version: int | None = None) -> Booking:
    """Decline a request, with a reason."""
    one = locked_booking(session, booking_id, viewer, version=version)
    check_manager(viewer, one)
    check_step(one, "declined")
    one.status, one.holds, one.reason, one.expires_at = "declined", False, check_reason(reason, needed=True), None
    one.decided_by, one.decided_at, one.changed_at = viewer.person_id, now, now
    release(session, [one.id], now=now)
    return one


def expire_requests(session: Session, *, now: datetime, most: int = 200) -> list[Booking]:
    """Let requests lapse that nobody decided in time; give them."""
    due = session.execute(
        select(Booking.id, Booking.instrument_id)
        .where(Booking.status == "requested", Booking.expires_at <= now)
        .order_by(Booking.id)
        .limit(most)
    ).all()
    take_locks(session, sorted({row.instrument_id for row in due}))
    lapsed: list[Booking] = []
    for row in due:
        one = booking(session, row.id)
        session.refresh(one)
        if one.status == "requested" and one.expires_at is not None and one.expires_at <= now:
            one.status, one.holds, one.changed_at = "expired", False, now
            lapsed.append(one)
    release(session, [one.id for one in lapsed], now=now)
    return lapsed
