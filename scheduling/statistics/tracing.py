"""From a figure down to what it is made of: the days of a month, and the uses, bookings, closures and charges of a day with their parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.closures import Closure
from instruments.opening import days_around
from instruments.timespan import TimeSpan
from scheduling.accounting.charges import Charge
from scheduling.bookings import Booking
from scheduling.statistics import gathering
from scheduling.statistics.calendar import A_DAY, A_MICROSECOND, Days, instant, local_days
from scheduling.statistics.counting import Plans, count
from scheduling.statistics.figures import DayFigure
from scheduling.statistics.periods import Period
from scheduling.statistics.quantities import SUMMED, Quantities
from scheduling.usage import UsageRecord

MOST_ROWS = 500  # of one kind on one day; a page says so when there are more
MAINTENANCE = "maintenance"
LATE = gathering.LATE * A_MICROSECOND


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of an instrument."""

    on: date
    quantities: Quantities


@dataclass(frozen=True, slots=True)
class UsePart:
    """A use, and the minutes of it that lie on the day; its samples and runs count on the day on which it begins."""

    use: UsageRecord
    used: int
    effective: int
    begins: bool

    @property
    def external(self) -> int:
        """Give the effective minutes for people from outside."""
        return self.effective if self.use.is_external else 0


@dataclass(frozen=True, slots=True)
class BookingPart:
    """A booking, and the minutes of it that lie on the day and count as booked: a cancelled one has none."""

    booking: Booking
    booked: int
    begins: bool


@dataclass(frozen=True, slots=True)
class Trace:
    """What stands behind a day: its figures, the same counted anew from the rows just now, and the rows."""

    on: date
    span: TimeSpan
    figures: Quantities
    recounted: Quantities
    uses: tuple[UsePart, ...]
    repairs: tuple[UsePart, ...]
    bookings: tuple[BookingPart, ...]
    closures: tuple[tuple[Closure, TimeSpan], ...]
    charges: tuple[tuple[Charge, bool], ...]
    more: bool

    @property
    def is_settled(self) -> bool:
        """Say whether the figures are as the rows say; else a change has just been made and is being worked in."""
        return self.figures == self.recounted

    def sum_of_uses(self, name: str) -> int:
        """Add up what the uses shown come to: used, effective, external; uses, samples, runs."""
        if name in ("used", "effective", "external"):
            return sum(getattr(part, name) for part in self.uses)
        begun = [part.use for part in self.uses if part.begins]
        return len(begun) if name == "uses" else sum(getattr(use, name) for use in begun)

    @property
    def income(self) -> Decimal:
        """Add up the charges shown, in yuan."""
        return sum((charge.total or Decimal(0) for charge, _ in self.charges), Decimal(0))


def days_of(session: Session, instrument_id: int, period: Period) -> tuple[Day, ...]:
    """Give all days of a period, with the figures of each; one statement."""
    rows = session.scalars(
        select(DayFigure).where(
            DayFigure.instrument_id == instrument_id, DayFigure.starts_on >= period.first, DayFigure.starts_on < period.until
        )
    )
    found = {row.starts_on: _quantities(row) for row in rows}
    days = (period.until - period.first).days
    return tuple(Day(on, found.get(on, Quantities())) for on in (period.first + A_DAY * number for number in range(days)))


def trace(session: Session, instrument: Instrument, on: date) -> Trace:
    """Give what stands behind one local day of an instrument; a constant number of statements. The caller says who may see it."""
    days = local_days(on, on + A_DAY, instrument.time_zone)
    window = days.window
    row = session.get(DayFigure, (instrument.id, on))
    uses, bookings, charges = (
        _uses(session, instrument, window),
        _bookings(session, instrument, window),
        _charges(session, instrument, window),
    )
    parts = tuple(_part(use, days) for use in uses[:MOST_ROWS])
    (subject,) = gathering.subjects(session, [instrument.id], window)
    return Trace(
        on,
        window,
        _quantities(row) if row is not None else Quantities(),
        _recounted(session, instrument, days, subject),
        tuple(part for part in parts if part.use.mode != MAINTENANCE),
        tuple(part for part in parts if part.use.mode == MAINTENANCE),
        tuple(_booking_part(one, days) for one in bookings[:MOST_ROWS]),
        tuple(subject.closed(window)),
        tuple((one, _is_external(one)) for one in charges[:MOST_ROWS]),
        more=max(len(uses), len(bookings), len(charges)) > MOST_ROWS,
    )


def _quantities(row: DayFigure) -> Quantities:
    return Quantities(**{name: getattr(row, name) for name in SUMMED})


def _recounted(session: Session, instrument: Instrument, days: Days, subject: gathering.Subject) -> Quantities:
    ids, window = [instrument.id], days.window
    counted = count(
        subject, days, Plans(days_around(session, window)), uses=gathering.uses(session, ids, window),
        bookings=gathering.bookings(session, ids, window), charges=gathering.income(session, ids, window),
    )  # fmt: skip
    return Quantities(**dict(zip(SUMMED, counted.days.get(0, [0] * len(SUMMED)), strict=True)))


def _uses(session: Session, instrument: Instrument, window: TimeSpan) -> Sequence[UsageRecord]:
    return session.scalars(
        select(UsageRecord)
        .where(UsageRecord.instrument_id == instrument.id, UsageRecord.start_at < window.end, UsageRecord.end_at > window.start)
        .where(gathering.counts())
        .options(joinedload(UsageRecord.person), joinedload(UsageRecord.organisation))
        .order_by(UsageRecord.start_at, UsageRecord.id)
        .limit(MOST_ROWS + 1)
    ).all()


def _bookings(session: Session, instrument: Instrument, window: TimeSpan) -> Sequence[Booking]:
    """Read the bookings that count as booked, and those cancelled late."""
    late = and_(Booking.status == "cancelled", Booking.changed_at > window.start - LATE)
    return session.scalars(
        select(Booking)
        .where(Booking.instrument_id == instrument.id, Booking.start_at < window.end, Booking.end_at > window.start)
        .where(or_(Booking.status.in_(gathering.KEPT), late))
        .options(joinedload(Booking.person))
        .order_by(Booking.start_at, Booking.id)
        .limit(MOST_ROWS + 1)
    ).all()


def _charges(session: Session, instrument: Instrument, window: TimeSpan) -> Sequence[Charge]:
    return session.scalars(
        select(Charge)
        .where(Charge.instrument_id == instrument.id, Charge.used_at >= window.start, Charge.used_at < window.end)
        .where(Charge.final_at.is_not(None))
        .options(joinedload(Charge.person), joinedload(Charge.usage))
        .order_by(Charge.used_at, Charge.id)
        .limit(MOST_ROWS + 1)
    ).all()


def _part(use: UsageRecord, days: Days) -> UsePart:
    start, end = instant(use.start_at), instant(use.end_at or use.start_at)
    minutes = TimeSpan(use.start_at, use.end_at).minutes if use.end_at else 0
    effective = minutes if use.effective_minutes is None else use.effective_minutes
    used, worked = (sum(part for _, part in days.shares(amount, start, end)) for amount in (minutes, effective))
    return UsePart(use, used, worked, days.index(start) == 0)


def _booking_part(one: Booking, days: Days) -> BookingPart:
    counts = one.status in gathering.KEPT
    minutes = sum(part for _, part in days.minutes(TimeSpan(one.start_at, one.end_at))) if counts else 0
    return BookingPart(one, minutes, counts and days.index(instant(one.start_at)) == 0)


def _is_external(charge: Charge) -> bool:
    """Say whether a charge is for somebody from outside, as gathering.income reads it."""
    if charge.usage is not None:
        return charge.usage.is_external
    return charge.user_organisation_id != charge.organisation_id
