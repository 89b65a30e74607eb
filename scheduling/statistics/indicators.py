"""Indicators (指标): what is made of the quantities, each with its formula and its source; undefined is said with a reason, never 0 or NaN.

Where the sum is over several instruments, the hours of all of them stand over the hours of all of them: a mean of ratios is nowhere taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from instruments.errors import Sentence
from scheduling.statistics.quantities import Quantities

SURVEY_HOURS = 1600
QUOTA_HOURS = {"general": 1400, "dedicated": 800}  # 7 h x 5 days x 40 weeks, 4 h x 5 x 40 (教高司条函[2000]010号)
EXTERNAL_WEIGHT = Fraction(3, 2)
NO_INSTRUMENTS = Sentence("范围内没有仪器", "No instruments in scope")
NO_OPENING = Sentence("没有开放机时", "No hours were offered")
NO_EFFECTIVE = Sentence("没有有效机时，按国家口径记为 0", "No effective hours; counts as 0 by the national definition")
NO_VALUE = Sentence("没有登记原值", "No original value is registered")
NO_RATINGS = Sentence("没有评价", "Nobody has rated")
NO_BOOKINGS = Sentence("没有预约", "Nothing was booked")


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator's value, exact, or None with the reason why there is none; a reason beside a value explains it."""

    value: Fraction | None
    reason: Sentence | None = None


Compute = Callable[[Quantities, Fraction], Value]


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator: its words, formula and source, whether it is a share of 1 ("rate") or hours a year, and the computation.

    `compute` takes the quantities and the share of a year they cover (1 for a year, 1/12 for a month).
    """

    code: str
    title: Sentence
    formula: Sentence
    source: Sentence
    unit: str
    compute: Compute = field(repr=False)
    national: Mapping[int, int] = field(default_factory=dict)


def ratio(above: int | Fraction, below: int | Fraction, reason: Sentence) -> Value:
    """Divide, or say why it cannot be done."""
    return Value(Fraction(above) / Fraction(below)) if below else Value(None, reason)


def mean_effective_hours(q: Quantities, years: Fraction) -> Value:
    """Compute the mean effective hours, E the instruments in scope: sum of effective hours / number of E.

    Source: national survey (news; formula from public programs). Example: 2 instruments with 1,600 h and 1,280 h -> 1,440 h.
    """
    return ratio(Fraction(q.effective, 60), q.instruments, NO_INSTRUMENTS)


def mean_external_hours(q: Quantities, years: Fraction) -> Value:
    """Compute the mean external hours: sum of external hours / number of E. Example: 2 instruments with 300 h and 180 h -> 240 h."""
    return ratio(Fraction(q.external, 60), q.instruments, NO_INSTRUMENTS)


def sharing_rate(q: Quantities, years: Fraction) -> Value:
    """Compute the sharing rate: external hours / effective hours; 0 when there are none.

    Source: public programs (twice). Example, national 2019: 240 h of 1,440 h -> 16.7 % (published as 16 %).
    """
    return Value(Fraction(q.external, q.effective)) if q.effective else Value(Fraction(0), NO_EFFECTIVE)


def utilisation_survey(q: Quantities, years: Fraction) -> Value:
    """Compute the survey's utilisation: effective hours / 1600 h a year and instrument. Example: 1,440 h -> 90 %."""
    return ratio(Fraction(q.effective, 60), SURVEY_HOURS * years * q.instruments, NO_INSTRUMENTS)


def utilisation_moe(q: Quantities, years: Fraction) -> Value:
    """Compute the utilisation of 教高司条函[2000]010号: effective hours / quota, each instrument at most 100 %.

    Quota: 1400 h general, 800 h dedicated or of class 04. Example: a general instrument with 1,120 h -> 80 %; with 1,600 h -> 100 %.
    """
    return ratio(Fraction(q.capped, 60), Fraction(q.quota) * years, NO_INSTRUMENTS)


def utilisation_offered(q: Quantities, years: Fraction) -> Value:
    """Compute the utilisation of what was offered: used / opening. Example: 900 h of 1,800 h -> 50 %; without opening hours undefined."""
    return ratio(q.used, q.opening, NO_OPENING)


def booked_offered(q: Quantities, years: Fraction) -> Value:
    """Compute how much of what was offered was booked: booked / opening. Example: 1,200 h of 1,800 h -> 66.7 %."""
    return ratio(q.booked, q.opening, NO_OPENING)


def open_rate(q: Quantities, years: Fraction) -> Value:
    """Compute the open rate: instruments that accept bookings or samples / E. Example: 45 of 50 -> 90 %."""
    return ratio(q.opened, q.instruments, NO_INSTRUMENTS)


def coverage(q: Quantities, years: Fraction) -> Value:
    """Compute the coverage: instruments on the network / instruments in the organisation's scope. Example: 40 of 50 -> 80 %."""
    return ratio(q.on_network, q.in_register, NO_INSTRUMENTS)


def income_yield(q: Quantities, years: Fraction) -> Value:
    """Compute the yield: (internal income + 1.5 x external income) / original value.

    Source: one university's practice. Example: 60,000 + 1.5 x 40,000 yuan over 1,000,000 yuan -> 12 %.
    """
    return ratio(q.income - q.external_income + EXTERNAL_WEIGHT * q.external_income, q.value, NO_VALUE)


def satisfaction(q: Quantities, years: Fraction) -> Value:
    """Compute the satisfaction: 非常满意 or 基本满意 among rated services. Example: 18 of 20 -> 90 %, n = 20."""
    return ratio(q.satisfied, q.rated, NO_RATINGS)


def down_share(q: Quantities, years: Fraction) -> Value:
    """Compute the share of the opening hours lost to faults and maintenance: lost / (opening + lost). Example: 100 h of 2,000 h -> 5 %."""
    return ratio(q.down_open, q.opening + q.down_open, NO_OPENING)


def no_show_share(q: Quantities, years: Fraction) -> Value:
    """Compute the share of booked hours nobody came to: missed / booked. Example: 30 h of 1,200 h -> 2.5 %."""
    return ratio(q.no_show, q.booked, NO_BOOKINGS)


NATIONAL = Sentence("国家科技基础条件平台调查", "National survey of research facilities")
OURS = Sentence("本平台", "This portal")
INDICATORS: Mapping[str, Indicator] = {
    one.code: one
    for one in (
        Indicator(
            "mean_effective_hours", Sentence("年平均有效工作机时", "Mean effective hours"),
            Sentence("有效机时之和 ÷ 仪器台数", "Sum of effective hours ÷ number of instruments"), NATIONAL, "hours",
            mean_effective_hours, {2019: 1440, 2024: 1511, 2025: 1599},
        ),
        Indicator(
            "mean_external_hours", Sentence("年平均对外服务机时", "Mean external hours"),
            Sentence("对外服务机时之和 ÷ 仪器台数", "Sum of external hours ÷ number of instruments"), NATIONAL, "hours",
            mean_external_hours, {2019: 240, 2024: 256, 2025: 273},
        ),
        Indicator(
            "sharing_rate", Sentence("共享率", "Sharing rate"),
            Sentence("对外服务机时 ÷ 有效机时；没有有效机时记为 0", "External hours ÷ effective hours; 0 when there are none"),
            NATIONAL, "rate", sharing_rate,
        ),
        Indicator(
            "utilisation_survey", Sentence("利用率（调查口径）", "Utilisation (survey)"),
            Sentence("有效机时 ÷（1600 小时 × 台数）", "Effective hours ÷ (1600 h × instruments)"), NATIONAL, "rate", utilisation_survey,
        ),
        Indicator(
            "utilisation_moe", Sentence("利用率（教育部口径）", "Utilisation (Ministry of Education)"),
            Sentence(
                "有效机时 ÷ 定额机时（通用 1400、专用及 04 类 800 小时），每台至多 100 %",
                "Effective hours ÷ quota (1400 h general, 800 h dedicated or class 04), at most 100 % each",
            ),
            Sentence("教高司条函[2000]010号", "Form of the Ministry of Education, circular no. 010 of 2000"), "rate", utilisation_moe,
        ),
        Indicator(
            "utilisation_offered", Sentence("开放机时利用率", "Use of the hours offered"),
            Sentence("使用机时 ÷ 开放机时", "Hours used ÷ hours offered"), OURS, "rate", utilisation_offered,
        ),
        Indicator(
            "booked_offered", Sentence("开放机时预约率", "Booking of the hours offered"),
            Sentence("预约机时 ÷ 开放机时", "Hours booked ÷ hours offered"), OURS, "rate", booked_offered,
        ),
        Indicator(
            "open_rate", Sentence("开放率", "Open rate"),
            Sentence("接受预约或送样的仪器 ÷ 台数", "Instruments that accept bookings or samples ÷ instruments"), NATIONAL, "rate", open_rate,
        ),
        Indicator(
            "coverage", Sentence("入网率", "Coverage"),
            Sentence("在网仪器 ÷ 应入网仪器", "Instruments on the network ÷ instruments in scope"), NATIONAL, "rate", coverage,
        ),
        Indicator(
            "income_yield", Sentence("收入产出率", "Income yield"),
            Sentence("（对内收入 + 1.5 × 对外收入）÷ 原值", "(Internal income + 1.5 × external income) ÷ original value"),
            Sentence("高校做法，系数可议", "One university's practice"), "rate", income_yield,
        ),
        Indicator(
            "satisfaction", Sentence("满意率", "Satisfaction"),
            Sentence("“非常满意”与“基本满意” ÷ 已评价", "Very satisfied and satisfied ÷ rated"), NATIONAL, "rate", satisfaction,
        ),
        Indicator(
            "down_share", Sentence("故障维护占比", "Lost to faults and maintenance"),
            Sentence("故障维护占用的开放机时 ÷（开放机时 + 占用）", "Offered hours lost ÷ (hours offered + lost)"), OURS, "rate", down_share,
        ),
        Indicator(
            "no_show_share", Sentence("未到场占比", "No-show share"),
            Sentence("未到场机时 ÷ 预约机时", "Hours missed ÷ hours booked"), OURS, "rate", no_show_share,
        ),
    )
}  # fmt: skip


def values(quantities: Quantities, years: Fraction = Fraction(1)) -> dict[str, Value]:
    """Compute every indicator of some quantities; `years` is the share of a year they cover."""
    return {code: one.compute(quantities, years) for code, one in INDICATORS.items()}
