"""Money: Decimal yuan with two places in Python, integer fen in the database, rounded in one place."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from instruments.errors import Invalid, Sentence

FEN = Decimal("0.01")
MOST = Decimal("9999999999999.99")


def yuan(value: Decimal | int | str, field: str = "amount") -> Decimal:
    """Read an amount as Decimal yuan with two places, half up; refuse what is no finite, sensible number."""
    try:
        amount = Decimal(value)
        if not amount.is_finite() or abs(amount) > MOST:
            raise InvalidOperation
        return amount.quantize(FEN, rounding=ROUND_HALF_UP)
    except (InvalidOperation, ValueError, TypeError) as error:
        raise Invalid(field, Sentence("金额必须是一个数，例如 120.00。", "An amount must be a number such as 120.00.")) from error


def in_fen(amount: Decimal) -> int:
    """Give an amount as whole fen."""
    return int((yuan(amount) * 100).to_integral_value())


def from_fen(fen: int) -> Decimal:
    """Give whole fen as Decimal yuan."""
    return Decimal(fen) * FEN
