"""Tiers: what the further units of a meter cost, by quantity, by consecutive hours or by hours in a cycle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from instruments.timespan import TimeSpan
from scheduling.pricing.bands import Priceable, at_start, split
from scheduling.pricing.cycles import need_of, window_at
from scheduling.pricing.metering import counted
from scheduling.pricing.meters import Band, Meter
from scheduling.pricing.pieces import Piece, Question, metered
from scheduling.pricing.use import Need, Use
from scheduling.pricing.values import Part, Price

SECONDS = 3600


def time_pieces(question: Question, part: Part, meter: Meter, spans: Sequence[TimeSpan]) -> list[Piece]:
    """Price time: split at bands, then at tiers; where persons or the like multiply it, they multiply the rate."""
    stretches = split(meter, spans, question.use)
    whole = _position(question, meter) + sum((_seconds(span) for span, _, _ in stretches), Decimal(0))
    factor = Decimal(1) if meter.times is None else question.use.quantities.get(meter.times, Decimal(1))
    pieces: list[Piece] = []
    for (span, band, price), position in zip(stretches, _positions(question, meter, stretches), strict=True):
        at = span.start
        for measure, rate in _rates(question, meter, price, position, _seconds(span), whole):
            piece_span = TimeSpan(at, at + timedelta(microseconds=int(measure * 1_000_000)))
            pieces.append(metered(part, meter, band, measure, None if rate is None else rate * factor, piece_span))
            at = piece_span.end
    return pieces


def number_pieces(question: Question, part: Part, meter: Meter) -> list[Piece]:
    """Price what is not time: sessions, calendar days, samples and the like."""
    quantity = counted(meter, question.use)
    band, price = at_start(meter, question.use)
    if not quantity or (price is None and not meter.bands):
        return []
    cut = _rates(question, meter, price, Decimal(0), quantity, quantity)
    return [metered(part, meter, band, measure, rate, None) for measure, rate in cut]


def cycle_need(meter: Meter, use: Use) -> Need | None:
    """Give the hours before this use in the cycle over which a meter's tiers count."""
    if meter.cycle is None or use.starts_at is None:
        return None
    window = window_at(meter.cycle, use.starts_at, use.tz)
    if window.start == use.starts_at:
        return None
    return need_of(meter.cycle, "hours", TimeSpan(window.start, use.starts_at))


def _position(question: Question, meter: Meter) -> Decimal:
    """Give the seconds that count before the first of this use."""
    if meter.tiers_by == "consecutive":
        return Decimal(question.use.consecutive_before_minutes * 60)
    need = cycle_need(meter, question.use)
    return question.history.of(need) * SECONDS if need else Decimal(0)


def _positions(question: Question, meter: Meter, stretches: Sequence[Priceable]) -> Iterator[Decimal]:
    """Give the seconds that count before each stretch; a new run of a band begins anew where tiers go by band."""
    position, end = _position(question, meter), None
    before: Band | None = None
    for span, band, _ in stretches:
        if meter.tiers_by == "band" and (band is not before or span.start != end):
            position = Decimal(question.use.consecutive_before_minutes * 60 if end is None else 0)
        yield position
        position, before, end = position + _seconds(span), band, span.end


def _rates(
    question: Question, meter: Meter, price: Price | None, position: Decimal, measure: Decimal, whole: Decimal
) -> Iterator[tuple[Decimal, Decimal | None]]:
    """Cut a measure at the tiers of its price: (measure, rate), the rate None where only a manager can say."""
    if price is None or not price.tiers:
        yield measure, None if price is None else question.figure(price)
        return
    per = Decimal((meter.minutes or 0) * 60) if meter.is_time else Decimal(1)
    if meter.tiers_style == "whole":
        yield measure, _rate_beyond(price, whole / per)
        return
    edges = [tier.above * per for tier in price.tiers if position < tier.above * per < position + measure]
    for start, end in zip([position, *edges], [*edges, position + measure], strict=True):
        yield end - start, _rate_beyond(price, (start + end) / 2 / per)


def _rate_beyond(price: Price, units: Decimal) -> Decimal | None:
    passed = [tier.amount for tier in price.tiers if units > tier.above]
    return passed[-1] if passed else price.amount


def _seconds(span: TimeSpan) -> Decimal:
    return Decimal(int(span.duration / timedelta(microseconds=1))) / 1_000_000
