"""Check in and out at the instrument, with a booking or by walking on: on the web, by its QR code, or by the manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Refusal, Refused, Sentence, Taken
from instruments.people import Person
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking, holding
from scheduling.cases import TAKEN, gather
from scheduling.desk import EARLY, finish, start
from scheduling.locks import lock_instruments
from scheduling.particulars import Particulars
from scheduling.recording import check_group
from scheduling.reserving import Wish, check_wish
from scheduling.usage import UsageRecord, locked_use
from scheduling.usepolicy import policy_of
from scheduling.using import STILL_RUNNING, Noted, begin, end, new_use, running_use, user_of

# Rules about how a booking is made say nothing about who stands at the instrument already.
OF_BOOKING = frozenset({"notice", "horizon", "shortest", "time_grid", "past"})
BOOK_FIRST = Refusal("book_first", Sentence("该仪器须先预约再使用。", "Book this instrument before you use it."))
ASK_FIRST = Refusal(
    "ask_first", Sentence("使用该仪器须经管理员同意，请先预约。", "This instrument needs its manager's approval. Please book it.")
)


@dataclass(frozen=True, slots=True)
class WalkOn:
    """What a person says who uses an instrument without a booking; person None is the viewer herself."""

    person_id: int | None = None
    mode: str = "self"
    purpose: str = "research"
    group_id: int | None = None
    project: str = ""


def check_in(
    session: Session, instrument_id: int, *, viewer: Viewer, source: str, now: datetime, booking_id: int | None = None, walk_on: WalkOn | None = None
) -> UsageRecord:  # fmt: skip
    """Begin a use: that of the booking named or due, or else a walk-on, which obeys the rules that a booking at this time would."""
    (instrument,) = lock_instruments(session, [instrument_id])
    if viewer.is_anonymous or not viewer.may_see(instrument):
        raise NotFound
    wanted = walk_on or WalkOn()
    user_id = wanted.person_id or viewer.person_id
    if user_id != viewer.person_id and not viewer.may_manage(instrument):
        raise Forbidden
    due = booking_id or booking_due(session, instrument_id, user_id, now)
    if due is not None:
        return _start_booked(session, instrument, due, viewer, source, now)
    return _walk_on(session, instrument, user_id, wanted, viewer, source, now)


def booking_due(session: Session, instrument_id: int, person_id: int, now: datetime) -> int | None:
    """Find the person's confirmed booking that may be started now; give its id."""
    return session.scalar(
        select(Booking.id)
        .where(
            Booking.instrument_id == instrument_id, Booking.person_id == person_id, Booking.status == "confirmed",
            Booking.start_at <= now + EARLY, Booking.end_at > now,
        )
        .order_by(Booking.start_at)
        .limit(1)
    )  # fmt: skip


def _start_booked(session: Session, instrument: Instrument, booking_id: int, viewer: Viewer, source: str, now: datetime) -> UsageRecord:
    one = start(session, booking_id, viewer=viewer, now=now, source=source)
    if one.instrument_id != instrument.id:
        raise Invalid("booking", Sentence("这个预约属于另一台仪器。", "This booking is for another instrument."))
    record = running_use(session, one.id)
    assert record is not None  # start has just made it
    return record


def _walk_on(
    session: Session, instrument: Instrument, user_id: int, wanted: WalkOn, viewer: Viewer, source: str, now: datetime
) -> UsageRecord:
    person = session.get(Person, user_id)
    if person is None or person.status != "active":
        raise Invalid("person", Sentence("没有这位使用者。", "There is no such person."))
    span = TimeSpan(now, now + timedelta(minutes=instrument.step_minutes))
    wish = Wish((instrument.id,), span, wanted.mode, wanted.purpose, wanted.group_id)
    user = user_of(session, user_id, viewer)
    check_wish(wish, user, now)
    if len(wanted.project) > 200 or "\x00" in wanted.project:
        raise Invalid("project", Sentence("项目不超过 200 字。", "A project has at most 200 characters."))
    check_group(user, wanted.group_id)
    manages = viewer.may_manage(instrument)
    if not manages:
        check_rules(session, instrument, wish, viewer, now)
    record = new_use(instrument, user, now, Noted("manager" if user_id != viewer.person_id else source, viewer.person_id, now), now)
    record.lane = _lane_now(session, instrument, span, now, past_bookings=manages)
    record.mode, record.purpose, record.group_id, record.project = (
        wanted.mode,
        wanted.purpose,
        wanted.group_id,
        wanted.project.strip(),
    )
    return begin(session, record, now=now)


def check_rules(session: Session, instrument: Instrument, wish: Wish, viewer: Viewer, now: datetime) -> None:
    """Refuse a walk-on where the organisation wants bookings, or where the rules would refuse a booking at this time."""
    if not policy_of(session, instrument.organisation_id).walk_on:
        raise Refused([BOOK_FIRST])
    (case,) = gather(session, wish, [instrument], viewer=viewer, now=now)
    refusals = [refusal for refusal in case.refusals if refusal.code not in OF_BOOKING and refusal != TAKEN]
    if any(reason.code not in OF_BOOKING for reason in case.judgement.approvals):
        refusals.append(ASK_FIRST)
    if refusals:
        raise Refused(refusals)


def _lane_now(session: Session, instrument: Instrument, span: TimeSpan, now: datetime, *, past_bookings: bool) -> int:
    """Give the lowest lane that is neither used nor booked now; a manager may also give away one that is only booked."""
    lanes = range(1, instrument.lanes + 1)
    used = running_lanes(session, instrument.id)
    booked = {lane for _, lane, held in holding(session, [instrument.id], span) if held.has(now)}
    free = [lane for lane in lanes if lane not in used and lane not in booked]
    if not free and past_bookings:
        free = [lane for lane in lanes if lane not in used]
    if free:
        return free[0]
    if len(used) >= instrument.lanes:
        raise OutOfOrder(STILL_RUNNING)
    raise Taken([TAKEN])


def running_lanes(session: Session, instrument_id: int) -> Mapping[int, int]:
    """Give the lanes in use now, with the id of the use."""
    rows = session.execute(
        select(UsageRecord.lane, UsageRecord.id).where(UsageRecord.instrument_id == instrument_id, UsageRecord.status == "running")
    )
    return {row.lane: row.id for row in rows}


def check_out(
    session: Session, usage_id: int, *, viewer: Viewer, source: str, now: datetime, ended_at: datetime | None = None,
    known: Particulars | None = None, version: int | None = None,
) -> UsageRecord:  # fmt: skip
    """End a running use, as the user or the instrument's manager; the manager may say that it ended earlier. The booking ends with it."""
    one = locked_use(session, usage_id, viewer, version=version)
    manages = viewer.may_manage(one.instrument)
    if (one.person_id != viewer.person_id and not manages) or (ended_at is not None and not manages):
        raise Forbidden
    if one.status != "running":
        raise OutOfOrder(Sentence("该使用已经结束。", "This use has ended already."))
    told = "manager" if ended_at is not None or one.person_id != viewer.person_id else source
    if one.booking is not None and one.booking.status == "running":
        finish(session, one.booking.id, viewer=viewer, now=now, source=told, ended_at=ended_at, known=known)
        return one
    return end(session, one, ended_at or now, Noted(told, viewer.person_id, now), now=now, known=known)
