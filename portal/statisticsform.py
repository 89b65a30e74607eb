"""What somebody asks of the statistics: the time, the grouping, what is left out, what it is compared with. Read from the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from instruments.errors import Invalid, Sentence
from portal.figureparts import FRACTIONS, RANKED
from portal.links import LARGEST_KEY
from scheduling.statistics.calendar import month_later
from scheduling.statistics.change import shifted
from scheduling.statistics.periods import Period, check_year, months, quarter, school_year, this_year, year
from scheduling.statistics.reports import BY
from scheduling.statistics.scope import THRESHOLD, Scope

SPANS = {
    "year": Sentence("全年", "Calendar year"),
    "school": Sentence("学年（9 月起）", "School year (from September)"),
    "q1": Sentence("第一季度", "First quarter"),
    "q2": Sentence("第二季度", "Second quarter"),
    "q3": Sentence("第三季度", "Third quarter"),
    "q4": Sentence("第四季度", "Fourth quarter"),
    "months": Sentence("指定月份", "Months from … to"),
}
QUOTAS = {"": Sentence("全部", "all"), "general": Sentence("通用", "general"), "dedicated": Sentence("专用", "dedicated")}
SHOWN: Mapping[str, tuple[Sentence, tuple[str, ...]]] = {
    "main": (
        Sentence("概要", "Overview"),
        (
            "instruments", "mean_effective_hours", "mean_external_hours", "sharing_rate", "utilisation_survey", "utilisation_moe",
            "utilisation_offered", "open_rate",
        ),
    ),
    "sharing": (
        Sentence("共享", "Sharing"),
        (
            "instruments", "effective_minutes", "external_minutes", "sharing_rate", "mean_external_hours", "open_rate", "coverage", "users",
            "external_users",
        ),
    ),
    "use": (
        Sentence("机时", "Hours"),
        (
            "opening_minutes", "booked_minutes", "used_minutes", "effective_minutes", "utilisation_survey", "utilisation_moe",
            "utilisation_offered", "booked_offered", "down_share", "no_show_share",
        ),
    ),
    "service": (
        Sentence("服务", "Service"),
        ("uses", "external_uses", "samples", "runs", "income", "external_income", "income_yield", "rated", "satisfaction"),
    ),
}  # fmt: skip
PARTS = "parts"  # what one indicator is made of, instead of a fixed choice of columns
LEASTS = ("300000", "500000", "1000000", "2000000", "5000000")
NAMES = ("year", "span", "from", "to", "organisation", "facility", "category", "city", "least", "quota", "against", "by", "show", "sort")
USUAL_MEASURE = "sharing_rate"
MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `given` is what the address said of it, to be carried on; `against` the time to compare with."""

    period: Period
    span: str
    by: str
    scope: Scope
    against: Period | None
    show: str
    sort: str
    page: int
    given: Mapping[str, str]

    @property
    def measure(self) -> str:
        """Give the column the rows are ranked by."""
        return self.sort.removeprefix("-")

    @property
    def asked(self) -> str:
        """Give the column somebody has chosen to look at, or nothing where none was."""
        return self.measure if self.given.get("sort", "") == self.sort and self.measure != "label" else ""

    @property
    def is_down(self) -> bool:
        """Say whether the highest come first."""
        return self.sort.startswith("-")

    def address(self, **changes: object) -> dict[str, str]:
        """Give what an address of the same question says, with some of it changed; None takes a part out."""
        merged = {**self.given, **{key.removesuffix("_"): value for key, value in changes.items()}}
        return {key: str(value) for key, value in merged.items() if value not in (None, "")}


def read_wanted(args: Mapping[str, str], now: datetime) -> Wanted:
    """Read what is asked for; Invalid where it cannot be meant. Choices that do not exist are as if nothing had been chosen."""
    given = {name: text for name in NAMES if (text := args.get(name, "").strip()[:100])}
    asked = _number(given.get("year", ""), "year")
    number = this_year(now) if asked is None else asked
    span = given.get("span", "") if given.get("span", "") in SPANS else "year"
    period = _period(span, number, given)
    by = given.get("by", "") if given.get("by", "") in BY else "organisation"
    sort = _sort(given, by)
    return Wanted(period, span, by, _scope(given), _against(given, period), _show(given, sort), sort, _page(args.get("page", "")), given)


def _show(given: Mapping[str, str], sort: str) -> str:
    text = given.get("show", "")
    return text if text in SHOWN or (text == PARTS and sort.removeprefix("-") in FRACTIONS) else "main"


def _period(span: str, number: int, given: Mapping[str, str]) -> Period:
    if span == "school":
        return school_year(number)
    if span == "months":
        first = _month(given.get("from", ""), "from") or date(_checked(number), 1, 1)
        last = _month(given.get("to", ""), "to") or date(first.year, 12, 1)
        return months(first, month_later(last))
    return quarter(number, int(span[1])) if span.startswith("q") else year(number)


def _checked(number: int) -> int:
    check_year(number)
    return number


def _against(given: Mapping[str, str], period: Period) -> Period | None:
    text = given.get("against", "")
    if not text:
        return None
    number = _checked(_number(text, "against") or 0)
    return shifted(period, number - period.first.year) if number != period.first.year else None


def _scope(given: Mapping[str, str]) -> Scope:
    return Scope(
        organisation_id=_number(given.get("organisation", ""), "organisation"),
        facility_id=_number(given.get("facility", ""), "facility"),
        category=given.get("category", ""),
        city=given.get("city", "").replace("\x00", ""),
        least_value=_least(given.get("least", "")),
        is_dedicated={"general": False, "dedicated": True}.get(given.get("quota", "")),
    )


def _sort(given: Mapping[str, str], by: str) -> str:
    text = given.get("sort", "")
    if text.removeprefix("-") in (*RANKED, "label"):
        return text
    return "label" if by == "month" else f"-{USUAL_MEASURE}"


def _least(text: str) -> Decimal | None:
    if text == "all":
        return None
    if not text:
        return THRESHOLD
    try:
        least = Decimal(text)
    except InvalidOperation:
        least = Decimal(-1)
    if not least.is_finite() or not 0 <= least <= 10**12:
        raise Invalid("least", Sentence("原值下限须为不小于 0 的金额，或 all。", "The least value is an amount from 0 upwards, or “all”."))
    return least


def _number(text: str, field: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= LARGEST_KEY):
        raise Invalid(field, Sentence("这里须填一个数。", "This must be a number."))
    return int(text)


def _page(text: str) -> int:
    number = _number(text.strip(), "page") or 1
    if number > MOST_PAGES:
        raise Invalid("page", Sentence("没有这一页。", "There is no such page."))
    return number


def _month(text: str, field: str) -> date | None:
    return read_month(text, field) if text else None


def read_month(text: str, field: str = "month") -> date:
    """Read a month such as 2026-11; Invalid for one that cannot be meant."""
    try:
        found = date.fromisoformat(f"{text}-01") if len(text) == 7 else None
    except ValueError:
        found = None
    if found is None:
        raise Invalid(field, Sentence("月份应写作 2026-11。", "Write a month as 2026-11."))
    check_year(found.year)
    return found
