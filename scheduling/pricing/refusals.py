"""Why a tariff cannot be read, in both languages and with the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from instruments.errors import Sentence

PLACES = {
    "rates": Sentence("费率", "rate"),
    "options": Sentence("可选项目", "option"),
    "fees": Sentence("固定费用", "fee"),
    "packages": Sentence("套餐", "package"),
    "caps": Sentence("封顶", "cap"),
    "adjustments": Sentence("加价与优惠", "adjustment"),
    "late_cancel": Sentence("逾期取消", "late cancellation"),
    "no_show": Sentence("爽约", "no-show"),
    "bands": Sentence("时段", "band"),
    "prices": Sentence("价格", "price"),
    "tiers": Sentence("分档", "tier"),
    "brackets": Sentence("封顶金额", "limit"),
    "shares": Sentence("比例", "share"),
    "whens": Sentence("时间", "time"),
    "seasons": Sentence("季节", "season"),
}
FIELDS = {
    "above": Sentence("起点", "beginning"),
    "amount": Sentence("金额", "amount"),
    "audiences": Sentence("用户类别", "users"),
    "at_minute": Sentence("时刻", "time of day"),
    "basis": Sentence("计费依据", "basis"),
    "code": Sentence("代码", "code"),
    "cycle": Sentence("周期", "cycle"),
    "days": Sentence("天数", "days"),
    "extra_minutes": Sentence("准备时间", "extra minutes"),
    "from_day": Sentence("开始日期", "first day"),
    "from_minute": Sentence("开始时刻", "start"),
    "grace_minutes": Sentence("宽限", "grace"),
    "high": Sentence("最高价", "highest price"),
    "hours": Sentence("小时数", "hours"),
    "included": Sentence("免计数量", "included quantity"),
    "kind": Sentence("定价方式", "kind of price"),
    "low": Sentence("最低价", "lowest price"),
    "minimum": Sentence("最少数量", "least quantity"),
    "minimum_amount": Sentence("最低收费", "least amount"),
    "minutes": Sentence("时长", "length"),
    "modes": Sentence("使用方式", "modes"),
    "name_en": Sentence("英文名称", "English name"),
    "name_zh": Sentence("中文名称", "Chinese name"),
    "note_en": Sentence("英文说明", "English note"),
    "note_zh": Sentence("中文说明", "Chinese note"),
    "over_minutes": Sentence("起算分钟", "minutes it begins after"),
    "pack": Sentence("每份数量", "size of a pack"),
    "percent": Sentence("比例", "percentage"),
    "priority": Sentence("优先级", "priority"),
    "step_minutes": Sentence("进位单位", "step"),
    "unit": Sentence("单位", "unit"),
    "unit_minutes": Sentence("单位时长", "length of the unit"),
    "until_day": Sentence("结束日期", "last day"),
    "until_minute": Sentence("结束时刻", "end"),
    "weekdays": Sentence("星期", "weekdays"),
    "working_days": Sentence("工作日数", "working days"),
}
REASONS = {
    "missing": Sentence("没有填写。", "is missing."),
    "extra_forbidden": Sentence("没有这一项。", "is not known."),
    "too_long": Sentence("条目太多。", "has too many entries."),
    "too_short": Sentence("至少需要一条。", "needs one entry at least."),
    "string_too_long": Sentence("太长。", "is too long."),
    "string_pattern_mismatch": Sentence("只能用小写字母、数字和连字符。", "is made of small letters, digits and hyphens."),
    "greater_than_equal": Sentence("太小，例如价格不能小于 0。", "is too small; a price, for example, is never below 0."),
    "less_than_equal": Sentence("太大。", "is too large."),
    "finite_number": Sentence("必须是一个数。", "must be a number."),
    "decimal_parsing": Sentence("必须是一个数。", "must be a number."),
    "decimal_type": Sentence("必须是一个数。", "must be a number."),
    "decimal_max_digits": Sentence("位数太多。", "has too many digits."),
    "decimal_max_places": Sentence("小数不超过 4 位。", "has at most 4 decimal places."),
    "decimal_whole_digits": Sentence("位数太多。", "has too many digits."),
}
OTHERWISE = Sentence("填写不正确。", "cannot be right.")


def say_error(error: Mapping[str, Any]) -> Sentence:
    """Say one error of reading: where it is, and what is wrong."""
    place = _say_place([part for part in error["loc"] if isinstance(part, int) or part in PLACES])
    if error["type"] == "tariff":
        zh, en = error["ctx"]["zh"], error["ctx"]["en"]
        return Sentence(f"{place.zh}：{zh}", f"{place.en}: {en}") if place.zh else Sentence(zh, en)
    reason = REASONS.get(error["type"], OTHERWISE)
    code = next((part for part in reversed(error["loc"]) if isinstance(part, str) and part not in PLACES), "")
    field = FIELDS.get(code, Sentence(f"“{code}”", f"“{code}”") if code else Sentence("", ""))
    zh, en = "，".join(part for part in (place.zh, field.zh) if part), ", ".join(part for part in (place.en, field.en) if part)
    return Sentence(f"{zh}{reason.zh}", f"{en[:1].upper()}{en[1:]} {reason.en}")


def _say_place(parts: Sequence[str | int]) -> Sentence:
    zh, en = "", ""
    for part in parts:
        if isinstance(part, int):
            zh, en = f"{zh} {part + 1}", f"{en} {part + 1}"
        else:
            zh, en = (
                f"{zh}，{PLACES[part].zh}" if zh else PLACES[part].zh,
                f"{en}, {PLACES[part].en}" if en else PLACES[part].en.capitalize(),
            )
    return Sentence(zh, en)
