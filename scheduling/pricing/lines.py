"""What a price is made of: explained lines, each rounded once, and their total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from instruments.errors import Sentence
from instruments.money import yuan

NOTHING = Decimal("0.00")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a price: so much of something at a rate. `code` is stable, such as "rate:hourly", "fee:opening" or "cap:day"."""

    code: str
    label: Sentence
    quantity: Decimal
    unit: Sentence
    rate: Decimal | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Priced:
    """Lines and their total in yuan. Without a total a manager must set the price; low and high then say between what, where known."""

    lines: tuple[Line, ...] = ()
    total: Decimal | None = NOTHING
    low: Decimal | None = None
    high: Decimal | None = None
    notes: tuple[Sentence, ...] = ()


def total_of(lines: tuple[Line, ...]) -> Decimal:
    """Add the amounts of lines."""
    return sum((line.amount for line in lines), NOTHING)


def as_json(priced: Priced) -> dict[str, Any]:
    """Give a price as it is stored: numbers as text, so that nothing is rounded on the way."""
    return {
        "lines": [_line_as_json(line) for line in priced.lines],
        **{key: _text(getattr(priced, key)) for key in ("total", "low", "high")},
        "notes": [_words(note) for note in priced.notes],
    }


def from_json(data: Mapping[str, Any]) -> Priced:
    """Read a price that was stored."""
    return Priced(
        lines=tuple(_line_from_json(line) for line in data["lines"]),
        total=_money(data["total"]),
        low=_money(data["low"]),
        high=_money(data["high"]),
        notes=tuple(Sentence(**note) for note in data["notes"]),
    )


def _line_as_json(line: Line) -> dict[str, Any]:
    return {
        "code": line.code,
        "label": _words(line.label),
        "quantity": str(line.quantity),
        "unit": _words(line.unit),
        "rate": _text(line.rate),
        "amount": str(line.amount),
    }


def _line_from_json(data: Mapping[str, Any]) -> Line:
    label, unit = Sentence(**data["label"]), Sentence(**data["unit"])
    rate = None if data["rate"] is None else Decimal(data["rate"])
    return Line(data["code"], label, Decimal(data["quantity"]), unit, rate, yuan(data["amount"]))


def _words(sentence: Sentence) -> dict[str, str]:
    return {"zh": sentence.zh, "en": sentence.en}


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _money(text: str | None) -> Decimal | None:
    return None if text is None else yuan(text)
