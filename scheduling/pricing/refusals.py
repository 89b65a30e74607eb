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
    field = next((part for part in reversed(error["loc"]) if isinstance(part, str) and part not in PLACES), "")
    zh, en = (f"{place.zh}“{field}”", f"{place.en} “{field}”") if field else (place.zh, place.en)
    return Sentence(f"{zh}{reason.zh}", f"{en.strip()} {reason.en}")


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
