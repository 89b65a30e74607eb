"""What the form of an evaluation scheme asks: for every part of it its inputs, in order, with their labels and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping

from instruments.errors import Sentence
from instruments.evaluationinputs import SUBJECTS
from portal.nestedfields import Asks, Part

S = Sentence
PERIODS = {"year": S("自然年", "calendar year"), "school_year": S("学年（9 月至次年 8 月）", "school year, from September")}
FULL = {
    "100": S("100", "100"), "1": S("1", "1"),
    "": S("不限（权重 100 即按原分计）", "no sum; a weight of 100 takes the points as they are"),
}  # fmt: skip
WITHOUT = {"zero": S("按 0 分计", "counts as 0"), "excluded": S("不计该项，其余按权重折算", "is left out, the others weigh more")}
GRADING = {
    "cuts": S("按总分", "by cut-offs of the total"), "ranks": S("按名次", "by ranks"), "percent": S("按名次前百分之几", "by the best so many percent"),
}  # fmt: skip
ADDS = {"points": S("各指标得分相加", "the points of its indicators are added"), "weights": S("各指标按权重", "its indicators have weights")}
CURVES = {
    "linear": S("按比例，到满分值为止", "in proportion, up to a full mark"), "steps": S("分级", "by steps"),
    "pieces": S("按件计分", "so many points for each"), "rank": S("按名次", "by rank among all"),
}  # fmt: skip
CURVE_FIELDS = {"linear": ("full", "most"), "pieces": ("each", "per", "is_whole", "most"), "rank": ("most",), "steps": ("steps",)}
NAMED = (
    Asks("code", "code", S("代码", "Code")),
    Asks("title_zh", "text", S("中文名称", "Name in Chinese")),
    Asks("title_en", "text", S("英文名称", "Name in English")),
)
SOURCE = Asks("source", "text", S("依据", "Where it comes from"), behind=True)
PARTS: Mapping[str, Part] = {
    "scheme": Part(S("方案", "Scheme"), S("", ""), (
        Asks("of", "select", S("评价对象", "What is evaluated"), SUBJECTS),
        Asks("period", "select", S("评价期", "Over what time"), PERIODS),
        Asks("least_value", "money", S("原值下限（元）", "Original value from (yuan)")),
        Asks("full", "select", S("权重之和", "Weights add up to"), FULL),
        Asks("without", "select", S("未提供的数据", "What is not given"), WITHOUT),
        Asks("grading", "select", S("评定方式", "Grades"), GRADING),
        Asks("quota", "one", S("定额机时（小时）", "Quota of hours"), part="quota", behind=True),
        Asks("parts", "many", S("指标", "Indicators"), part="part"),
        Asks("grades", "many", S("等级（从高到低，最后一级为其余）", "Grades, the best first; the last takes the rest"), part="grade"),
        Asks("tie_break", "many", S("总分并列时依次比较", "Ties are broken by, in this order"), part="tie"),
    )),
    "quota": Part(S("定额机时", "Quota"), S("", ""), (
        Asks("general", "money", S("通用仪器", "General instruments")), Asks("dedicated", "money", S("专用仪器", "Dedicated instruments")),
    )),
    "part": Part(S("一级指标", "Part"), S("添加一级指标", "Add a part"), (
        *NAMED,
        Asks("weight", "money", S("权重（未定可空）", "Weight (empty: not settled)")),
        Asks("most", "money", S("加权前至多得分", "At most (points, before its weight)")),
        Asks("adds", "select", S("得分方式", "How it is made up"), ADDS),
        Asks("items", "many", S("二级指标", "Indicators within"), part="item"),
        SOURCE,
        Asks("note_zh", "text", S("中文说明", "Note in Chinese"), behind=True), Asks("note_en", "text", S("英文说明", "Note in English"), behind=True),
    )),
    "item": Part(S("指标", "Indicator"), S("添加指标", "Add an indicator"), (
        Asks("code", "code", S("代码", "Code")),
        Asks("input", "select", S("指标与口径", "Indicator and what it means"), {}),
        *NAMED[1:],
        Asks("weight", "money", S("权重（未定可空）", "Weight (empty: not settled)")),
        Asks("curve", "one", S("计分", "Scoring"), part="curve"),
        Asks("is_optional", "tick", S("计分未定时不影响评定", "Grades may be given while its scoring is open"), behind=True),
        SOURCE,
    )),
    "curve": Part(S("计分", "Scoring"), S("", ""), (
        Asks("kind", "select", S("计分方式", "How"), CURVES),
        Asks("full", "money", S("满分值（比率用小数：10% 填 0.1）", "Full mark at (10 % is 0.1)")),
        Asks("each", "money", S("每份得分", "Points for each")),
        Asks("per", "money", S("每份数量（空为 1）", "Each is so many (empty: 1)")),
        Asks("most", "money", S("至多得分", "At most (points)")),
        Asks("is_whole", "tick", S("只计整份", "Whole ones only")),
        Asks("steps", "many", S("各级（从低到高）", "Steps, the lowest first"), part="step"),
    )),
    "step": Part(S("级", "Step"), S("添加一级", "Add a step"), (
        Asks("least", "money", S("不低于（比率用小数）", "From (10 % is 0.1)")), Asks("points", "money", S("得分", "Points")),
    )),
    "grade": Part(S("等级", "Grade"), S("添加等级", "Add a grade"), (
        *NAMED,
        Asks("least", "money", S("总分不低于", "Total from")),
        Asks("until", "money", S("到第几名或百分之几为止", "Down to rank or percent")),
    )),
    "tie": Part(S("比较", "Compare"), S("添加并列规则", "Add a rule for ties"), (Asks("part", "select", S("一级指标", "Part"), {}),)),
}  # fmt: skip
# What a new part begins with.
USUAL: Mapping[str, Mapping[str, str]] = {
    "part": {"most": "100", "adds": "points"}, "item": {}, "curve": {"kind": "linear", "most": "100"}, "step": {}, "grade": {}, "tie": {},
}  # fmt: skip
EMPTY = {
    "of": "organisation", "period": "year", "full": "100", "without": "zero", "grading": "cuts", "quota": {"general": "1400", "dedicated": "800"},
    "grades": [
        {"code": "excellent", "title_zh": "优秀", "title_en": "Excellent"}, {"code": "good", "title_zh": "良好", "title_en": "Good"},
        {"code": "passed", "title_zh": "合格", "title_en": "Pass"}, {"code": "poor", "title_zh": "较差", "title_en": "Poor"},
    ],
}  # fmt: skip
