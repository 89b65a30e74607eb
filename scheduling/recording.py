"""Record a use that is over: the manager's entry, a sample service, a row of a back-fill sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence, Taken
from instruments.people import Person
from instruments.timespan import TimeSpan
from scheduling.bookings import LONGEST, Booking
from scheduling.desk import note_used
from scheduling.locks import lock_instruments
from scheduling.particulars import NOTHING, Particulars
from scheduling.usage import MODES, PURPOSES, UsageRecord
from scheduling.usepolicy import policy_of
from scheduling.using import FUTURE, OVERLAP, RECORDED, Noted, end, new_use, user_of


@dataclass(frozen=True, slots=True)
class UseEntry:
    """A use as somebody writes it down. No lane: the lowest that was free; no booking: the person's own at that time, if there is one.

    A sample service does not occupy the instrument unless it is said to.
    """

    person_id: int
    span: TimeSpan
    mode: str = "self"
    purpose: str = "research"
    group_id: int | None = None
    lane: int | None = None
    booking_id: int | None = None
    operator_id: int | None = None
    occupies: bool | None = None
    known: Particulars = NOTHING


def record_use(
    session: Session, instrument_id: int, entry: UseEntry, *, viewer: Viewer, now: datetime, source: str = "manager"
) -> UsageRecord:
    """Record a use that is over, as the instrument's manager; refused before the back-fill period, in the future, or over another use."""
    (instrument,) = lock_instruments(session, [instrument_id])
    check_recorder(instrument, viewer)
    check_entry(session, entry)
    check_when(entry.span, policy_of(session, instrument.organisation_id).backfill_days, now)
    record = _record_of(session, instrument, entry, viewer, source, now)
    _check_twice(session, record, entry.span)
    session.add(record)
    known = entry.known
    return end(session, record, entry.span.end, Noted(source, viewer.person_id, now), now=now, known=known)


def check_recorder(instrument: Instrument, viewer: Viewer) -> None:
    """Refuse whoever does not manage the instrument; who may not even see it does not learn of it."""
    if viewer.may_manage(instrument):
        return
    raise Forbidden if viewer.may_see(instrument) and not viewer.is_anonymous else NotFound


def check_entry(session: Session, entry: UseEntry) -> None:
    """Refuse words that mean nothing, people and groups that do not belong together, and a sample service without samples."""
    if entry.mode not in MODES:
        raise Invalid("mode", Sentence("请选择使用方式。", "Choose how it was used."))
    if entry.purpose not in PURPOSES:
        raise Invalid("purpose", Sentence("请选择用途。", "Choose what it was for."))
    if session.get(Person, entry.person_id) is None:
        raise Invalid("person", Sentence("没有这位使用者。", "There is no such person."))
    if entry.operator_id is not None and session.get(Person, entry.operator_id) is None:
        raise Invalid("operator", Sentence("没有这位操作人。", "There is no such operator."))
    if entry.mode == "sample" and not entry.known.samples and not entry.known.quantities:
        raise Invalid("samples", Sentence("请填写送样数量。", "Say how many samples it was."))


def check_when(span: TimeSpan, backfill_days: int, now: datetime) -> None:
    """Refuse the future, what lies before the back-fill period, and what lasted too long to be one use."""
    if span.end > now:
        raise Invalid("end", FUTURE)
    if span.start < now - timedelta(days=backfill_days):
        words = Sentence(f"只能补录 {backfill_days} 天以内的使用。", f"Only uses of the last {backfill_days} days can still be recorded.")
        raise Invalid("start", words)
    if span.duration > LONGEST:
        raise Invalid("end", Sentence(f"一次使用最长 {LONGEST.days} 天。", f"A use lasts {LONGEST.days} days at most."))


def _record_of(session: Session, instrument: Instrument, entry: UseEntry, viewer: Viewer, source: str, now: datetime) -> UsageRecord:
    user = user_of(session, entry.person_id, viewer)
    booked = _booked(session, instrument, entry)
    group_id = entry.group_id if entry.group_id is not None or booked is None else booked.group_id
    check_group(user, group_id, booked)
    record = new_use(instrument, user, entry.span.start, Noted(source, viewer.person_id, now), now)
    record.occupies = entry.mode != "sample" if entry.occupies is None else entry.occupies
    record.mode, record.purpose, record.group_id, record.operator_id = entry.mode, entry.purpose, group_id, entry.operator_id
    record.booking = booked
    record.lane = (
        lane_for(session, instrument, entry.lane if entry.lane is not None or booked is None else booked.lane, entry.span)
        if record.occupies
        else 1
    )
    if booked is not None and booked.status == "confirmed":
        note_used(booked, entry.span, now)
    return record


def check_group(user: Viewer, group_id: int | None, booked: Booking | None = None) -> None:
    """Refuse a group the user is not in, unless she booked for it when she was."""
    if group_id is not None and group_id not in user.group_ids and (booked is None or booked.group_id != group_id):
        raise Invalid("group", Sentence("使用者不是该课题组的成员。", "The user is not a member of this group."))


def _booked(session: Session, instrument: Instrument, entry: UseEntry) -> Booking | None:
    """Give the booking named, or the one of the person at that time that nobody has recorded a use for."""
    if entry.booking_id is not None:
        found = session.get(Booking, entry.booking_id)
        if found is None or found.instrument_id != instrument.id or found.person_id != entry.person_id:
            raise Invalid("booking", Sentence("没有该使用者的这个预约。", "This person has no such booking."))
        if found.status not in ("confirmed", "finished"):
            raise OutOfOrder(Sentence("该预约不能登记使用。", "No use can be recorded for this booking as it is now."))
        if recorded(session, found.id):
            raise OutOfOrder(RECORDED)
        return found
    if entry.mode == "sample":
        return None
    has_record = exists().where(UsageRecord.booking_id == Booking.id, UsageRecord.status != "void")
    return session.scalar(
        select(Booking)
        .where(
            Booking.instrument_id == instrument.id, Booking.person_id == entry.person_id, Booking.status.in_(("confirmed", "finished")),
            Booking.start_at < entry.span.end, Booking.end_at > entry.span.start, ~has_record,
        )
        .order_by(Booking.start_at)
        .limit(1)
    )  # fmt: skip


def recorded(session: Session, booking_id: int) -> bool:
    """Say whether a booking has its usage record."""
    return session.scalar(select(UsageRecord.id).where(UsageRecord.booking_id == booking_id, UsageRecord.status != "void")) is not None


def lane_for(session: Session, instrument: Instrument, wanted: int | None, span: TimeSpan, *, apart_from: int | None = None) -> int:
    """Give the lane wanted, or the lowest in which nobody's use lies over the span; none: taken."""
    if wanted is not None and not 1 <= wanted <= instrument.lanes:
        raise Invalid("lane", Sentence("没有这个机位。", "There is no such place."))
    taken = set(
        session.scalars(
            select(UsageRecord.lane).where(
                UsageRecord.instrument_id == instrument.id, UsageRecord.occupies, UsageRecord.status != "void", UsageRecord.id != (apart_from or 0),
                UsageRecord.start_at < span.end, or_(UsageRecord.end_at.is_(None), UsageRecord.end_at > span.start),
            )
        )
    )  # fmt: skip
    lanes: Iterable[int] = range(1, instrument.lanes + 1) if wanted is None else (wanted,)
    free = next((lane for lane in lanes if lane not in taken), None)
    if free is None:
        raise Taken([OVERLAP])
    return free


def _check_twice(session: Session, record: UsageRecord, span: TimeSpan) -> None:
    """Refuse what stands there already word for word; services beside one another differ in something."""
    if record.occupies:
        return  # the lane answers
    same = select(UsageRecord.id).where(
        UsageRecord.instrument_id == record.instrument_id, UsageRecord.person_id == record.person_id, UsageRecord.mode == record.mode,
        UsageRecord.start_at == span.start, UsageRecord.end_at == span.end, UsageRecord.status != "void",
    )  # fmt: skip
    if session.scalar(same.limit(1)) is not None:
        raise OutOfOrder(Sentence("该服务已登记过。", "This service has been recorded already."))
