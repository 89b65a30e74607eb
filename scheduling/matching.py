"""Match what devices saw with what people recorded: agreement makes the record's times the device's, disagreement goes to the problem queue.

An interval without any record makes one where it is known whose it was: the card's holder, or the person of the booking that it meets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.errors import PortalError
from instruments.people import Person
from instruments.timespan import TimeSpan, minus
from scheduling.bookings import Booking
from scheduling.cards import holder_at
from scheduling.desk import note_used
from scheduling.gateways import Device
from scheduling.locks import lock_instruments
from scheduling.particulars import describe, particulars_of
from scheduling.readings import drift_during
from scheduling.switchedon import SILENCE, SwitchedOn
from scheduling.usage import SOURCES, UsageRecord
from scheduling.usageproblems import open_problem, settle_problem
from scheduling.usepolicy import policy_of
from scheduling.using import Noted, end, new_use

SOURCE = {"power": "meter", "card": "card"}
# A use that nobody ended does not hold its readings back for ever.
PATIENCE = timedelta(hours=48)
STRENGTH = list(SOURCES)
MOST_DRIFT = 120  # seconds by which a gateway's clock may be off before its times are not trusted


def match_due(session: Session, *, now: datetime, most: int = 20) -> int:
    """Match intervals that are over, a few at a time, as their instruments are locked meanwhile; give how many."""
    waiting = to_match(session, now=now, most=most)
    lock_instruments(session, {one.device.instrument_id for one in waiting if one.device.instrument_id is not None})
    for one in waiting:
        _match_safely(session, one, now)
    return len(waiting)


def to_match(session: Session, *, now: datetime, most: int) -> Sequence[SwitchedOn]:
    """Give intervals that nobody has matched yet and that wait for nothing: neither for more readings, nor for the end of a running use."""
    runs = select(UsageRecord.id).where(
        UsageRecord.instrument_id == Device.instrument_id, UsageRecord.lane == Device.lane, UsageRecord.status == "running",
        UsageRecord.start_at < SwitchedOn.end_at,
    )  # fmt: skip
    unheard = [and_(Device.kind == kind, SwitchedOn.end_at < now - silence) for kind, silence in SILENCE.items()]
    return session.scalars(
        select(SwitchedOn)
        .join(SwitchedOn.device)
        .options(contains_eager(SwitchedOn.device).joinedload(Device.instrument))
        .where(SwitchedOn.matching == "new", SwitchedOn.end_at < now, Device.instrument_id.is_not(None))
        .where(or_(SwitchedOn.is_closed, *unheard), or_(SwitchedOn.end_at < now - PATIENCE, ~runs.exists()))
        .order_by(SwitchedOn.end_at, SwitchedOn.id)
        .limit(most)
    ).all()


def _match_safely(session: Session, one: SwitchedOn, now: datetime) -> None:
    """Match one interval; one that cannot be recorded goes to the queue, and keeps no other waiting."""
    try:
        with session.begin_nested():
            _match(session, one, now)
    except PortalError as error:
        session.refresh(one)
        detail = _as_detail(one, TimeSpan(one.start_at, one.end_at)) | {"why": str(error.sentence)}
        open_problem(session, "outside_booking", instrument_id=one.device.instrument_id or 0, detail=detail, now=now)
        one.matching = "unmatched"


def _match(session: Session, one: SwitchedOn, now: datetime) -> None:
    instrument = one.device.instrument
    assert instrument is not None  # to_match gives only those of an instrument
    tolerance = timedelta(minutes=policy_of(session, instrument.organisation_id).tolerance_minutes)
    uses = uses_during(session, one)
    if uses:
        for use in uses:
            _compare(session, one, use, tolerance, now)
            _tell_clock(session, one, use, now)
        _tell_rest(session, one, uses, tolerance, now)
        one.matching = "matched"
    else:
        one.matching = "matched" if _record(session, one, instrument, now) else "unmatched"
    session.flush()  # the next interval looks at what this one made


def uses_during(session: Session, one: SwitchedOn) -> Sequence[UsageRecord]:
    """Give the uses of the interval's lane that meet it, in order of time."""
    return session.scalars(
        select(UsageRecord)
        .options(joinedload(UsageRecord.instrument), joinedload(UsageRecord.booking))
        .where(
            UsageRecord.instrument_id == one.device.instrument_id, UsageRecord.lane == one.device.lane, UsageRecord.occupies,
            UsageRecord.status != "void", UsageRecord.start_at < one.end_at,
            or_(UsageRecord.end_at.is_(None), UsageRecord.end_at > one.start_at),
        )
        .order_by(UsageRecord.start_at)
    ).all()  # fmt: skip


def _compare(session: Session, one: SwitchedOn, use: UsageRecord, tolerance: timedelta, now: datetime) -> None:
    """Look whether the device was on all the while somebody says to have used it."""
    if use.span is None:
        return
    dark = [part for part in minus([use.span], _on_spans(session, one.device, use.span)) if part.duration > tolerance]
    if dark:
        minutes = sum(part.minutes for part in dark)
        detail = {"off_minutes": minutes, "source": SOURCE[one.device.kind]}
        open_problem(session, "disagreement", instrument_id=use.instrument_id, usage_id=use.id, detail=detail, now=now)
        return
    settle_problem(session, use.id, "disagreement", "后到的读数与记录一致 / Readings that came later agree with it", now=now)
    if use.status == "recorded":
        _take_times(session, one, use, tolerance, now)


def _on_spans(session: Session, device: Device, window: TimeSpan) -> list[TimeSpan]:
    rows = session.scalars(
        select(SwitchedOn).where(SwitchedOn.device_id == device.id, SwitchedOn.end_at > window.start, SwitchedOn.start_at < window.end)
    )
    return [TimeSpan(row.start_at, row.end_at) for row in rows]


def _take_times(session: Session, one: SwitchedOn, use: UsageRecord, tolerance: timedelta, now: datetime) -> None:
    """Let the device's times stand for those of a weaker source, where both mean the same and nobody else's use is touched."""
    source = SOURCE[one.device.kind]
    before, after = _neighbours(session, use)
    known = particulars_of(use)
    if _is_weaker(use.start_source, source) and abs(use.start_at - one.start_at) <= tolerance and one.start_at >= before:
        use.start_at, use.start_source, use.start_by, use.start_noted_at = one.start_at, source, None, now
    assert use.end_at is not None  # only ended uses are compared
    if one.is_closed and _is_weaker(use.end_source, source) and abs(use.end_at - one.end_at) <= tolerance and one.end_at <= after:
        use.end_at, use.end_source, use.end_by, use.end_noted_at = one.end_at, source, None, now
    describe(use, known)
    use.changed_at = now


def _is_weaker(ours: str, theirs: str) -> bool:
    return STRENGTH.index(ours) > STRENGTH.index(theirs)


def _neighbours(session: Session, use: UsageRecord) -> tuple[datetime, datetime]:
    """Say between which instants the lane is this use's alone."""
    others = (
        UsageRecord.instrument_id == use.instrument_id, UsageRecord.lane == use.lane, UsageRecord.occupies, UsageRecord.status != "void",
        UsageRecord.id != use.id,
    )  # fmt: skip
    far = timedelta(days=3660)
    before = session.scalar(select(func.max(UsageRecord.end_at)).where(*others, UsageRecord.end_at <= use.start_at))
    after = session.scalar(select(func.min(UsageRecord.start_at)).where(*others, UsageRecord.start_at >= use.end_at))
    return before or use.start_at - far, after or use.start_at + far


def _tell_clock(session: Session, one: SwitchedOn, use: UsageRecord, now: datetime) -> None:
    """Put a use into the queue whose device told the time by a clock that was wrong."""
    drift = drift_during(session, one.device_id, one.start_at, one.end_at)
    if drift > MOST_DRIFT and use.status != "confirmed":
        open_problem(session, "clock", instrument_id=use.instrument_id, usage_id=use.id, detail={"drift_seconds": drift}, now=now)


def _tell_rest(session: Session, one: SwitchedOn, uses: Sequence[UsageRecord], tolerance: timedelta, now: datetime) -> None:
    """Put time in which the device was on without any use into the queue: to the use it follows or precedes."""
    for part in minus([TimeSpan(one.start_at, one.end_at)], _spans(uses, now)):
        if part.duration > tolerance:
            use = min(uses, key=lambda use: min(abs(use.start_at - part.end), abs((use.end_at or now) - part.start)))
            detail = _as_detail(one, part)
            open_problem(session, "disagreement", instrument_id=use.instrument_id, usage_id=use.id, detail=detail, now=now)


def _spans(uses: Sequence[UsageRecord], now: datetime) -> Iterator[TimeSpan]:
    for use in uses:
        yield use.span or TimeSpan(use.start_at, max(now, use.start_at + timedelta(minutes=1)))


def _as_detail(one: SwitchedOn, part: TimeSpan) -> dict[str, Any]:
    source = SOURCE[one.device.kind]
    return {"on_from": part.start.isoformat(), "on_until": part.end.isoformat(), "on_minutes": part.minutes, "source": source}


def _record(session: Session, one: SwitchedOn, instrument: Instrument, now: datetime) -> bool:
    """Make the record of an interval that nobody recorded, or put it into the queue where it is not known whose it was."""
    span = TimeSpan(one.start_at, one.end_at)
    holder = holder_at(session, one.card_digest, one.start_at) if one.card_digest else None
    booked = _booking_during(session, one, holder)
    person_id = holder or (booked.person_id if booked is not None else None)
    if person_id is None:
        open_problem(session, "outside_booking", instrument_id=instrument.id, detail=_as_detail(one, span), now=now)
        return False
    noted = Noted(SOURCE[one.device.kind], None, now)
    user = load_viewer(session, session.get_one(Person, person_id))
    made = new_use(instrument, user, span.start, noted, now)
    made.lane = one.device.lane
    if booked is not None:
        made.booking, made.group_id, made.mode, made.purpose = booked, booked.group_id, booked.mode, booked.purpose
        if booked.status == "confirmed":
            note_used(booked, span, now)
    session.add(made)
    end(session, made, span.end, noted, now=now)
    _tell_clock(session, one, made, now)
    return True


def _booking_during(session: Session, one: SwitchedOn, person_id: int | None) -> Booking | None:
    """Find the booking of the lane that the interval meets longest and that has no use recorded."""
    recorded = select(UsageRecord.id).where(UsageRecord.booking_id == Booking.id, UsageRecord.status != "void").exists()
    found = session.scalars(
        select(Booking)
        .options(joinedload(Booking.instrument))
        .where(
            Booking.instrument_id == one.device.instrument_id, Booking.lane == one.device.lane, Booking.status.in_(("confirmed", "finished")),
            Booking.start_at < one.end_at, Booking.end_at > one.start_at, ~recorded,
        )
    )  # fmt: skip
    meeting = [booked for booked in found if person_id is None or booked.person_id == person_id]
    whole = TimeSpan(one.start_at, one.end_at)
    return max(meeting, key=lambda booked: (_common_seconds(booked.span, whole), -booked.id), default=None)


def _common_seconds(left: TimeSpan, right: TimeSpan) -> float:
    part = left.clipped(right)
    return part.duration.total_seconds() if part else 0.0
