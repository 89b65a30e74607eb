"""What is counted and at which price: meters with their bands, and the add-ons that are meters of their own."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from instruments.errors import Sentence
from scheduling.pricing.values import Amount, Code, Condition, Cycle, Price, Season, Words, wrong
from scheduling.rules.base import Strict, When

Basis = Literal["booked", "used", "greater", "booked_plus_overrun", "from_booked_start"]
TIME_UNITS = {"hour": 60, "half_hour": 30, "day": 1440, "week": 10080}
ONCE = "session"
CALENDAR_DAY = "calendar_day"


class Named(Strict):
    """Something with a code that never changes and a name in one language at least."""

    code: Code
    name_zh: Words = ""
    name_en: Words = ""

    @property
    def name(self) -> Sentence:
        """Give the name in both languages; one that is missing is the other."""
        return Sentence(self.name_zh or self.name_en or self.code, self.name_en or self.name_zh or self.code)


class Band(Named):
    """Prices of their own for part of the time. Of two bands that meet, the one of higher priority wins; equals may not meet."""

    whens: tuple[When, ...] = Field(default=(When(),), min_length=1, max_length=8)
    seasons: tuple[Season, ...] = Field(default=(), max_length=2)
    priority: int = Field(default=0, ge=0, le=9)
    prices: tuple[Price, ...] = Field(min_length=1, max_length=40)


class Meter(Named):
    """One thing that is counted and priced: time by hour, day or a unit of its own length, each session, or any named unit."""

    unit: Code = "hour"
    unit_zh: Words = ""
    unit_en: Words = ""
    unit_minutes: int | None = Field(default=None, ge=1, le=525_600)
    basis: Basis = "used"
    prices: tuple[Price, ...] = Field(default=(), max_length=40)
    bands: tuple[Band, ...] = Field(default=(), max_length=8)
    only: Condition = Condition()
    step_minutes: int | None = Field(default=None, ge=1, le=525_600)
    grace_minutes: int = Field(default=0, ge=0, le=10_080)
    extra_minutes: int = Field(default=0, ge=0, le=10_080)
    included: Amount = Decimal(0)
    included_per: Code | None = None
    minimum: Amount = Decimal(0)
    minimum_amount: Amount = Decimal(0)
    pack: Amount = Decimal(1)
    times: Code | None = None
    tiers_by: Literal["use", "band", "consecutive", "cycle"] = "use"
    tiers_style: Literal["marginal", "whole"] = "marginal"
    cycle: Cycle | None = None

    @model_validator(mode="after")
    def _sensible(self) -> Meter:
        if not self.is_time and (self.step_minutes or self.grace_minutes or self.extra_minutes):
            raise wrong(Sentence("只有按时间计费的项目才有进位和宽限。", "Only a rate by time has steps, grace and extra minutes."))
        if self.is_time and self.pack != 1:
            raise wrong(Sentence("按时间计费的项目不能按包计数。", "A rate by time is not counted in packs."))
        if self.is_time and self.grace_minutes >= max(self.step, 1) and self.grace_minutes:
            raise wrong(Sentence("宽限必须短于进位的单位。", "The grace must be shorter than the step."))
        if not self.pack:
            raise wrong(Sentence("每份的数量必须大于 0。", "A pack holds more than nothing."))
        if self.unit in (*TIME_UNITS, ONCE, CALENDAR_DAY) and self.unit_minutes is not None:
            raise wrong(Sentence("这个单位的长度是固定的。", "The length of this unit is fixed."))
        if (self.tiers_by == "cycle") != (self.cycle is not None):
            raise wrong(Sentence("按周期累计分档须说明周期，其他分档不需要。", "Tiers over a cycle need the cycle; other tiers have none."))
        if self.tiers_style == "whole" and self.tiers_by in ("band", "consecutive"):
            raise wrong(Sentence("按连续时长分档只能分段计价。", "Tiers by consecutive hours price each part by itself."))
        return self

    @property
    def minutes(self) -> int | None:
        """Give the length of the unit in minutes; None where something else than time is counted."""
        return TIME_UNITS.get(self.unit, self.unit_minutes)

    @property
    def is_time(self) -> bool:
        """Say whether time is counted."""
        return self.minutes is not None

    @property
    def is_counted(self) -> bool:
        """Say whether a number must be told: samples, runs, injections."""
        return not self.is_time and self.unit not in (ONCE, CALENDAR_DAY)

    @property
    def step(self) -> int:
        """Give the minutes to which time is rounded up: as set; else an hour is counted by the minute, any other unit whole."""
        return self.step_minutes or (1 if self.unit == "hour" else self.minutes or 1)

    @property
    def every_price(self) -> tuple[Price, ...]:
        """Give the prices of all bands and those outside of any."""
        return (*self.prices, *(price for band in self.bands for price in band.prices))

    def is_for(self, audience: str, mode: str) -> bool:
        """Say whether there is a price for this audience in this mode."""
        return any(price.means(audience, mode) for price in self.every_price)


class Option(Meter):
    """An add-on or accessory, counted when it is chosen; without a price it is a mere choice that surcharges and the like ask for.

    What only a manager may say of a use (left on overnight, member, coupon) is no choice of its user.
    """

    unit: Code = ONCE
    by_manager: bool = False
