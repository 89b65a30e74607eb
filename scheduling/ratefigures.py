"""The figures of history a tariff asks for: hours and yuan a person or group has come to in a cycle, read in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Numeric,
    Select,
    and_,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from instruments.database import is_sqlite
from instruments.money import from_fen
from instruments.tariffs import InstrumentTariff
from scheduling.accounting.charges import Charge
from scheduling.bookingquotes import BookingQuote
from scheduling.bookings import OPEN, Booking
from scheduling.pricing.use import Need
from scheduling.usage import UsageRecord

# A chain of bookings without a pause is looked back on no further.
FARTHEST_CHAIN = timedelta(days=7)
CAME_TRUE = ("confirmed", "running", "finished", "requested")
_LIVE = (Charge.kind == "use", Charge.status != "reversed", Charge.reverses_id.is_(None))


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure that is needed: of whom, on which instrument or, where the need says so, by which tariff.

    Only what begins before the use itself counts, so that of two uses one comes first for both of them; of those that begin at the
    same time the one with the lower id. Without an id it is the last.
    """

    need: Need
    person_id: int
    group_id: int | None
    instrument_id: int
    tariff_id: int
    begins: datetime
    booking_id: int | None = None
    usage_id: int | None = None


def read_figures(session: Session, wanted: Sequence[Figure], *, apart_from: Collection[int] = ()) -> Mapping[Figure, Decimal]:
    """Read figures; one statement however many, none where none is asked for. `apart_from` are bookings that do not count.

    A use counts in the cycle it begins in. Hours are effective ones, of a booking that is still to come its length; yuan are those
    charged, or those a booking was quoted until it is charged.
    """
    parts: list[Select[Any]] = []
    for number, figure in enumerate(wanted):
        if figure.need.what == "hours":
            parts += [_used(figure, number, apart_from), _booked(session, figure, number, apart_from)]
        else:
            parts += [_charged(figure, number, apart_from), _quoted(figure, number, apart_from)]
    if not parts:
        return {}
    sums = [Decimal(0)] * len(wanted)
    for number, amount in session.execute(union_all(*parts)):
        sums[number] += Decimal(str(amount or 0))
    return {
        figure: amount / 60 if figure.need.what == "hours" else from_fen(int(amount)) for figure, amount in zip(wanted, sums, strict=True)
    }


def _whose(figure: Figure, table: Any) -> ColumnElement[bool]:
    if figure.need.per == "group" and figure.group_id is not None:
        return table.group_id == figure.group_id  # type: ignore[no-any-return]  # either table has the column
    return table.person_id == figure.person_id  # type: ignore[no-any-return]


def _within(figure: Figure, table: Any, begun: Any, key: Any, own: int | None) -> list[ColumnElement[bool]]:
    by_tariff = select(InstrumentTariff.instrument_id).where(InstrumentTariff.tariff_id == figure.tariff_id)
    where = table.instrument_id.in_(by_tariff) if figure.need.tariff_wide else table.instrument_id == figure.instrument_id
    earlier = begun <= figure.begins if own is None else or_(begun < figure.begins, and_(begun == figure.begins, key < own))
    return [_whose(figure, table), where, begun >= figure.need.start, begun < figure.need.end, earlier]


def _sum(number: int, amount: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    summed: Any = select(literal(number), func.coalesce(func.sum(cast(amount, Numeric(20, 6))), 0))
    return summed.where(*conditions)  # type: ignore[no-any-return]  # the type of a row is no matter here


def _used(figure: Figure, number: int, apart_from: Collection[int]) -> Select[Any]:
    counts = or_(UsageRecord.booking_id.is_(None), UsageRecord.booking_id.not_in(list(apart_from)))
    within = _within(figure, UsageRecord, UsageRecord.start_at, UsageRecord.id, figure.usage_id)
    return _sum(number, type_coerce(UsageRecord.effective_minutes, Integer), *within, UsageRecord.status != "void", counts)


def _booked(session: Session, figure: Figure, number: int, apart_from: Collection[int]) -> Select[Any]:
    """Add the lengths of bookings from which no use has come yet."""
    if is_sqlite(session):
        length: ColumnElement[Any] = func.round((func.julianday(Booking.end_at) - func.julianday(Booking.start_at)) * 1440, 3)
    else:
        length = extract("epoch", Booking.end_at - Booking.start_at) / 60
    ended = select(UsageRecord.id).where(
        UsageRecord.booking_id == Booking.id, UsageRecord.status != "void", UsageRecord.end_at.is_not(None)
    )
    within = _within(figure, Booking, Booking.start_at, Booking.id, figure.booking_id)
    return _sum(number, length, *within, Booking.status.in_(OPEN), ~ended.exists(), Booking.id.not_in(list(apart_from)))


def _charged(figure: Figure, number: int, apart_from: Collection[int]) -> Select[Any]:
    counts = or_(Charge.booking_id.is_(None), Charge.booking_id.not_in(list(apart_from)))
    within = _within(figure, Charge, Charge.used_at, Charge.usage_id, figure.usage_id)
    return _sum(number, type_coerce(Charge.total, BigInteger), *within, *_LIVE, counts)


def _quoted(figure: Figure, number: int, apart_from: Collection[int]) -> Select[Any]:
    charged = select(Charge.id).where(Charge.booking_id == Booking.id, *_LIVE)
    within = _within(figure, Booking, Booking.start_at, Booking.id, figure.booking_id)
    counts = (Booking.status.in_(CAME_TRUE), ~charged.exists(), Booking.id.not_in(list(apart_from)))
    quoted = _sum(number, type_coerce(BookingQuote.total, BigInteger), *within, *counts)
    return quoted.join_from(BookingQuote, Booking, BookingQuote.booking_id == Booking.id)


def minutes_before(session: Session, instrument_id: int, person_id: int, start: datetime, *, apart_from: Collection[int] = ()) -> int:
    """Give the minutes a person has the instrument without a pause up to an instant, by her bookings; one statement."""
    rows = session.execute(
        select(Booking.start_at, Booking.end_at)
        .where(
            Booking.instrument_id == instrument_id,
            Booking.person_id == person_id,
            Booking.status.in_(CAME_TRUE),
            Booking.end_at <= start,
            Booking.end_at > start - FARTHEST_CHAIN,
            Booking.id.not_in(list(apart_from)),
        )
        .order_by(Booking.end_at.desc())
    ).all()
    since = start
    for begun, ended in rows:
        if ended == since:
            since = begun
    return int((start - since).total_seconds() // 60)
