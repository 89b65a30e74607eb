"""A use begins and ends: the records behind the desk, the check-in, the sheet and the meters. Callers hold the instrument's lock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from instruments.access import Viewer, audience_of, load_viewer
from instruments.catalogue import Instrument
from instruments.errors import Invalid, OutOfOrder, Refusal, Sentence, Taken
from instruments.people import Person
from scheduling.bookings import Booking
from scheduling.particulars import NOTHING, Particulars, describe
from scheduling.usage import UsageRecord
from scheduling.usageproblems import note_problems
from scheduling.useguards import is_second_record, is_use_overlap
from scheduling.usepolicy import policy_of

STILL_RUNNING = Sentence("上一位使用者尚未结束，请先结束其使用。", "Another use of this instrument is still running. Finish it first.")
OVERLAP = Refusal("use_overlap", Sentence("该时段已有另一条使用记录。", "Somebody else's use is recorded for that time."))
RECORDED = Sentence("该预约已有使用记录。", "This booking has its usage record already.")
FUTURE = Sentence("使用时间不能晚于现在。", "A use cannot lie in the future.")
BACKWARDS = Sentence("结束时间必须晚于开始时间。", "The end must come after the start.")
BLINK = timedelta(microseconds=1)
CLOCK_SLACK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Noted:
    """Where a time comes from: its source, who noted it (None: a device), and when."""

    source: str
    by: int | None
    at: datetime


def user_of(session: Session, person_id: int, viewer: Viewer) -> Viewer:
    """Give the person who uses as a Viewer, with her groups and organisation as they are now."""
    return viewer if person_id == viewer.person_id else load_viewer(session, session.get_one(Person, person_id))


def new_use(instrument: Instrument, user: Viewer, start_at: datetime, noted: Noted, now: datetime) -> UsageRecord:
    """Make a running record, not yet added: how the user stands to the instrument is frozen here."""
    return UsageRecord(
        instrument=instrument, instrument_id=instrument.id, lane=1, person_id=user.person_id, organisation_id=user.organisation_id,
        owner_id=instrument.organisation_id, audience=audience_of(user, instrument),
        is_external=user.organisation_id != instrument.organisation_id,
        start_at=start_at, end_at=None, effective_minutes=None, status="running", occupies=True, quantities={}, options=[],
        start_source=noted.source, start_by=noted.by, start_noted_at=noted.at, end_source="", created_at=now, changed_at=now,
        startup_minutes=0, post_minutes=0, fault_minutes=0, samples=0, runs=0, mode="self", purpose="research", outcome="", project="",
        content="", rating="", comment="", reason="", booking=None, end_by=None, end_noted_at=None,
    )  # fmt: skip


def flush_use(session: Session) -> None:
    """Send the rows to the database at once, so that its refusals are told in our words."""
    try:
        session.flush()
    except IntegrityError as error:
        if is_use_overlap(error):
            raise Taken([OVERLAP]) from error
        if is_second_record(error):
            raise OutOfOrder(RECORDED) from error
        raise


def begin_booked(session: Session, booked: Booking, *, viewer: Viewer, source: str, now: datetime) -> UsageRecord:
    """Begin the use of a booking, in its lane."""
    user = user_of(session, booked.person_id, viewer)
    record = new_use(booked.instrument, user, now, Noted(source, viewer.person_id, now), now)
    record.lane, record.booking, record.group_id, record.mode, record.purpose = (
        booked.lane, booked, booked.group_id, booked.mode, booked.purpose
    )  # fmt: skip
    return begin(session, record, now=now)


def begin(session: Session, record: UsageRecord, *, now: datetime) -> UsageRecord:
    """Add a use that begins; one is still running in the lane: refused."""
    last_end = lane_is_used_until(session, record.instrument_id, record.lane, record.start_at)
    if last_end is not None and last_end <= now + CLOCK_SLACK:
        record.start_at = last_end  # the one before ended within this very moment
    elif last_end is not None:
        raise Taken([OVERLAP])
    session.add(record)
    flush_use(session)
    return record


def lane_is_used_until(session: Session, instrument_id: int, lane: int, at: datetime) -> datetime | None:
    """Say until when a lane is used, if it is used at or after an instant; refused while a use runs in it."""
    row = session.execute(
        select(UsageRecord.end_at)
        .where(
            UsageRecord.instrument_id == instrument_id, UsageRecord.lane == lane, UsageRecord.occupies, UsageRecord.status != "void",
            or_(UsageRecord.end_at.is_(None), UsageRecord.end_at > at),
        )
        .order_by(UsageRecord.start_at.desc())
        .limit(1)
    ).first()  # fmt: skip
    if row is None:
        return None
    if row.end_at is None:
        raise OutOfOrder(STILL_RUNNING)
    until: datetime = row.end_at
    return until


def running_use(session: Session, booking_id: int) -> UsageRecord | None:
    """Find the record of a booking that is running, or None."""
    return session.scalar(select(UsageRecord).where(UsageRecord.booking_id == booking_id, UsageRecord.status == "running"))


def end_booked(
    session: Session, booked: Booking, *, viewer: Viewer, source: str, now: datetime, known: Particulars | None = None
) -> UsageRecord:
    """End the use of a booking at its `ended_at`; one that began before there were records gets its record now."""
    record = running_use(session, booked.id)
    if record is None:
        start_at = booked.started_at or booked.start_at
        record = new_use(booked.instrument, user_of(session, booked.person_id, viewer), start_at, Noted("web", None, start_at), now)
        record.lane, record.booking, record.group_id, record.mode, record.purpose = (
            booked.lane, booked, booked.group_id, booked.mode, booked.purpose
        )  # fmt: skip
        session.add(record)
    return end(session, record, booked.ended_at or now, Noted(source, viewer.person_id, now), now=now, known=known)


def end(
    session: Session, record: UsageRecord, at: datetime, noted: Noted, *, now: datetime, known: Particulars | None = None
) -> UsageRecord:
    """End a use, work out its minutes, and open what does not fit; in the future or before its start is refused."""
    if at > now:
        raise Invalid("end", FUTURE)
    if at <= record.start_at:
        if at < now:
            raise Invalid("end", BACKWARDS)
        at = record.start_at + BLINK  # ended in the moment it began: no minute, but a record
    record.status, record.end_at, record.changed_at = "recorded", at, now
    record.end_source, record.end_by, record.end_noted_at = noted.source, noted.by, noted.at
    known = known or NOTHING
    describe(record, replace(known, project=known.project or record.project))  # said when it began
    flush_use(session)
    note_problems(session, record, policy_of(session, record.owner_id), now)
    return record
