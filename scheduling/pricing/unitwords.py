"""The names of units, and numbers as people write them."""

from __future__ import annotations

from decimal import Decimal

from instruments.errors import Sentence
from scheduling.pricing.meters import Meter
from scheduling.pricing.spec import TariffSpec
from scheduling.rules.base import hours_words

HOUR = Sentence("小时", "h")
TIMES = Sentence("次", "use")
DAY = Sentence("天", "day")
PERCENT = Sentence("%", "%")
YUAN = Sentence("元", "yuan")
UNITS = {
    "hour": HOUR,
    "half_hour": Sentence("半小时", "half hour"),
    "day": DAY,
    "week": Sentence("周", "week"),
    "session": TIMES,
    "calendar_day": Sentence("自然日", "calendar day"),
    "sample": Sentence("样", "sample"),
    "run": Sentence("轮", "run"),
    "injection": Sentence("针", "injection"),
    "temperature": Sentence("温度", "temperature"),
    "litre": Sentence("升", "litre"),
    "gram": Sentence("克", "gram"),
    "image": Sentence("幅", "image"),
    "spectrum": Sentence("谱", "spectrum"),
    "person": Sentence("人", "person"),
    "piece": Sentence("件", "piece"),
    "plate": Sentence("板", "plate"),
    "element": Sentence("元素", "element"),
    "point": Sentence("点", "point"),
}


def unit_words(meter: Meter) -> Sentence:
    """Name the unit of a meter: as it is called there, else as known, else by its code."""
    if meter.unit_zh or meter.unit_en:
        return Sentence(meter.unit_zh or meter.unit_en, meter.unit_en or meter.unit_zh)
    if meter.unit in UNITS:
        return UNITS[meter.unit]
    return hours_words(meter.minutes) if meter.minutes else Sentence(meter.unit, meter.unit)


def unit_named(code: str, spec: TariffSpec) -> Sentence:
    """Name a unit by its code: as a meter of the tariff calls it, else as known."""
    own = next((meter for meter in spec.meters if meter.unit == code), None)
    return unit_words(own) if own else UNITS.get(code, Sentence(code, code))


def quantities_of(spec: TariffSpec) -> dict[str, Sentence]:
    """Give what a user must tell the number of, by code: counted units, and what multiplies, frees or brings in a meter."""
    codes = [meter.unit for meter in spec.counted]
    for meter in spec.meters:
        codes += [*filter(None, (meter.times, meter.included_per)), *meter.only.units]
    conditions = [*(fee.only for fee in spec.fees), *(adjustment.only for adjustment in spec.adjustments)]
    codes += [unit for condition in conditions for unit in condition.units]
    return {code: unit_named(code, spec) for code in codes}


def many(amount: Decimal, unit: Sentence) -> Sentence:
    """Say so many of a unit: 3 小时, 3 samples."""
    plain = amount == 1 or unit.en.endswith(("h", "s", "min", "%"))
    return Sentence(f"{number(amount)} {unit.zh}", f"{number(amount)} {unit.en}{'' if plain else 's'}")


def number(value: Decimal) -> str:
    """Write a number without needless zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal) -> str:
    """Write an amount with two places, or as many as it has."""
    text = number(abs(value))
    whole, _, rest = text.partition(".")
    return f"{'-' if value < 0 else ''}¥{int(whole):,}.{rest.ljust(2, '0')}"
