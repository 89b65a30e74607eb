"""A tariff in plain words, for the instrument's page and for print; prices by audience and mode stand in its table."""

from __future__ import annotations

from collections.abc import Iterator

from instruments.errors import Sentence
from scheduling.pricing.cancelwords import say_missed
from scheduling.pricing.extrawords import say_adjustment, say_cap, say_fee, say_package
from scheduling.pricing.meters import CALENDAR_DAY, ONCE, Band, Meter, Option
from scheduling.pricing.modewords import say_condition
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.tables import RateRow, RateTable, table
from scheduling.pricing.unitwords import many, money, unit_named, unit_words
from scheduling.rules.base import hours_words
from scheduling.rules.words import say_when

BASES = {
    "booked": Sentence("按预约时间计费", "charged for the time booked"),
    "used": Sentence("按实际使用时间计费", "charged for the time used"),
    "greater": Sentence("按预约与实际使用中较长者计费", "charged for the longer of the time booked and the time used"),
    "booked_plus_overrun": Sentence("按预约时间加超时计费", "charged for the time booked and any time beyond it"),
    "from_booked_start": Sentence("从预约开始计至实际结束", "charged from the booked start to the actual end"),
}
LOCKS = {
    "booking": Sentence("价格以预约时的标准为准。", "The tariff in force when the booking is made applies."),
    "use": Sentence("价格以使用时的标准为准。", "The tariff in force at the time of use applies."),
}
TIER_BASES = {
    "use": Sentence("分档按本次用量计", "tiers count the quantity of this use"),
    "band": Sentence("分档按同一时段内的连续时长计", "tiers count consecutive hours within the same band"),
    "consecutive": Sentence("分档按连续使用时长计", "tiers count consecutive hours"),
    "cycle": Sentence("分档按周期内累计时长计", "tiers count the hours in the cycle so far"),
}


def sentences(spec: TariffSpec) -> list[Sentence]:
    """Say everything a tariff says beside its rate table."""
    said = [*(say_meter(meter, spec) for meter in spec.meters), *_bands(spec)]
    said += [say_package(package, spec) for package in spec.packages]
    said += [say_fee(fee, spec) for fee in spec.fees]
    said += [say_cap(cap, spec) for cap in spec.caps]
    said += [say_adjustment(place, one, spec) for place, one in enumerate(spec.adjustments, 1)]
    said += say_missed(spec)
    if spec.note_zh or spec.note_en:
        said.append(Sentence(spec.note_zh or spec.note_en, spec.note_en or spec.note_zh))
    return [*said, LOCKS[spec.price_lock]]


def say_meter(meter: Meter, spec: TariffSpec) -> Sentence:
    """Say how one meter counts."""
    parts = [say_condition(meter.only, spec), _choice(meter), *_counting(meter, spec), *_least(meter, spec), *_tiers(meter)]
    said = [part for part in parts if part.zh]
    zh, en = "，".join(part.zh for part in said), "; ".join(part.en for part in said)
    return Sentence(f"{meter.name.zh}：{zh}。", f"{meter.name.en}: {en}.")


def _choice(meter: Meter) -> Sentence:
    if isinstance(meter, Option) and meter.by_manager:
        return Sentence("由管理员认定", "as the manager finds")
    if isinstance(meter, Option):
        return Sentence("选择时计费" if meter.every_price else "可选", "charged when chosen" if meter.every_price else "to choose")
    return Sentence("", "")


def _counting(meter: Meter, spec: TariffSpec) -> Iterator[Sentence]:
    unit = unit_words(meter)
    if meter.is_time:
        yield BASES[meter.basis]
        yield _steps(meter)
        if meter.extra_minutes:
            yield Sentence(f"另计 {meter.extra_minutes} 分钟准备时间", f"plus {meter.extra_minutes} min for preparation")
    elif meter.unit not in (ONCE, CALENDAR_DAY):
        pack = many(meter.pack, unit)
        zh = f"按{unit.zh}计费" if meter.pack == 1 else f"每 {pack.zh}计一份，不足按一份计"
        yield Sentence(zh, f"charged per {unit.en if meter.pack == 1 else pack.en + ', a part counting whole'}")
    elif meter.every_price:
        yield Sentence(f"按{unit.zh}计费", f"charged per {unit.en}")
    if meter.times:
        other = unit_named(meter.times, spec)
        yield Sentence(f"再乘以“{other.zh}”的数量", f"times the number of “{other.en}”")


def _steps(meter: Meter) -> Sentence:
    if meter.step == 1:
        return Sentence("按分钟计", "to the minute")
    step, grace = hours_words(meter.step), meter.grace_minutes
    if not grace:
        return Sentence(f"以 {step.zh}为一档，不足一档按一档计", f"in steps of {step.en}, a part counting whole")
    return Sentence(
        f"以 {step.zh}为一档，超出不足 {grace} 分钟不计，满 {grace} 分钟按一档计",
        f"in steps of {step.en}, where less than {grace} min beyond a step is not counted and more counts whole",
    )


def _least(meter: Meter, spec: TariffSpec) -> Iterator[Sentence]:
    unit = unit_words(meter)
    if meter.included:
        other = unit_named(meter.included_per or "", spec)
        per_zh, per_en = (f"每个“{other.zh}”的", f" for each “{other.en}”") if meter.included_per else ("", "")
        first = many(meter.included, unit)
        yield Sentence(f"{per_zh}前 {first.zh}不计", f"the first {first.en}{per_en} not counted")
    if meter.minimum:
        least = many(meter.minimum, unit)
        yield Sentence(f"最少 {least.zh}", f"at least {least.en}")
    if meter.minimum_amount:
        yield Sentence(f"最低收费 {money(meter.minimum_amount)}", f"at least {money(meter.minimum_amount)}")


def _tiers(meter: Meter) -> Iterator[Sentence]:
    if not any(price.tiers for price in meter.every_price):
        return
    yield TIER_BASES[meter.tiers_by]
    if meter.tiers_style == "whole":
        yield Sentence("达到某档后全部按该档计", "once a tier is reached all of it costs that tier's price")


def _bands(spec: TariffSpec) -> Iterator[Sentence]:
    """Say once when each band is."""
    said = {say_band(band) for meter in spec.meters for band in meter.bands}
    return iter(sorted(said, key=lambda sentence: sentence.en))


def say_band(band: Band) -> Sentence:
    """Say when a band is."""
    times = [say_when(when) for when in band.whens]
    zh = "；".join(time.zh or "全部时间" for time in times)
    en = "; ".join(time.en or "at any time" for time in times)
    if band.seasons:
        days = [f"{season.from_day} - {season.until_day}" for season in band.seasons]
        zh, en = f"{zh}，{'、'.join(days)}（月-日）", f"{en}, {', '.join(days)} (month-day)"
    return Sentence(f"{band.name.zh}：{zh}。", f"{band.name.en}: {en}.")


__all__ = ["RateRow", "RateTable", "say_band", "say_meter", "sentences", "table"]
