"""What stands beside the meters: fixed fees, packages, caps, surcharges and discounts, and what a missed booking costs."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from instruments.errors import Sentence
from scheduling.pricing.meters import Named
from scheduling.pricing.values import Amount, Code, Condition, Cycle, Part, Percent, Price, Signed, wrong
from scheduling.rules.base import Strict, When


class Fee(Named):
    """A fixed amount per use or calendar day, or when a use overran its booking or left much of it unused."""

    prices: tuple[Price, ...] = Field(min_length=1, max_length=40)
    on: Literal["use", "day", "overrun", "unused"] = "use"
    over_minutes: int = Field(default=0, ge=0, le=10_080)
    only_if_wanted: bool = False
    only: Condition = Condition()

    @model_validator(mode="after")
    def _sensible(self) -> Fee:
        if self.only_if_wanted and self.on != "overrun":
            raise wrong(
                Sentence("只有超时费可以仅在影响他人时收取。", "Only the fee of an overrun can depend on whether others wanted the time.")
            )
        if self.over_minutes and self.on not in ("overrun", "unused"):
            raise wrong(Sentence("只有超时费和空置费有起算分钟。", "Only fees for overrun and unused time begin after some minutes."))
        return self


class Share(Strict):
    """More than so many minutes in a package's window cost this share of it."""

    over_minutes: int = Field(ge=0, le=10_080)
    percent: Percent


class Package(Named):
    """One price for a stretch of time: so many minutes from the start, or each window of the week that is touched.

    best: the cheaper of package and metered time. chosen: by the option of the same code. always: its windows have no other price.
    """

    choice: Literal["best", "chosen", "always"] = "best"
    minutes: int | None = Field(default=None, ge=30, le=525_600)
    whens: tuple[When, ...] = Field(default=(), max_length=8)
    prices: tuple[Price, ...] = Field(min_length=1, max_length=40)
    shares: tuple[Share, ...] = Field(default=(), max_length=6)
    meters: tuple[Code, ...] = Field(default=(), max_length=20)
    only: Condition = Condition()

    @model_validator(mode="after")
    def _one_shape(self) -> Package:
        if (self.minutes is None) == (not self.whens):
            raise wrong(Sentence("套餐须有时长或时段之一。", "A package has either a length or windows of the week."))
        if any(price.kind in ("range", "request") or price.tiers for price in self.prices):
            raise wrong(Sentence("套餐须有确定的价格。", "A package has one fixed price."))
        if self.shares and self.minutes is not None:
            raise wrong(Sentence("只有按时段的套餐可以按比例收取。", "Only a package with windows can be charged in shares."))
        if any(after.over_minutes <= before.over_minutes for before, after in zip(self.shares, self.shares[1:], strict=False)):
            raise wrong(Sentence("各比例的起点必须从小到大。", "Shares must begin at rising minutes."))
        return self


class Bracket(Strict):
    """Beyond this much spend, so many percent of the price are charged; 0 is a cap."""

    above: Amount
    percent: Percent = Decimal(0)


class Cap(Named):
    """A limit of hours charged, or of spend, per use, per window of the week or over a cycle."""

    hours: Amount | None = None
    brackets: tuple[Bracket, ...] = Field(default=(), max_length=10)
    cycle: Cycle | None = None
    whens: tuple[When, ...] = Field(default=(), max_length=8)
    covers: tuple[Part, ...] = Field(default=("rates",), min_length=1, max_length=3)
    meters: tuple[Code, ...] = Field(default=(), max_length=20)
    only: Condition = Condition()

    @model_validator(mode="after")
    def _one_limit(self) -> Cap:
        if (self.hours is None) == (not self.brackets):
            raise wrong(Sentence("封顶须按时长或按金额之一。", "A cap limits either hours or spend."))
        if self.cycle is not None and self.whens:
            raise wrong(Sentence("封顶须按周期或按时段之一。", "A cap counts over a cycle or over windows of the week, not both."))
        if any(after.above <= before.above for before, after in zip(self.brackets, self.brackets[1:], strict=False)):
            raise wrong(Sentence("各级封顶的起点必须从小到大。", "The steps of a cap must begin at rising amounts."))
        if any(bracket.percent == 0 for bracket in self.brackets[:-1]):
            raise wrong(Sentence("完全封顶之后不能再有下一级。", "Nothing follows after a step that charges nothing."))
        return self


class Adjustment(Named):
    """A surcharge (above 0) or discount (below 0), in the order of the list: percent of what it covers, or a fixed amount.

    running: of the sum with the adjustments before it; base: of the sum before any. unless: not beside these earlier ones.
    """

    percent: Signed | None = None
    amount: Signed | None = None
    of: Literal["running", "base"] = "running"
    covers: tuple[Part, ...] = Field(default=("rates", "options", "fees"), min_length=1, max_length=3)
    meters: tuple[Code, ...] = Field(default=(), max_length=20)
    unless: tuple[Code, ...] = Field(default=(), max_length=20)
    only: Condition = Condition()

    @model_validator(mode="after")
    def _one_measure(self) -> Adjustment:
        if (self.percent is None) == (self.amount is None):
            raise wrong(Sentence("加价或优惠须按比例或按金额之一。", "An adjustment is either a percentage or an amount."))
        if self.percent is not None and not -100 <= self.percent <= 10_000:
            raise wrong(Sentence("比例须在 -100% 到 10000% 之间。", "A percentage lies between -100 and 10000."))
        return self


class Missed(Named):
    """What a booking costs that is cancelled late or not used: a share of its price and a fixed amount, less what others used of it."""

    percent: Percent = Decimal(0)
    amount: Amount = Decimal(0)
    of: Literal["rates", "total"] = "rates"
    reuse: Literal["keep", "deduct", "waive"] = "deduct"
    starting: When = When()
    only: Condition = Condition()


class LateCancel(Missed):
    """The fee of a cancellation after its deadline: hours or full working days before the start, or a wall-clock time some days before."""

    hours: int | None = Field(default=None, ge=0, le=8760)
    working_days: int | None = Field(default=None, ge=1, le=30)
    days: int | None = Field(default=None, ge=0, le=365)
    at_minute: int = Field(default=0, ge=0, lt=1440)

    @model_validator(mode="after")
    def _one_deadline(self) -> LateCancel:
        if sum(deadline is not None for deadline in (self.hours, self.working_days, self.days)) != 1:
            raise wrong(
                Sentence(
                    "取消期限须按小时、工作日或几日前的时刻之一。",
                    "A deadline is in hours, in working days, or at a time some days before.",
                )
            )
        return self
