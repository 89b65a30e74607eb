"""The raw rows that statistics rest on, read for some instruments and a window, as light as they come; one statement a kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import Session

from instruments.bulk import read_rows
from instruments.catalogue import Instrument, PublicationPhase
from instruments.closures import Closure, closure_spans, closures_in
from instruments.database import is_sqlite
from instruments.lanes import lane_counts
from instruments.opening import Plan, plans_of
from instruments.standing import Facilities, past_facilities, times_in
from instruments.timespan import TimeSpan, common
from scheduling.accounting.charges import Charge
from scheduling.bookings import REACH, Booking
from scheduling.statistics.calendar import A_MINUTE
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem

COUNTING = ("recorded", "confirmed")
KEPT = ("confirmed", "running", "finished", "no_show")
LATE = 24 * 60 * A_MINUTE  # a cancellation with less notice than this cannot be made good any more
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Subject:
    """An instrument as statistics see it: its schedule, and what is known of its past."""

    id: int
    facility_id: int | None
    time_zone: str
    lanes: int
    published_at: datetime | None
    plans: tuple[Plan, ...]
    closures: tuple[Closure, ...]
    phases: tuple[tuple[datetime, str], ...]
    lane_counts: tuple[tuple[date, int], ...]
    past: Facilities = ()

    def closed(self, window: TimeSpan) -> Iterator[tuple[Closure, TimeSpan]]:
        """Give the times within a window at which it was closed; by a facility only while it belonged there."""
        for one in self.closures:
            spans = closure_spans(one, window)
            if self.past and one.facility_id is not None:
                spans = common(spans, times_in(one.facility_id, self.past, self.facility_id, window))
            yield from ((one, span) for span in spans)


def counts() -> Any:
    """Give the SQL condition on UsageRecord for uses that count: over, not void, and nothing about them waiting in the problem queue."""
    waits = exists().where(UsageProblem.usage_id == UsageRecord.id, UsageProblem.resolved_at.is_(None))
    return and_(UsageRecord.status.in_(COUNTING), ~waits)


def does_count(one: UsageRecord) -> bool:
    """Say whether a use counts as one, if nothing about it waits in the problem queue."""
    return one.status in COUNTING and one.mode != "maintenance"


def subjects(session: Session, ids: Collection[int], window: TimeSpan) -> list[Subject]:
    """Read instruments with their hours, closures, phases, places, and the facilities they belonged to."""
    rows = session.execute(
        select(Instrument.id, Instrument.facility_id, Instrument.time_zone, Instrument.lanes, Instrument.published_at)
        .where(Instrument.id.in_(ids))
        .order_by(Instrument.id)
    ).all()
    plans, lanes, phases = plans_of(session, ids), lane_counts(session, ids), _phases(session, ids)
    past = past_facilities(session, ids)
    former = {one: [facility_id for until, facility_id in some if facility_id and until > window.start] for one, some in past.items()}
    closures = closures_in(session, rows, window, former=former)
    return [
        Subject(
            *row, tuple(plans.get(row.id, ())), tuple(closures.get(row.id, ())), tuple(phases.get(row.id, ())), tuple(lanes.get(row.id, ())),
            past.get(row.id, ()),
        )
        for row in rows
    ]  # fmt: skip


def _phases(session: Session, ids: Collection[int]) -> dict[int, list[tuple[datetime, str]]]:
    rows = session.execute(
        select(PublicationPhase.instrument_id, PublicationPhase.at, PublicationPhase.publication)
        .where(PublicationPhase.instrument_id.in_(ids))
        .order_by(PublicationPhase.instrument_id, PublicationPhase.at, PublicationPhase.id)
    )
    found: dict[int, list[tuple[datetime, str]]] = {}
    for instrument_id, at, publication in rows:
        found.setdefault(instrument_id, []).append((at, publication))
    return found


def uses(session: Session, ids: Collection[int], window: TimeSpan) -> Rows:
    """Read the uses that count and meet the window: instrument, start, end, effective minutes or None, how it was, what came of it, whose it was."""
    return read_rows(
        session,
        select(
            UsageRecord.instrument_id, _instant(session, UsageRecord.start_at), _instant(session, UsageRecord.end_at),
            UsageRecord.effective_minutes, UsageRecord.audience, UsageRecord.is_external, UsageRecord.mode, UsageRecord.purpose,
            UsageRecord.samples, UsageRecord.runs, UsageRecord.rating, UsageRecord.person_id, UsageRecord.organisation_id,
        )
        .where(UsageRecord.instrument_id.in_(ids), UsageRecord.start_at < window.end, UsageRecord.end_at > window.start)
        .where(counts())
    )  # fmt: skip


def bookings(session: Session, ids: Collection[int], window: TimeSpan) -> Rows:
    """Read the bookings that hold or held, and those cancelled too late to be made good: instrument, lane, start, end, status."""
    late = and_(Booking.status == "cancelled", _instant(session, Booking.changed_at) > _instant(session, Booking.start_at) - LATE)
    return read_rows(
        session,
        select(
            Booking.instrument_id, Booking.lane, _instant(session, Booking.start_at), _instant(session, Booking.end_at), Booking.status,
        )
        .where(Booking.instrument_id.in_(ids), Booking.start_at < window.end, Booking.end_at > window.start)
        .where(Booking.start_at > window.start - REACH, or_(Booking.status.in_(KEPT), late))
    )  # fmt: skip


def income(session: Session, ids: Collection[int], window: TimeSpan) -> Rows:
    """Read the charges on the books, reversals included, each with how its use was: instrument, time of use, fen, audience, external, mode, purpose."""
    outside = case((Charge.usage_id.is_not(None), UsageRecord.is_external), else_=_from_outside())
    return read_rows(
        session,
        select(
            Charge.instrument_id, _instant(session, Charge.used_at), Charge.total,
            func.coalesce(UsageRecord.audience, Booking.audience, case((_from_outside(), "other"), else_="internal")), outside,
            func.coalesce(UsageRecord.mode, Booking.mode, "self"), func.coalesce(UsageRecord.purpose, Booking.purpose, "other"),
        )
        .outerjoin(UsageRecord, Charge.usage_id == UsageRecord.id)
        .outerjoin(Booking, Charge.booking_id == Booking.id)
        .where(Charge.instrument_id.in_(ids), Charge.used_at >= window.start, Charge.used_at < window.end)
        .where(Charge.final_at.is_not(None), Charge.total.is_not(None))
    )  # fmt: skip


def _instant(session: Session, column: Any) -> Any:
    """Give a time as calendar.instant does."""
    if is_sqlite(session):
        return func.unixepoch(column, type_=BigInteger) * 1_000_000 + cast(func.substr(column, 21), Integer)
    return cast(func.extract("epoch", column) * 1_000_000, BigInteger)


def _from_outside() -> Any:
    return or_(Charge.user_organisation_id.is_(None), Charge.user_organisation_id != Charge.organisation_id)
