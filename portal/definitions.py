"""What the figures mean, for the page of definitions: how sure each source is, and what is the portal's own reading."""

from __future__ import annotations

from collections.abc import Mapping

from instruments.errors import Sentence

TEXT, NEWS, PROGRAMS, PRACTICE, OWN = "T", "N", "C", "U", "O"
MARKS: Mapping[str, tuple[Sentence, str]] = {
    TEXT: (Sentence("规则原文可查", "The text of the rule has been seen"), "good"),
    NEWS: (Sentence("见于新闻或通知，未见原文", "From news or notices; the rule itself has not been seen"), "warn"),
    PROGRAMS: (Sentence("取自公开的报送程序，未见规则原文", "From public programs that report to the nation; the rule has not been seen"), "warn"),
    PRACTICE: (Sentence("一家单位的做法，可按需更改", "One organisation's practice; may be changed"), "warn"),
    OWN: (Sentence("本平台自定", "This portal's own"), "quiet"),
}
CERTAINTY: Mapping[str, tuple[str, ...]] = {
    "mean_effective_hours": (NEWS, PROGRAMS),
    "mean_external_hours": (NEWS, PROGRAMS),
    "sharing_rate": (PROGRAMS,),
    "utilisation_survey": (PROGRAMS,),
    "utilisation_moe": (TEXT,),
    "utilisation_offered": (OWN,),
    "booked_offered": (OWN,),
    "open_rate": (PROGRAMS,),
    "coverage": (NEWS,),
    "income_yield": (PRACTICE,),
    "satisfaction": (PROGRAMS,),
    "down_share": (OWN,),
    "no_show_share": (OWN,),
}
MEANS_SOURCE = Sentence(
    "全国平均值取自新闻报道，统计的是原值 50 万元及以上的仪器；逐年的口径未必完全一致。",
    "The national means come from news reports and are about instruments of 500,000 yuan and more; what is counted may differ from year to year.",
)
NOTES: Mapping[str, Sentence] = {
    "utilisation_moe": Sentence(
        "专用仪器与分类代码以 04 开头的仪器按 800 小时计。", "Dedicated instruments, and those whose class begins with 04, have 800 hours."
    ),
    "income_yield": Sentence("系数 1.5 未见于任何规则。", "The factor 1.5 stands in no rule we know of."),
    "sharing_rate": Sentence(
        "多台仪器合计时用机时之和相除，不取各台比率的平均。", "For several instruments hours are added up first; a mean of rates is nowhere taken."
    ),
}
CHANGE_TITLE = Sentence("对共享率变化的贡献", "What an instrument adds to a change of the sharing rate")
CHANGE_FORMULA = Sentence(
    "（对外机时的变化 − 原共享率 × 有效机时的变化）÷ 现有效机时合计",
    "(change of external hours − sharing rate then × change of effective hours) ÷ all effective hours now",
)
CHANGE_NOTE = Sentence(
    "各仪器（或各月）的贡献之和恰为共享率的变化；没有变化的仪器贡献为 0。",
    "All contributions, of instruments or of months, add up to the change exactly; an instrument that did not change adds nothing.",
)
CHANGE_EXAMPLE = Sentence(
    "原为 100 小时中对外 40 小时，现为 120 小时中对外 30 小时，全部来自一台：(−10 − 0.4 × 20) ÷ 120 = −15 个百分点，即由 40 % 降到 25 %。",
    "40 h of 100 h then, 30 h of 120 h now, all one instrument's: (−10 − 0.4 × 20) ÷ 120 = −15 points, from 40 % to 25 %.",
)
EXTRA: Mapping[str, tuple[Sentence, Sentence]] = {
    "opened": (Sentence("接受预约或送样的仪器", "Instruments that accept bookings or samples"), Sentence(
        "在网、对外共享，且可预约机时或送样。", "On the network, shared with others, and open for bookings or samples."
    )),
    "on_network": (Sentence("在网仪器", "Instruments on the network"), Sentence(
        "期间任一时刻已发布的仪器。", "Published at some time of the period."
    )),
    "in_register": (Sentence("应入网仪器", "Instruments in scope"), Sentence(
        "在册、未退役且未获豁免的仪器。", "Registered, not retired and not exempt."
    )),
}  # fmt: skip
