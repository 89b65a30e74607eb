"""The times returns are made for: quarters, years and school years (1 September to 31 August), by whoever's own clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from instruments.errors import Invalid, OutOfOrder, Sentence
from instruments.timespan import TimeSpan, at_wall, zone

FIRST_YEAR, LAST_YEAR = 2000, 2199
MONTHS = {"quarter": 3, "year": 12, "school_year": 12}
_WRITTEN = {
    "quarter": re.compile(r"(\d{4})-Q([1-4])"), "year": re.compile(r"(\d{4})()"), "school_year": re.compile(r"(\d{4})-(\d{4})"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter, a year or a school year, as local days [start, end)."""

    kind: str
    start: date

    @property
    def end(self) -> date:
        """Give the first day after it."""
        return add_months(self.start, MONTHS[self.kind])

    @property
    def code(self) -> str:
        """Write it as addresses and files do: 2026-Q3, 2026, 2025-2026."""
        year = self.start.year
        return {"quarter": f"{year}-Q{(self.start.month + 2) // 3}", "year": f"{year}", "school_year": f"{year}-{year + 1}"}[self.kind]

    @property
    def name(self) -> Sentence:
        """Write it for people."""
        year, number = self.start.year, (self.start.month + 2) // 3
        return {
            "quarter": Sentence(f"{year}年第{number}季度", f"Quarter {number} of {year}"),
            "year": Sentence(f"{year}年", f"{year}"),
            "school_year": Sentence(f"{year}-{year + 1}学年", f"School year {year}-{year + 1}"),
        }[self.kind]

    @property
    def before(self) -> Period:
        """Give the one before."""
        return Period(self.kind, add_months(self.start, -MONTHS[self.kind]))

    @property
    def months(self) -> list[date]:
        """Give the first days of its months."""
        return [add_months(self.start, number) for number in range(MONTHS[self.kind])]

    def span(self, time_zone: str) -> TimeSpan:
        """Give it by a clock."""
        tz = zone(time_zone)
        return TimeSpan(at_wall(self.start, 0, tz), at_wall(self.end, 0, tz))


def add_months(first: date, months: int) -> date:
    """Give the first of a month so many months on.

    >>> add_months(date(2026, 11, 1), 3)
    datetime.date(2027, 2, 1)
    """
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def read_period(kind: str, text: str) -> Period:
    """Read 2026-Q3, 2026 or 2025-2026 as a period of a kind; Invalid for anything else."""
    found = _WRITTEN[kind].fullmatch(text.strip()) if text.isascii() else None
    year = int(found[1]) if found else 0
    if found is None or not FIRST_YEAR <= year <= LAST_YEAR or (kind == "school_year" and int(found[2]) != year + 1):
        raise Invalid("period", Sentence("请选择报送时段。", "Choose what time it is for."))
    return Period(
        kind, date(year, {"quarter": int(found[2] or 1) * 3 - 2 if kind == "quarter" else 1, "year": 1, "school_year": 9}[kind], 1)
    )


def last_over(kind: str, now: datetime, time_zone: str) -> Period:
    """Give the last period of a kind that is over by a clock."""
    today = now.astimezone(zone(time_zone)).date()
    if kind == "quarter":
        running = Period(kind, date(today.year, (today.month - 1) // 3 * 3 + 1, 1))
    elif kind == "year":
        running = Period(kind, date(today.year, 1, 1))
    else:
        running = Period(kind, date(today.year - (today.month < 9), 9, 1))
    return running.before


def check_over(period: Period, now: datetime, time_zone: str) -> None:
    """Refuse a period that is not over by a clock."""
    if now < period.span(time_zone).end:
        name = period.name
        raise OutOfOrder(Sentence(f"{name.zh}尚未结束，不能生成报送。", f"{name.en} is not over yet; no return is made for it."))
