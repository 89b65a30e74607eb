"""Fixed fees, and what tops a meter up to its least amount."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from instruments.errors import Sentence
from instruments.money import yuan
from instruments.timespan import common, minus
from scheduling.pricing.extras import Fee
from scheduling.pricing.lines import total_of
from scheduling.pricing.metering import calendar_days
from scheduling.pricing.meters import Meter
from scheduling.pricing.pieces import Piece, Question, as_items
from scheduling.pricing.unitwords import DAY, TIMES
from scheduling.pricing.use import Use
from scheduling.pricing.values import Part, price_of

ONE = Decimal(1)


def fee_pieces(question: Question) -> list[Piece]:
    """Give the fixed fees that fall due."""
    pieces: list[Piece] = []
    for fee in question.spec.fees:
        price = price_of(fee.prices, question.use.audience, question.use.mode)
        number = _number(fee, question.use)
        if price is not None and number and fee.only.is_met(question.use):
            unit = DAY if fee.on == "day" else TIMES
            rate = question.figure(price)
            pieces.append(Piece("fees", fee.code, f"fee:{fee.code}", fee.name, unit, Decimal(number), ONE, rate))
    return pieces


def top_up(part: Part, meter: Meter, pieces: Sequence[Piece]) -> list[Piece]:
    """Give what is missing from a meter's least amount."""
    # Of the lines as they are rounded, so that the two together are the least amount to the fen.
    missing = yuan(meter.minimum_amount) - total_of(tuple(item.line for item in as_items(pieces)))
    is_free = bool(pieces) and all(piece.rate == 0 for piece in pieces)
    if missing <= 0 or is_free or any(piece.rate is None for piece in pieces):
        return []
    label = Sentence(f"{meter.name.zh}：补足最低收费", f"{meter.name.en}: up to the least amount")
    return [Piece(part, meter.code, f"minimum:{meter.code}", label, TIMES, ONE, ONE, missing, pieces[0].at if pieces else None)]


def _number(fee: Fee, use: Use) -> int:
    """Say how often a fee falls due."""
    if fee.on == "use":
        return 1
    if fee.on == "day":
        span = use.used or use.booked
        return calendar_days([span], use) if span else 0
    if use.booked is None or use.used is None:
        return 0
    if fee.on == "overrun":
        beyond = max(use.used.end - use.booked.end, timedelta())
        return int(beyond > timedelta(minutes=fee.over_minutes) and (use.overrun_was_wanted or not fee.only_if_wanted))
    left = sum((part.duration for part in minus([use.booked], common([use.booked], [use.used]))), timedelta())
    return int(left > timedelta(minutes=fee.over_minutes))
