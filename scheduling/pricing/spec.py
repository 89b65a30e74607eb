"""What a tariff says, and how it is read: everything that cannot be right is refused with its place and a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, model_validator

from instruments.errors import Invalid, Sentence
from scheduling.pricing.checks import check_codes, check_meter, check_names, check_packages, check_prices
from scheduling.pricing.extras import Adjustment, Cap, Fee, LateCancel, Missed, Package
from scheduling.pricing.meters import Meter, Named, Option
from scheduling.pricing.refusals import say_error
from scheduling.pricing.values import Condition, wrong
from scheduling.rules.base import Strict

MOST_BEST, MOST_BANDS = 4, 60


class TariffSpec(Strict):
    """A tariff: meters, add-ons, fees, packages, caps, adjustments in their order, and the price of a missed booking."""

    rates: tuple[Meter, ...] = Field(default=(), max_length=30)
    options: tuple[Option, ...] = Field(default=(), max_length=60)
    fees: tuple[Fee, ...] = Field(default=(), max_length=20)
    packages: tuple[Package, ...] = Field(default=(), max_length=12)
    caps: tuple[Cap, ...] = Field(default=(), max_length=12)
    adjustments: tuple[Adjustment, ...] = Field(default=(), max_length=20)
    late_cancel: tuple[LateCancel, ...] = Field(default=(), max_length=10)
    no_show: tuple[Missed, ...] = Field(default=(), max_length=10)
    price_lock: Literal["booking", "use"] = "booking"
    note_zh: str = Field(default="", max_length=1000)
    note_en: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _whole(self) -> TariffSpec:
        if not (self.rates or self.options or self.fees or self.packages):
            raise wrong(Sentence("收费标准里还没有任何价格。", "The tariff has no price yet."))
        check_codes([(*self.rates, *self.options, *self.fees), self.switches, self.packages, self.caps, self.adjustments])
        check_codes([self.late_cancel, self.no_show])
        self._check_order()
        for meter in self.meters:
            check_meter(meter)
        sold: tuple[Fee | Package, ...] = (*self.fees, *self.packages)
        for one in sold:
            check_prices(one, one.prices)
        check_names((code for package in self.packages for code in package.meters), {meter.code for meter in self.rates})
        check_packages(self.packages, self.rates)
        check_names((code for cap in self.caps for code in cap.meters), {meter.code for meter in self.meters})
        check_names(
            (code for adjustment in self.adjustments for code in adjustment.meters), {one.code for one in (*self.meters, *self.fees)}
        )
        check_names((code for adjustment in self.adjustments for code in adjustment.unless), {one.code for one in self.adjustments})
        check_names(self._options_asked(), {switch.code for switch in self.switches})
        return self

    def _check_order(self) -> None:
        before: set[str] = set()
        for one in self.adjustments:
            if not before.issuperset(one.unless):
                raise wrong(Sentence("一项调整只能排除排在它前面的调整。", "An adjustment can only give way to one that stands before it."))
            before.add(one.code)
        if sum(package.choice == "best" and package.minutes is not None for package in self.packages) > MOST_BEST:
            zh = f"自动比较的按时长套餐不超过 {MOST_BEST} 个。"
            raise wrong(Sentence(zh, f"At most {MOST_BEST} packages by length can be compared for the cheapest."))
        if sum(len(meter.bands) for meter in self.meters) > MOST_BANDS:
            raise wrong(Sentence(f"时段总数不超过 {MOST_BANDS} 个。", f"There are at most {MOST_BANDS} bands in all."))

    @property
    def meters(self) -> tuple[Meter, ...]:
        """Give rates and options alike."""
        return (*self.rates, *self.options)

    @property
    def choices(self) -> tuple[Named, ...]:
        """Give what a user may choose: add-ons, and packages that are hers to choose."""
        return tuple(one for one in self.switches if not (isinstance(one, Option) and one.by_manager))

    @property
    def switches(self) -> tuple[Named, ...]:
        """Give what can be said of a use: what its user may choose, and what only a manager may add to the record of it."""
        return (*self.options, *(package for package in self.packages if package.choice == "chosen"))

    @property
    def counted(self) -> tuple[Meter, ...]:
        """Give the meters whose number a user must tell (samples, runs)."""
        return tuple(meter for meter in self.meters if meter.is_counted)

    def _options_asked(self) -> Iterator[str]:
        for condition in self._conditions():
            yield from (*condition.options, *condition.without_options)

    def _conditions(self) -> Iterator[Condition]:
        conditional: list[Meter | Fee | Package | Cap | Adjustment | Missed] = [*self.meters, *self.fees, *self.packages, *self.caps]
        conditional += [*self.adjustments, *self.late_cancel, *self.no_show]
        return (one.only for one in conditional)


def read_spec(data: object) -> TariffSpec:
    """Read a tariff; raise Invalid with the place (dotted, as rates.0.prices.1.amount) and a sentence for the first thing that is wrong."""
    if not isinstance(data, Mapping):
        raise Invalid("spec", Sentence("收费标准的格式不正确。", "This cannot be read as a tariff."))
    try:
        return TariffSpec.model_validate(dict(data))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Invalid(".".join(str(part) for part in first["loc"]) or "spec", say_error(first)) from error


def as_data(spec: TariffSpec) -> dict[str, Any]:
    """Give a tariff as it is stored: numbers as text, what is as usual left out."""
    return spec.model_dump(mode="json", exclude_defaults=True)
