"""Packages, fees, caps and adjustments in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from instruments.errors import Sentence
from scheduling.pricing.extras import Adjustment, Cap, Fee, Package
from scheduling.pricing.modewords import say_condition
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import money, number
from scheduling.pricing.values import Cycle
from scheduling.rules.base import When, hours_words
from scheduling.rules.words import say_when

CHOICES = {
    "best": Sentence("低于按时计费时自动采用", "used where it is cheaper than the metered time"),
    "chosen": Sentence("由用户选择", "by choice"),
    "always": Sentence("此时段只按套餐计费", "the only price at this time"),
}
CYCLES = {
    "day": Sentence("每天", "day"),
    "week": Sentence("每周", "week"),
    "month": Sentence("每月", "month"),
    "quarter": Sentence("每季度", "quarter"),
    "year": Sentence("每年", "year"),
}
PER = {"person": Sentence("每人", "person"), "group": Sentence("每个课题组", "group")}
DUES = {
    "use": Sentence("每次收取", "due on each use"),
    "day": Sentence("按自然日收取", "due for each calendar day"),
    "overrun": Sentence("超出预约时间时收取", "due when a use runs beyond its booking"),
    "unused": Sentence("预约时间未使用时收取", "due when booked time is left unused"),
}


def say_package(package: Package, spec: TariffSpec) -> Sentence:
    """Say what a package covers and when it counts."""
    covers = hours_words(package.minutes) if package.minutes else _times(package.whens)
    parts = [covers, CHOICES[package.choice], say_condition(package.only, spec)]
    parts += [
        Sentence(
            f"使用超过 {share.over_minutes} 分钟收 {number(share.percent)}%", f"{number(share.percent)}% beyond {share.over_minutes} min"
        )
        for share in package.shares
    ]
    return _said(package.name, parts)


def say_fee(fee: Fee, spec: TariffSpec) -> Sentence:
    """Say when a fee falls due."""
    parts = [DUES[fee.on], say_condition(fee.only, spec)]
    if fee.over_minutes:
        parts.append(Sentence(f"{fee.over_minutes} 分钟以内不收", f"not within {fee.over_minutes} min"))
    if fee.only_if_wanted:
        parts.append(Sentence("仅当影响他人时", "only if somebody else wanted the time"))
    return _said(fee.name, parts)


def say_cap(cap: Cap, spec: TariffSpec) -> Sentence:
    """Say what a cap limits and over which time."""
    over = _cycle(cap.cycle) if cap.cycle else _times(cap.whens) if cap.whens else Sentence("每次", "per use")
    parts = [over, say_condition(cap.only, spec)]
    if cap.hours is not None:
        parts.append(Sentence(f"最多计 {number(cap.hours)} 小时", f"at most {number(cap.hours)} h are charged"))
    for bracket in cap.brackets:
        parts.append(_bracket(bracket.above, bracket.percent))
    return _said(cap.name, parts)


def say_adjustment(place: int, adjustment: Adjustment, spec: TariffSpec) -> Sentence:
    """Say one surcharge or discount, with its place in the order."""
    names = {one.code: one.name for one in spec.adjustments}
    value = adjustment.percent if adjustment.percent is not None else adjustment.amount or Decimal(0)
    size = f"{number(abs(value))}%" if adjustment.percent is not None else money(abs(value))
    zh, en = ("加收", "surcharge of") if value >= 0 else ("优惠", "discount of")
    parts = [Sentence(f"{zh} {size}", f"{en} {size}"), say_condition(adjustment.only, spec)]
    if adjustment.percent is not None and adjustment.of == "base":
        parts.append(Sentence("按未调整的价格计", "of the price before any adjustment"))
    if adjustment.unless:
        zh, en = "、".join(names[code].zh for code in adjustment.unless), ", ".join(names[code].en for code in adjustment.unless)
        parts.append(Sentence(f"不与{zh}同时", f"not together with {en}"))
    own = adjustment.name
    return _said(Sentence(f"第 {place} 项调整 {own.zh}", f"Adjustment {place}, {own.en}"), parts)


def _bracket(above: Decimal, percent: Decimal) -> Sentence:
    if not percent:
        return Sentence(f"{money(above)} 封顶", f"at most {money(above)}")
    return Sentence(f"超过 {money(above)} 的部分按 {number(percent)}% 计", f"beyond {money(above)} at {number(percent)}%")


def _cycle(cycle: Cycle) -> Sentence:
    every, per = CYCLES[cycle.every], PER[cycle.per]
    wide = ("在使用本标准的全部仪器上合计", " on all instruments of this tariff") if cycle.across else ("", "")
    hours, minutes = divmod(cycle.starts_minute, 60)
    from_zh, from_en = (f"（从 {hours:02d}:{minutes:02d} 起）", f" from {hours:02d}:{minutes:02d}") if cycle.starts_minute else ("", "")
    return Sentence(f"{every.zh}{from_zh}{per.zh}{wide[0]}", f"per {per.en} and {every.en}{from_en}{wide[1]}")


def _times(whens: Sequence[When]) -> Sentence:
    times = [say_when(when) for when in whens]
    return Sentence("；".join(time.zh or "每天" for time in times), "; ".join(time.en or "every day" for time in times))


def _said(name: Sentence, parts: Sequence[Sentence]) -> Sentence:
    said = [part for part in parts if part.zh]
    return Sentence(f"{name.zh}：{'，'.join(part.zh for part in said)}。", f"{name.en}: {'; '.join(part.en for part in said)}.")
