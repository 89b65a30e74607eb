"""What a cancelled or missed booking costs, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.errors import Sentence
from scheduling.pricing.extras import LateCancel, Missed
from scheduling.pricing.modewords import say_condition
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import money, number
from scheduling.rules.words import say_when

REUSE = {
    "keep": Sentence("", ""),
    "deduct": Sentence("扣除他人使用的部分", "less what others used of the time"),
    "waive": Sentence("有他人使用则不收", "nothing if somebody else used the time"),
}


def say_missed(spec: TariffSpec) -> list[Sentence]:
    """Say every fee for a late cancellation and a no-show."""
    late = [_said(one, _deadline(one), spec) for one in spec.late_cancel]
    return late + [_said(one, Sentence("未到场", "not turning up"), spec) for one in spec.no_show]


def _said(one: Missed, occasion: Sentence, spec: TariffSpec) -> Sentence:
    starting = say_when(one.starting)
    start = Sentence(f"开始于{starting.zh}的预约", f"bookings that begin {starting.en}") if starting.zh else starting
    parts = [start, say_condition(one.only, spec), occasion, _costs(one), REUSE[one.reuse]]
    said = [part for part in parts if part.zh]
    return Sentence(f"{one.name.zh}：{'，'.join(part.zh for part in said)}。", f"{one.name.en}: {'; '.join(part.en for part in said)}.")


def _deadline(late: LateCancel) -> Sentence:
    if late.hours is not None:
        return Sentence(f"开始前 {late.hours} 小时内取消", f"cancelled less than {late.hours} h before the start")
    if late.working_days is not None:
        zh = f"距开始不足 {late.working_days} 个完整工作日取消"
        return Sentence(zh, f"cancelled with fewer than {late.working_days} full working days to go")
    clock = f"{late.at_minute // 60:02d}:{late.at_minute % 60:02d}"
    if late.days == 0:
        return Sentence(f"当天 {clock} 之后取消", f"cancelled after {clock} on the same day")
    return Sentence(f"提前 {late.days} 天的 {clock} 之后取消", f"cancelled after {clock} {late.days} days before")


def _costs(one: Missed) -> Sentence:
    parts: Sequence[Sentence] = [
        *([Sentence(f"收取预约价格的 {number(one.percent)}%", f"{number(one.percent)}% of the booking's price")] if one.percent else []),
        *([Sentence(money(one.amount), money(one.amount))] if one.amount else []),
    ]
    if not parts:
        return Sentence("不收费", "nothing is charged")
    return Sentence("加 ".join(part.zh for part in parts), " plus ".join(part.en for part in parts))
