"""Shares: amounts split to the fen, without rest."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from instruments.errors import Invalid, Sentence
from instruments.money import FEN
from scheduling.accounting.accounts import NOTHING

WHOLE = Decimal("100.00")


def split_amount(total: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """Split an amount to the fen by percents that make 100: the parts add up to it; left-over fen go where most was cut off.

    >>> split_amount(Decimal("100.00"), [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")])
    [Decimal('33.33'), Decimal('33.33'), Decimal('33.34')]
    """
    sign, fen = (-1, -total) if total < 0 else (1, total)
    exact = [fen * percent / WHOLE for percent in percents]
    parts = [share.quantize(FEN, rounding=ROUND_FLOOR) for share in exact]
    left = int((fen - sum(parts, NOTHING)) / FEN)
    by_rest = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_rest[:left]:
        parts[place] += FEN
    return [sign * part for part in parts]


def check_whole(percents: Sequence[Decimal], field: str = "percent") -> None:
    """Refuse a split that is not 100 %, or has a part of nothing."""
    if any(percent <= 0 for percent in percents) or sum(percents, NOTHING) != WHOLE:
        raise Invalid(field, Sentence("各部分的比例须大于零，合计须为 100%。", "Each part is above zero, and together they make 100 %."))
