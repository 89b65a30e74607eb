"""What an indicator is made of: the sum above the line and the sum below it, as columns, so that a reader can divide for herself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from instruments.errors import Sentence
from instruments.money import from_fen
from portal.definitions import EXTRA
from portal.figurerows import BY_CODE, Column, Figure
from scheduling.statistics.indicators import EXTERNAL_WEIGHT, SURVEY_HOURS
from scheduling.statistics.quantities import SUMMED
from scheduling.statistics.reports import ReportRow


@dataclass(frozen=True, slots=True)
class Parts:
    """An indicator's two parts: what is divided, and by what."""

    above: Column
    below: Column

    @property
    def columns(self) -> tuple[Column, Column]:
        """Give both."""
        return self.above, self.below


def _none(_row: ReportRow) -> None:
    return None


def _part(code: str, title: Sentence, explained: Sentence, unit: str, figure: Callable[[ReportRow], Figure]) -> Column:
    return Column(code, title, explained, unit, figure, _none)


SURVEYED = _part(
    "survey_hours", Sentence("调查定额机时", "Hours of the survey"), Sentence("1600 小时 × 台数 × 年数", "1600 h × instruments × years"), "hours",
    lambda row: float(SURVEY_HOURS * row.years * row.quantities.instruments),
)  # fmt: skip
CAPPED = _part(
    "capped_minutes", Sentence("定额内有效机时", "Effective hours within the quota"),
    Sentence("有效机时之和，每台至多为其定额。", "Sum of effective hours, of each instrument at most its quota."), "minutes", lambda row: row.quantities.capped,
)  # fmt: skip
QUOTA = _part(
    "quota_hours", Sentence("定额机时", "Quota"),
    Sentence("每台每年通用 1400、专用及 04 类 800 小时", "1400 h a year for a general instrument, 800 h for a dedicated one or one of class 04"), "hours",
    lambda row: float(row.quantities.quota * row.years),
)  # fmt: skip
OPENED = _part("opened", *EXTRA["opened"], "", lambda row: row.quantities.opened)
ON_NETWORK = _part("on_network", *EXTRA["on_network"], "", lambda row: row.quantities.on_network)
IN_REGISTER = _part("in_register", *EXTRA["in_register"], "", lambda row: row.quantities.in_register)
WEIGHTED = _part(
    "weighted_income", Sentence("加权收入", "Weighted income"), Sentence("对内收入 + 1.5 × 对外收入", "Internal income + 1.5 × external income"), "yuan",
    lambda row: from_fen(round(row.quantities.income + (EXTERNAL_WEIGHT - 1) * row.quantities.external_income)),
)  # fmt: skip
VALUE = _part(
    "value", Sentence("仪器原值", "Original value"), Sentence("期间计入的各台原值之和", "Sum over the instruments counted"), "yuan",
    lambda row: row.quantities.yuan("value"),
)  # fmt: skip
OFFERED = _part(
    "offered_or_lost_minutes", Sentence("开放机时 + 占用", "Hours offered + lost"),
    Sentence("开放机时与故障维护占用的开放机时之和。", "Hours offered, and those of them lost to faults and maintenance."), "minutes",
    lambda row: row.quantities.opening + row.quantities.down_open,
)  # fmt: skip
EFFECTIVE, EXTERNAL, INSTRUMENTS = BY_CODE["effective_minutes"], BY_CODE["external_minutes"], BY_CODE["instruments"]

FRACTIONS: Mapping[str, Parts] = {
    "mean_effective_hours": Parts(EFFECTIVE, INSTRUMENTS),
    "mean_external_hours": Parts(EXTERNAL, INSTRUMENTS),
    "sharing_rate": Parts(EXTERNAL, EFFECTIVE),
    "utilisation_survey": Parts(EFFECTIVE, SURVEYED),
    "utilisation_moe": Parts(CAPPED, QUOTA),
    "utilisation_offered": Parts(BY_CODE["used_minutes"], BY_CODE["opening_minutes"]),
    "booked_offered": Parts(BY_CODE["booked_minutes"], BY_CODE["opening_minutes"]),
    "open_rate": Parts(OPENED, INSTRUMENTS),
    "coverage": Parts(ON_NETWORK, IN_REGISTER),
    "income_yield": Parts(WEIGHTED, VALUE),
    "satisfaction": Parts(BY_CODE["satisfied"], BY_CODE["rated"]),
    "down_share": Parts(BY_CODE["down_open_minutes"], OFFERED),
    "no_show_share": Parts(BY_CODE["no_show_minutes"], BY_CODE["booked_minutes"]),
}
PARTS: Mapping[str, Column] = {column.code: column for one in FRACTIONS.values() for column in one.columns if column.code not in BY_CODE}
RANKED: Mapping[str, Column] = {**BY_CODE, **PARTS}

_SUMMED = frozenset(column.code for column in BY_CODE.values() if column.code.removesuffix("_minutes") in SUMMED) | {OFFERED.code}
DAILY = _SUMMED | {code for code, one in FRACTIONS.items() if {column.code for column in one.columns} <= _SUMMED}
"""What has a figure for a single day of an instrument: what adds up over days, and the shares of it."""


def base_of(code: str) -> str:
    """Give the quantity by which rows can be ordered where they are stored, if there is one: the sum above the line of an indicator."""
    above = FRACTIONS[code].above.code if code in FRACTIONS else code
    name = above.removesuffix("_minutes")
    return name if name in SUMMED else "effective"


def is_summed(code: str) -> bool:
    """Say whether a column is kept as it is, so that any number of rows can be ordered by it."""
    return code.removesuffix("_minutes") in SUMMED
