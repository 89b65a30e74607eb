"""A worked example of each indicator, in both languages; each is computed by the tests, so that it says what the portal computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from instruments.errors import Sentence
from scheduling.statistics.quantities import Quantities

HOUR, YUAN = 60, 100


@dataclass(frozen=True, slots=True)
class Example:
    """An example in words, with what goes in and what comes out."""

    words: Sentence
    quantities: Quantities
    value: Fraction


EXAMPLES: Mapping[str, Example] = {
    "mean_effective_hours": Example(
        Sentence("2 台仪器分别 1,600 与 1,280 小时：1,440 小时。", "Two instruments with 1,600 h and 1,280 h: 1,440 h."),
        Quantities(effective=2880 * HOUR, instruments=2), Fraction(1440),
    ),
    "mean_external_hours": Example(
        Sentence("2 台仪器对外 300 与 180 小时：240 小时。", "Two instruments with 300 h and 180 h for others: 240 h."),
        Quantities(external=480 * HOUR, instruments=2), Fraction(240),
    ),
    "sharing_rate": Example(
        Sentence("1,440 小时中对外 240 小时：16.7 %（2019 年全国，公布为 16 %）。", "240 h of 1,440 h: 16.7 % (the nation in 2019, published as 16 %)."),
        Quantities(external=240 * HOUR, effective=1440 * HOUR), Fraction(1, 6),
    ),
    "utilisation_survey": Example(
        Sentence("1 台仪器 1,440 小时：90 %。", "One instrument with 1,440 h: 90 %."),
        Quantities(effective=1440 * HOUR, instruments=1), Fraction(9, 10),
    ),
    "utilisation_moe": Example(
        Sentence("通用仪器 1,120 小时：80 %；1,600 小时：100 %。", "A general instrument with 1,120 h: 80 %; with 1,600 h: 100 %."),
        Quantities(capped=1120 * HOUR, quota=1400, instruments=1), Fraction(8, 10),
    ),
    "utilisation_offered": Example(
        Sentence("开放 1,800 小时，使用 900 小时：50 %。", "900 h used of 1,800 h offered: 50 %."),
        Quantities(used=900 * HOUR, opening=1800 * HOUR), Fraction(1, 2),
    ),
    "booked_offered": Example(
        Sentence("开放 1,800 小时，预约 1,200 小时：66.7 %。", "1,200 h booked of 1,800 h offered: 66.7 %."),
        Quantities(booked=1200 * HOUR, opening=1800 * HOUR), Fraction(2, 3),
    ),
    "open_rate": Example(
        Sentence("50 台中 45 台可预约或送样：90 %。", "45 of 50 instruments accept bookings or samples: 90 %."),
        Quantities(opened=45, instruments=50), Fraction(9, 10),
    ),
    "coverage": Example(
        Sentence("应入网 50 台，已入网 40 台：80 %。", "40 of 50 instruments are on the network: 80 %."),
        Quantities(on_network=40, in_register=50), Fraction(4, 5),
    ),
    "income_yield": Example(
        Sentence(
            "对内 6 万元、对外 4 万元，原值 100 万元：(6 + 1.5 × 4) ÷ 100 = 12 %。",
            "60,000 yuan internal, 40,000 external, value 1,000,000: (60,000 + 1.5 × 40,000) ÷ 1,000,000 = 12 %.",
        ),
        Quantities(income=100_000 * YUAN, external_income=40_000 * YUAN, value=1_000_000 * YUAN), Fraction(12, 100),
    ),
    "satisfaction": Example(
        Sentence("20 次评价中 18 次满意：90 %，n = 20。", "18 of 20 ratings are satisfied: 90 %, n = 20."),
        Quantities(satisfied=18, rated=20), Fraction(9, 10),
    ),
    "down_share": Example(
        Sentence("占用 100 小时，仍开放 1,900 小时：5 %。", "100 h lost, 1,900 h still offered: 5 %."),
        Quantities(down_open=100 * HOUR, opening=1900 * HOUR), Fraction(1, 20),
    ),
    "no_show_share": Example(
        Sentence("预约 1,200 小时，未到场 30 小时：2.5 %。", "30 h missed of 1,200 h booked: 2.5 %."),
        Quantities(no_show=30 * HOUR, booked=1200 * HOUR), Fraction(1, 40),
    ),
}  # fmt: skip
