"""What a tariff's form asks: for every part of a tariff its inputs, in order, with their labels and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instruments.errors import Sentence
from portal.nestedfields import Asks, Part
from scheduling.pricing.unitwords import UNITS
from scheduling.rules.persons import AUDIENCE_WORDS
from scheduling.usage import MODES, PURPOSES

S = Sentence
BASES = {
    "used": S("实际使用时间", "time used"), "booked": S("预约时间", "time booked"), "greater": S("两者中较长的", "the longer of the two"),
    "booked_plus_overrun": S("预约时间加超时", "time booked and overrun"),
    "from_booked_start": S("从预约开始到实际结束", "from the booked start to the real end"),
}  # fmt: skip
KINDS = {
    "amount": S("定价", "amount"), "free": S("免费", "free"), "range": S("区间", "range"), "request": S("面议", "on request"),
}  # fmt: skip
HOLIDAYS = {
    "all": S("不论是否节假日", "holidays or not"), "only": S("仅节假日", "only on holidays"), "not": S("节假日除外", "not on holidays"),
}  # fmt: skip
TIERS_BY = {
    "use": S("每次使用的数量", "quantity of one use"), "band": S("每个时段内的数量", "quantity within a band"),
    "consecutive": S("连续使用时长", "consecutive hours"), "cycle": S("周期内累计", "total of a cycle"),
}  # fmt: skip
STYLES = {"marginal": S("只对超出部分", "only the part above"), "whole": S("对全部数量", "the whole quantity")}
EVERY = {
    "": S("（无）", "(none)"), "day": S("日", "day"), "week": S("周", "week"), "month": S("月", "month"), "quarter": S("季度", "quarter"),
    "year": S("年", "year"),
}  # fmt: skip
PER = {"person": S("每人", "person"), "group": S("每课题组", "group")}
PARTS_OF_PRICE = {"rates": S("费率", "rates"), "options": S("可选项目", "options"), "fees": S("固定费用", "fees")}
FEE_ON = {
    "use": S("每次使用", "each use"), "day": S("每个自然日", "each calendar day"), "overrun": S("超时", "overrun"),
    "unused": S("未用完预约时间", "booked time left unused"),
}  # fmt: skip
CHOICES = {
    "best": S("取便宜的", "whichever is cheaper"), "chosen": S("由用户选择", "the user's choice"), "always": S("总是按套餐", "always the package"),
}  # fmt: skip
OF = {"running": S("前面各项调整之后的金额", "the sum after earlier adjustments"), "base": S("调整前的金额", "the sum before any")}
MISSED_OF = {"rates": S("费率部分", "the rates"), "total": S("全部费用", "the whole price")}
REUSE = {
    "deduct": S("扣除被他人使用的时间", "less what others used"), "waive": S("被他人使用则免收", "nothing if others used it"),
    "keep": S("照收", "in full"),
}  # fmt: skip
LOCKS = {"booking": S("预约时的价格", "the price at booking"), "use": S("使用时的价格", "the price at use")}

NAMED = (
    Asks("code", "code", S("代码", "Code")),
    Asks("name_zh", "text", S("中文名称", "Name in Chinese")),
    Asks("name_en", "text", S("英文名称", "Name in English")),
)
ONLY = Asks("only", "one", S("只在这些情况下", "Only in these cases"), part="condition", behind=True)
PRICES = Asks("prices", "many", S("价格", "Prices"), part="price")
METERS = Asks("meters", "codes", S("只涉及这些费率（不选则全部）", "Only these rates (all where none is ticked)"), behind=True)
WINDOWS = Asks("whens", "many", S("时段", "Times of the week"), part="when")
METER = (
    *NAMED,
    Asks("unit", "select", S("单位", "Unit"), UNITS),
    Asks("own_unit", "text", S("或自定单位的代码（小写英文）", "Or a unit of your own: its code in small letters"), behind=True),
    Asks("unit_zh", "text", S("单位的中文名", "The unit in Chinese"), behind=True),
    Asks("unit_en", "text", S("单位的英文名", "The unit in English"), behind=True),
    Asks("unit_minutes", "number", S("单位的时长（分钟）", "The unit's length (min)"), behind=True),
    Asks("basis", "select", S("计费依据", "Counted by"), BASES),
    Asks("step_minutes", "number", S("进位（分钟）", "Rounded up to (min)")),
    Asks("grace_minutes", "number", S("进位宽限（分钟）", "Grace of rounding (min)")),
    Asks("minimum", "money", S("最少数量", "Minimum quantity")),
    Asks("minimum_amount", "money", S("最低收费（元）", "Minimum charge (yuan)")),
    Asks("included", "money", S("免费数量", "Quantity included free"), behind=True),
    Asks("included_per", "text", S("免费数量按此单位计（代码）", "Included for each of (unit code)"), behind=True),
    Asks("extra_minutes", "number", S("每次另加（分钟）", "Added to each use (min)"), behind=True),
    Asks("pack", "money", S("每份数量", "Quantity in a pack"), behind=True),
    Asks("times", "text", S("再乘以此单位的数量（代码）", "Times the quantity of (unit code)"), behind=True),
    Asks("tiers_by", "select", S("分档依据", "Tiers by"), TIERS_BY, behind=True),
    Asks("tiers_style", "select", S("分档价适用于", "A tier's price is for"), STYLES, behind=True),
    Asks("cycle", "one", S("累计周期", "Cycle"), part="cycle", behind=True),
    PRICES,
    Asks("bands", "many", S("分时段价格", "Bands of time with their own prices"), part="band"),
    ONLY,
)
MISSED = (
    *NAMED,
    Asks("percent", "money", S("费用的百分比（%）", "Percent of the price")),
    Asks("amount", "money", S("固定金额（元）", "Fixed amount (yuan)")),
    Asks("of", "select", S("百分比按", "Percent of"), MISSED_OF),
    Asks("reuse", "select", S("时间被他人使用时", "When others use the time"), REUSE),
    Asks("starting", "one", S("只对这些时段开始的预约", "Only bookings that begin then"), part="when", behind=True),
    ONLY,
)
PARTS: Mapping[str, Part] = {
    "tariff": Part(S("收费标准", "Tariff"), S("", ""), (
        Asks("price_lock", "select", S("按哪个版本收费", "Which price holds"), LOCKS),
        Asks("rates", "many", S("费率", "Rates"), part="rate"),
        Asks("options", "many", S("可选项目与附件", "Options and accessories"), part="option"),
        Asks("fees", "many", S("固定费用", "Fixed fees"), part="fee"),
        Asks("packages", "many", S("套餐与包场", "Packages"), part="package"),
        Asks("caps", "many", S("封顶", "Caps"), part="cap"),
        Asks("adjustments", "many", S("加价与优惠（按此顺序）", "Surcharges and discounts, in this order"), part="adjustment"),
        Asks("late_cancel", "many", S("逾期取消", "Late cancellation"), part="late_cancel"),
        Asks("no_show", "many", S("爽约", "No-show"), part="no_show"),
        Asks("note_zh", "text", S("中文说明", "Note in Chinese")),
        Asks("note_en", "text", S("英文说明", "Note in English")),
    )),
    "rate": Part(S("费率", "Rate"), S("添加费率", "Add a rate"), METER),
    "option": Part(S("可选项目", "Option"), S("添加可选项目", "Add an option"), (
        *METER, Asks("by_manager", "tick", S("仅由管理员登记", "Only the manager notes it"), behind=True),
    )),
    "price": Part(S("价格", "Price"), S("添加价格", "Add a price"), (
        Asks("kind", "select", S("定价方式", "Kind"), KINDS),
        Asks("amount", "money", S("单价（元）", "Price of one (yuan)")),
        Asks("audiences", "ticks", S("对象（不选则其余所有人）", "For whom (everybody else where none is ticked)"), AUDIENCE_WORDS),
        Asks("modes", "ticks", S("使用方式（不选则全部）", "Modes of use (all where none is ticked)"), MODES, behind=True),
        Asks("low", "money", S("下限（元）", "Lowest (yuan)"), behind=True),
        Asks("high", "money", S("上限（元）", "Highest (yuan)"), behind=True),
        Asks("tiers", "many", S("分档", "Tiers"), part="tier", behind=True),
    )),
    "tier": Part(S("档", "Tier"), S("添加一档", "Add a tier"), (
        Asks("above", "money", S("超过", "Above")), Asks("amount", "money", S("单价（元）", "Price of one (yuan)")),
    )),
    "band": Part(S("时段", "Band"), S("添加时段", "Add a band"), (
        *NAMED, WINDOWS, Asks("seasons", "many", S("季节", "Seasons"), part="season", behind=True),
        Asks("priority", "number", S("优先级（0-9）", "Priority (0-9)"), behind=True), PRICES,
    )),
    "when": Part(S("时间", "Time"), S("添加时间", "Add a time"), (
        Asks("weekdays", "ticks", S("星期", "Weekdays")), Asks("from_minute", "clock", S("从", "From")),
        Asks("until_minute", "clock", S("至", "Until")), Asks("holidays", "select", S("节假日", "Holidays"), HOLIDAYS),
    )),
    "season": Part(S("季节", "Season"), S("添加季节", "Add a season"), (
        Asks("from_day", "text", S("首日（如 06-01）", "First day, as 06-01")), Asks("until_day", "text", S("末日（如 08-31）", "Last day, as 08-31")),
    )),
    "cycle": Part(S("周期", "Cycle"), S("", ""), (
        Asks("every", "select", S("每", "Every"), EVERY), Asks("per", "select", S("按", "Per"), PER),
        Asks("starts_minute", "clock", S("周期开始时刻", "It begins at")), Asks("starts_month", "number", S("从几月开始", "Its first month")),
        Asks("across", "tick", S("所有使用该标准的仪器合计", "All instruments of this tariff together")),
    )),
    "condition": Part(S("条件", "Condition"), S("", ""), (
        Asks("audiences", "ticks", S("对象", "Audiences"), AUDIENCE_WORDS), Asks("modes", "ticks", S("使用方式", "Modes of use"), MODES),
        Asks("purposes", "ticks", S("用途", "Purposes"), PURPOSES), Asks("options", "codes", S("选了其中任一项", "With any of these options")),
        Asks("without_options", "codes", S("没有选这些", "Without these options")), Asks("hazard_from", "number", S("危险等级从", "Hazard from")),
        Asks("hazard_below", "number", S("危险等级低于", "Hazard below")), Asks("units", "codes", S("有这些单位的数量", "With a quantity of these units")),
        Asks("grade_from", "number", S("资格等级从", "Grade from")), Asks("grade_below", "number", S("资格等级低于", "Grade below")),
    )),
    "fee": Part(S("固定费用", "Fee"), S("添加固定费用", "Add a fee"), (
        *NAMED, Asks("on", "select", S("收取时机", "Charged for"), FEE_ON), Asks("over_minutes", "number", S("超过（分钟）", "Over (min)"), behind=True),
        Asks("only_if_wanted", "tick", S("仅当有人要用时", "Only if somebody else wanted the time"), behind=True), PRICES, ONLY,
    )),
    "package": Part(S("套餐", "Package"), S("添加套餐", "Add a package"), (
        *NAMED, Asks("choice", "select", S("如何选用", "When it counts"), CHOICES), Asks("minutes", "number", S("时长（分钟）", "Length (min)")),
        WINDOWS, PRICES, Asks("shares", "many", S("按比例收取", "Charged in shares"), part="share", behind=True), METERS, ONLY,
    )),
    "share": Part(S("比例", "Share"), S("添加比例", "Add a share"), (
        Asks("over_minutes", "number", S("超过（分钟）", "Over (min)")), Asks("percent", "money", S("收取（%）", "Charged (percent)")),
    )),
    "cap": Part(S("封顶", "Cap"), S("添加封顶", "Add a cap"), (
        *NAMED, Asks("hours", "money", S("最多计费小时", "Most hours charged")), Asks("brackets", "many", S("金额", "Amounts"), part="bracket"),
        Asks("cycle", "one", S("周期（不选则每次使用）", "Cycle (each use where none is chosen)"), part="cycle"),
        Asks("whens", "many", S("时段", "Times of the week"), part="when", behind=True),
        Asks("covers", "ticks", S("包括", "It covers"), PARTS_OF_PRICE, behind=True), METERS, ONLY,
    )),
    "bracket": Part(S("金额", "Amount"), S("添加金额", "Add an amount"), (
        Asks("above", "money", S("超过（元）", "Above (yuan)")), Asks("percent", "money", S("之后收取（%），0 为封顶", "Charged beyond (percent), 0 is a cap")),
    )),
    "adjustment": Part(S("加价或优惠", "Surcharge or discount"), S("添加加价或优惠", "Add a surcharge or discount"), (
        *NAMED, Asks("percent", "money", S("百分比（优惠为负）", "Percent (below 0: a discount)")),
        Asks("amount", "money", S("或固定金额（元）", "Or a fixed amount (yuan)")), ONLY, Asks("of", "select", S("百分比按", "Percent of"), OF, behind=True),
        Asks("covers", "ticks", S("包括", "It covers"), PARTS_OF_PRICE, behind=True), METERS,
        Asks("unless", "codes", S("不与这些同时适用", "Not beside these"), behind=True),
    )),
    "late_cancel": Part(S("逾期取消", "Late cancellation"), S("添加逾期取消费", "Add a fee for late cancellation"), (
        Asks("hours", "number", S("开始前不足（小时）", "Less than (hours) before the start")),
        Asks("working_days", "number", S("或不足（工作日）", "Or less than (working days)")),
        Asks("days", "number", S("或几日前的时刻：日", "Or a time so many days before")), Asks("at_minute", "clock", S("时刻", "At")), *MISSED,
    )),
    "no_show": Part(S("爽约", "No-show"), S("添加爽约费", "Add a fee for a no-show"), MISSED),
}  # fmt: skip
# What the codes of a part may name: the parts of the tariff that have such codes.
NAMES: Mapping[str, tuple[str, ...]] = {
    "meters": ("rates", "options", "fees"), "unless": ("adjustments",), "options": ("options", "packages"), "without_options": ("options", "packages"),
}  # fmt: skip


def usual(part: str) -> dict[str, Any]:
    """Give what a new part begins with."""
    begins: dict[str, dict[str, Any]] = {
        "rate": {"unit": "hour", "basis": "used", "prices": [{"kind": "amount"}]},
        "option": {"unit": "session", "prices": [{"kind": "amount"}]},
        "fee": {"on": "use", "prices": [{"kind": "amount"}]},
        "package": {"choice": "best", "prices": [{"kind": "amount"}]},
        "band": {"whens": [{}], "prices": [{"kind": "amount"}]},
        "cap": {"brackets": [{"percent": "0"}], "covers": ["rates"]},
        "adjustment": {"covers": ["rates", "options", "fees"]},
    }
    return dict(begins.get(part, {}))
