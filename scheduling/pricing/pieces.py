"""The pieces of a price before they are summed into lines: so much of a meter at one rate, unrounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from instruments.errors import Sentence
from instruments.money import yuan
from instruments.timespan import TimeSpan
from scheduling.pricing.lines import Line
from scheduling.pricing.meters import Band, Meter
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import unit_words
from scheduling.pricing.use import History, Use
from scheduling.pricing.values import Part, Price

End = Literal["low", "high"]
SIX_PLACES = Decimal("0.000001")
CODES: dict[Part, str] = {"rates": "rate", "options": "option", "fees": "fee"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be priced; `end` says which end of a price range is taken, None that a range has no price yet."""

    spec: TariffSpec
    use: Use
    history: History = field(default_factory=History)
    end: End | None = None

    def figure(self, price: Price) -> Decimal | None:
        """Give the amount of a price, None where only a manager can."""
        if price.kind == "free":
            return Decimal(0)
        if price.kind == "range":
            return {"low": price.low, "high": price.high}[self.end] if self.end else None
        return price.amount


@dataclass(frozen=True, slots=True)
class Piece:
    """So much (measure, in seconds for time) of something at one rate per `per` of it; without a rate only a manager can price it."""

    part: Part
    source: str
    code: str
    label: Sentence
    unit: Sentence
    measure: Decimal
    per: Decimal
    rate: Decimal | None
    at: TimeSpan | None = None

    @property
    def raw(self) -> Decimal:
        """Give the amount, unrounded; 0 where it is not known."""
        return Decimal(0) if self.rate is None else self.rate * self.measure / self.per


@dataclass(frozen=True, slots=True)
class Item:
    """A line with what it belongs to."""

    part: Part | None
    source: str
    line: Line


def metered(part: Part, meter: Meter, band: Band | None, measure: Decimal, rate: Decimal | None, at: TimeSpan | None) -> Piece:
    """Make the piece of a meter, named after meter and band."""
    name = meter.name
    label = name if band is None else Sentence(f"{name.zh}（{band.name.zh}）", f"{name.en} ({band.name.en})")
    code = ":".join([CODES[part], meter.code, *([band.code] if band else [])])
    per = Decimal((meter.minutes or 0) * 60) if meter.is_time else Decimal(1)
    return Piece(part, meter.code, code, label, unit_words(meter), measure, per, rate, at)


def raw_sum(pieces: Iterable[Piece]) -> Decimal:
    """Add unrounded amounts."""
    return sum((piece.raw for piece in pieces), Decimal(0))


def as_items(pieces: Sequence[Piece]) -> list[Item]:
    """Sum pieces of one thing at one rate into lines, each rounded once, in the order they first come."""
    groups: dict[tuple[str, Decimal | None, Decimal], list[Piece]] = {}
    for piece in pieces:
        groups.setdefault((piece.code, piece.rate, piece.per), []).append(piece)
    return [_item(group) for group in groups.values()]


def _item(group: Sequence[Piece]) -> Item:
    first, measure = group[0], sum((piece.measure for piece in group), Decimal(0))
    amount = yuan(Decimal(0) if first.rate is None else first.rate * measure / first.per)
    quantity = (measure / first.per).quantize(SIX_PLACES).normalize() + 0
    return Item(first.part, first.source, Line(first.code, first.label, quantity, first.unit, first.rate, amount))
