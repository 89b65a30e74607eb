"""What an evaluation may look at: each input with its unit, where it comes from, and for what kind of subject there is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instruments.errors import Sentence

SUBJECTS = {"instrument": Sentence("仪器", "Instruments"), "organisation": Sentence("单位", "Organisations")}
COMES = {
    "figures": Sentence("由统计数据计算", "Worked out from the figures"),
    "results": Sentence("由登记的成果统计", "Counted from the results on record"),
    "entered": Sentence("由单位填报并附依据", "Entered by the organisation, with evidence"),
    "adjusted": Sentence("复核后调整", "Adjusted after an appeal"),
}
UNITS = {
    "hours": Sentence("小时", "h"), "yuan": Sentence("元", "yuan"), "rate": Sentence("比率", "share"),
    "count": Sentence("项", "pieces"), "people": Sentence("人", "people"), "points": Sentence("分", "points"),
}  # fmt: skip
ASSESSED = "assessed"
MOST_ASSESSED = 100


@dataclass(frozen=True, slots=True)
class Input:
    """One input. `given` names what is entered for it where it is not counted; `of` the kinds of subject that have it."""

    title: Sentence
    unit: str
    comes: str
    about: Sentence
    of: tuple[str, ...] = tuple(SUBJECTS)
    given: tuple[str, ...] = ()


def _figure(zh: str, en: str, unit: str, about_zh: str, about_en: str, *of: str) -> Input:
    return Input(Sentence(zh, en), unit, "figures", Sentence(about_zh, about_en), of or tuple(SUBJECTS))


def _result(code: str, zh: str, en: str, unit: str, about_zh: str, about_en: str) -> Input:
    return Input(Sentence(zh, en), unit, "results", Sentence(about_zh, about_en), given=(code,))


INPUTS: Mapping[str, Input] = {
    "quota_rate": _figure("机时完成率", "Hours of the quota", "rate", "有效机时 ÷ 定额机时", "Effective hours ÷ quota"),
    "effective_hours": _figure("平均有效机时", "Mean effective hours", "hours", "有效机时 ÷ 台数", "Effective hours ÷ instruments"),
    "external_hours": _figure("平均对外服务机时", "Mean external hours", "hours", "对外服务机时 ÷ 台数", "External hours ÷ instruments"),
    "sharing_rate": _figure("共享率", "Sharing rate", "rate", "对外服务机时 ÷ 有效机时", "External hours ÷ effective hours"),
    "service_rate": _figure(
        "服务机时占比", "Hours of service", "rate", "（校内服务机时 + 1.5 × 对外服务机时）÷ 有效机时",
        "(Hours for others of the organisation + 1.5 × external hours) ÷ effective hours",
    ),
    "open_rate": _figure(
        "开放率", "Open rate", "rate", "接受预约或送样的仪器 ÷ 台数", "Instruments that accept bookings or samples ÷ instruments", "organisation",
    ),
    "coverage": _figure("入网率", "Coverage", "rate", "在网仪器 ÷ 应入网仪器", "Instruments on the network ÷ in scope", "organisation"),
    "income_yield": _figure("收入产出率", "Income yield", "rate", "（对内收入 + 1.5 × 对外收入）÷ 原值", "(Internal + 1.5 × external income) ÷ original value"),
    "external_income": _figure("对外服务收入", "External income", "yuan", "已入账费用减去撤销", "Final charges less reversals"),
    "internal_income": _figure("对内服务收入", "Internal income", "yuan", "全部收入减去对外收入", "All income less the external part"),
    "satisfaction": _figure("满意率", "Satisfaction", "rate", "满意评价 ÷ 已评价", "Satisfied ratings ÷ ratings"),
    "qualified": _result("qualified", "培训独立操作人数", "Qualified to operate alone", "people", "成果登记中的培训人员", "Trained people on record"),
    "guided": _result("guided", "培训指导下操作人数", "Trained under guidance", "people", "成果登记中的培训人员", "Trained people on record"),
    "shown": _result("shown", "参观演示人数", "Shown", "people", "成果登记中的培训人员", "Trained people on record"),
    "prizes_national": _result("prizes_national", "国家级或国际奖励", "National or international prizes", "count", "成果登记中的奖励", "Prizes on record"),
    "prizes_provincial": _result("prizes_provincial", "省部级奖励", "Provincial prizes", "count", "成果登记中的奖励", "Prizes on record"),
    "prizes_school": _result("prizes_school", "校级奖励", "Prizes of the institution", "count", "成果登记中的奖励", "Prizes on record"),
    "papers": _result(
        "papers", "核心刊物论文", "Core-journal papers", "count", "成果登记中的核心刊物与三大检索论文", "Core-journal and indexed papers on record",
    ),
    "function_rate": Input(
        Sentence("功能利用率", "Use of functions"), "rate", "entered", Sentence("使用的功能 ÷ 全部功能", "Functions used ÷ functions there are"),
        given=("functions_used", "functions_total"),
    ),
    "functions_new": Input(
        Sentence("新开发功能", "Newly developed functions"), "count", "entered", Sentence("本期新开发的功能数", "Functions developed in the period"),
        given=("functions_new",),
    ),
    ASSESSED: Input(
        Sentence("自评分", "Self-assessed points"), "points", "entered", Sentence("0 到 100 分，附依据", "0 to 100 points, with evidence"), given=(ASSESSED,),
    ),
}  # fmt: skip
GIVEN: Mapping[str, Sentence] = {
    "functions_used": Sentence("使用的功能数", "Functions used"),
    "functions_total": Sentence("全部功能数", "Functions there are"),
    **{code: one.title for code, one in INPUTS.items() if one.given == (code,)},
}


def sentence_of_input(code: str) -> Sentence:
    """Name an input, or what is entered for one; a self-assessed one by what it is of ("assessed:staff")."""
    return GIVEN.get(code) or INPUTS[code.partition(":")[0]].title
