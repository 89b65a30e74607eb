"""Surcharges and discounts, in the order of the tariff's list."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from instruments.money import yuan
from scheduling.pricing.extras import Adjustment
from scheduling.pricing.lines import NOTHING, Line
from scheduling.pricing.pieces import Item, Question
from scheduling.pricing.unitwords import PERCENT, TIMES


def adjust(question: Question, items: Sequence[Item]) -> list[Line]:
    """Give the lines of the adjustments that count; together with what they adjust they never fall below 0."""
    lines: list[Line] = []
    applied: set[str] = set()
    for one in question.spec.adjustments:
        if not one.only.is_met(question.use) or applied & set(one.unless):
            continue
        covered = sum((item.line.amount for item in items if _covers(one, item)), NOTHING)
        earlier = sum((line.amount for line in lines), NOTHING)
        line = _line(one, covered + earlier if one.of == "running" else covered)
        least = -(sum((item.line.amount for item in items), NOTHING) + earlier)
        if line.amount < least:
            line = Line(line.code, line.label, Decimal(1), TIMES, least, least)
        if covered or line.amount:
            lines.append(line)
            applied.add(one.code)
    return lines


def _covers(adjustment: Adjustment, item: Item) -> bool:
    return item.part in adjustment.covers and (not adjustment.meters or item.source in adjustment.meters)


def _line(adjustment: Adjustment, base: Decimal) -> Line:
    code = f"adjust:{adjustment.code}"
    if adjustment.percent is not None:
        # The rate of a percentage is what it is taken of, so that quantity x rate / 100 is the amount.
        return Line(code, adjustment.name, adjustment.percent, PERCENT, yuan(base), yuan(base * adjustment.percent / 100))
    amount = yuan(adjustment.amount or Decimal(0))
    return Line(code, adjustment.name, Decimal(1), TIMES, amount, amount)
