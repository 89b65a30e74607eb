"""Users, modes and conditions as people say them in a tariff."""

from __future__ import annotations

from collections.abc import Sequence

from instruments.errors import Sentence
from scheduling.bookings import MODES, PURPOSES
from scheduling.pricing.spec import TariffSpec
from scheduling.pricing.unitwords import unit_named
from scheduling.pricing.values import Condition

# A service on samples is no booking, and so no mode of one.
PRICE_MODES = {**MODES, "sample": Sentence("送样检测", "Sample service")}
AUDIENCE_TITLES = {
    "group": Sentence("本课题组", "Owning group"),
    "internal": Sentence("本单位", "Own organisation"),
    "academic": Sentence("其他高校院所", "Academic"),
    "enterprise": Sentence("企业", "Enterprise"),
    "other": Sentence("其他单位", "Other"),
}
OTHER_MODES = Sentence("其他方式", "Other modes")
SILENT = Sentence("", "")


def say_modes(modes: Sequence[str]) -> Sentence:
    """List modes; most of them are the others."""
    return OTHER_MODES if len(modes) > len(PRICE_MODES) // 2 else _listed([PRICE_MODES[mode] for mode in modes])


def say_audiences(audiences: Sequence[str]) -> Sentence:
    """List kinds of users."""
    return _listed([AUDIENCE_TITLES[audience] for audience in audiences])


def say_condition(condition: Condition, spec: TariffSpec) -> Sentence:
    """Say when an item counts; one that always does says nothing."""
    names = {choice.code: choice.name for choice in spec.switches}
    parts = [
        _framed("适用于", "users: ", say_audiences(condition.audiences)),
        _framed("方式为", "mode: ", _listed([PRICE_MODES[mode] for mode in condition.modes])),
        _framed("用途为", "purpose: ", _listed([PURPOSES[purpose] for purpose in condition.purposes])),
        _framed("选择", "chosen: ", _listed([names[code] for code in condition.options]), "时"),
        _framed("未选择", "not chosen: ", _listed([names[code] for code in condition.without_options]), "时"),
        _framed("数量包括", "with a number of: ", _listed([unit_named(unit, spec) for unit in condition.units])),
        *_levels(condition),
    ]
    said = [part for part in parts if part.zh]
    return Sentence("，".join(part.zh for part in said), "; ".join(part.en for part in said))


def _levels(condition: Condition) -> list[Sentence]:
    levels: list[Sentence] = []
    if condition.hazard_from:
        levels.append(Sentence(f"危险等级 {condition.hazard_from} 级及以上", f"hazard level {condition.hazard_from} and above"))
    if condition.hazard_below < 10:
        levels.append(Sentence(f"危险等级低于 {condition.hazard_below} 级", f"below hazard level {condition.hazard_below}"))
    if condition.grade_from:
        levels.append(Sentence(f"资格 {condition.grade_from} 级及以上", f"grade {condition.grade_from} and above"))
    if condition.grade_below < 5:
        levels.append(Sentence(f"资格低于 {condition.grade_below} 级", f"below grade {condition.grade_below}"))
    return levels


def _framed(zh: str, en: str, sentence: Sentence, after_zh: str = "") -> Sentence:
    return Sentence(f"{zh}{sentence.zh}{after_zh}", f"{en}{sentence.en}") if sentence.zh else SILENT


def _listed(sentences: Sequence[Sentence]) -> Sentence:
    return Sentence("、".join(one.zh for one in sentences), ", ".join(one.en for one in sentences))
