"""The small values a tariff is made of: amounts, prices by audience and mode, conditions, seasons, cycles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from instruments.errors import Sentence
from scheduling.pricing.use import Use
from scheduling.rules.base import Audience, Strict

PriceMode = Literal["self", "assisted", "remote", "teaching", "training", "maintenance", "sample"]
Purpose = Literal["research", "development", "teaching", "other"]
Part = Literal["rates", "options", "fees"]


def wrong(sentence: Sentence) -> PydanticCustomError:
    """Make a refusal that keeps its place in the tariff and both languages."""
    return PydanticCustomError("tariff", "{en}", {"zh": sentence.zh, "en": sentence.en})


def _plain(value: Decimal) -> Decimal:
    return value if value else Decimal(0)  # -0 is a number too, and would be shown


Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4, allow_inf_nan=False), AfterValidator(_plain)]
Signed = Annotated[Decimal, Field(max_digits=12, decimal_places=4, allow_inf_nan=False), AfterValidator(_plain)]
Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=7, decimal_places=4, allow_inf_nan=False), AfterValidator(_plain)]
Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
Words = Annotated[str, Field(max_length=80)]


class Tier(Strict):
    """From more than so many units on, each costs this instead."""

    above: Amount
    amount: Amount


class Price(Strict):
    """What one unit costs these audiences in these modes; without any it is the price of everybody not named elsewhere."""

    audiences: tuple[Audience, ...] = Field(default=(), max_length=5)
    modes: tuple[PriceMode, ...] = Field(default=(), max_length=7)
    kind: Literal["amount", "free", "range", "request"] = "amount"
    amount: Amount | None = None
    low: Amount | None = None
    high: Amount | None = None
    tiers: tuple[Tier, ...] = Field(default=(), max_length=20)

    @model_validator(mode="after")
    def _complete(self) -> Price:
        if (self.kind == "amount") != (self.amount is not None):
            raise wrong(
                Sentence("请填写价格；“免费”“面议”和区间价不填单价。", "Give an amount, or say free, a range or on request, and not both.")
            )
        if (self.kind == "range") != (self.low is not None and self.high is not None) or (self.low or 0) > (self.high or 0):
            raise wrong(
                Sentence("价格区间须有下限和上限，且下限不高于上限。", "A range needs a lowest and a highest amount, in this order.")
            )
        if self.tiers and self.kind != "amount":
            raise wrong(Sentence("只有定价可以分档。", "Only a price with an amount can have tiers."))
        if any(after.above <= before.above for before, after in zip(self.tiers, self.tiers[1:], strict=False)):
            raise wrong(Sentence("各档的起点必须从小到大，且不重复。", "Tiers must begin at rising quantities, none twice."))
        return self

    @property
    def weight(self) -> int:
        """Say how closely it names its users: by neither, one or both of audience and mode."""
        return bool(self.audiences) + bool(self.modes)

    def means(self, audience: str, mode: str) -> bool:
        """Say whether it is the price of this audience in this mode, unless another names them more closely."""
        return (not self.audiences or audience in self.audiences) and (not self.modes or mode in self.modes)


def price_of(prices: Sequence[Price], audience: str, mode: str) -> Price | None:
    """Find the price that names an audience and a mode most closely."""
    meant = [price for price in prices if price.means(audience, mode)]
    return max(meant, key=lambda price: price.weight, default=None)


class Condition(Strict):
    """For whom and for what an item counts; an empty one is always met."""

    audiences: tuple[Audience, ...] = Field(default=(), max_length=5)
    modes: tuple[PriceMode, ...] = Field(default=(), max_length=7)
    purposes: tuple[Purpose, ...] = Field(default=(), max_length=4)
    options: tuple[Code, ...] = Field(default=(), max_length=20)
    without_options: tuple[Code, ...] = Field(default=(), max_length=20)
    units: tuple[Code, ...] = Field(default=(), max_length=20)
    hazard_from: int = Field(default=0, ge=0, le=9)
    hazard_below: int = Field(default=10, ge=1, le=10)
    grade_from: int = Field(default=0, ge=0, le=4)
    grade_below: int = Field(default=5, ge=1, le=5)

    def is_met(self, use: Use) -> bool:
        """Say whether a use is meant: all that is named must hold, any one of the options, and any one of the units above 0."""
        return (
            (not self.audiences or use.audience in self.audiences)
            and (not self.modes or use.mode in self.modes)
            and (not self.purposes or use.purpose in self.purposes)
            and (not self.options or bool(use.options & set(self.options)))
            and not use.options & set(self.without_options)
            and (not self.units or any(use.quantities.get(unit) for unit in self.units))
            and self.hazard_from <= use.hazard < self.hazard_below
            and self.grade_from <= use.grade < self.grade_below
        )


class Season(Strict):
    """A part of the year, first and last day included, as 06-01 to 08-31; it may run over New Year."""

    from_day: Annotated[str, Field(pattern=r"^\d\d-\d\d$")]
    until_day: Annotated[str, Field(pattern=r"^\d\d-\d\d$")]

    @model_validator(mode="after")
    def _real(self) -> Season:
        for day in (self.from_day, self.until_day):
            try:
                date.fromisoformat(f"2024-{day}")
            except ValueError as error:
                raise wrong(Sentence(f"没有“{day}”这一天。", f"There is no day “{day}”.")) from error
        return self

    def has(self, day: date) -> bool:
        """Say whether a date lies in the season."""
        text = f"{day.month:02d}-{day.day:02d}"
        if self.from_day <= self.until_day:
            return self.from_day <= text <= self.until_day
        return text >= self.from_day or text <= self.until_day


class Cycle(Strict):
    """A returning window of time over which hours or spend add up, for whom, and on this instrument or across all of the tariff."""

    every: Literal["day", "week", "month", "quarter", "year"] = "day"
    starts_minute: int = Field(default=0, ge=0, lt=1440)
    starts_month: int = Field(default=1, ge=1, le=12)
    per: Literal["person", "group"] = "person"
    across: bool = False
