"""The time a report is about: whole months, most often a calendar year, a school year or a quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from instruments.errors import Invalid, Sentence
from instruments.timespan import zone
from scheduling.statistics.calendar import month_later, months_between

FIRST_YEAR, LAST_YEAR = 1990, 2200
MOST_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Period:
    """Months from one first of a month up to another."""

    first: date
    until: date

    @property
    def months(self) -> int:
        """Give the number of months."""
        return months_between(self.first, self.until)

    @property
    def years(self) -> Fraction:
        """Give the share of a year it is: 1 for a year, 1/12 for a month."""
        return Fraction(self.months, 12)

    @property
    def is_year(self) -> bool:
        """Say whether it is exactly a calendar year."""
        return self.first.month == 1 and self.months == 12

    @property
    def title(self) -> Sentence:
        """Name it in words."""
        if self.is_year:
            return Sentence(f"{self.first.year} 年", str(self.first.year))
        if self.first.month == 9 and self.months == 12:
            years = f"{self.first.year}–{self.first.year + 1}"
            return Sentence(f"{years} 学年", f"school year {years}")
        last = month_later(self.until, -1)
        if self.months == 1:
            return Sentence(f"{self.first:%Y-%m}", f"{self.first:%Y-%m}")
        return Sentence(f"{self.first:%Y-%m} 至 {last:%Y-%m}", f"{self.first:%Y-%m} to {last:%Y-%m}")

    def is_over(self, today: date) -> bool:
        """Say whether all of it lies in the past."""
        return self.until <= today


def year(number: int) -> Period:
    """Give a calendar year; Invalid for one that cannot be meant."""
    check_year(number)
    return Period(date(number, 1, 1), date(number + 1, 1, 1))


def school_year(number: int) -> Period:
    """Give the school year that begins on 1 September of a year and ends on 31 August (教高司条函[2000]010号)."""
    check_year(number)
    return Period(date(number, 9, 1), date(number + 1, 9, 1))


def quarter(number: int, which: int) -> Period:
    """Give a quarter of a calendar year, 1 to 4."""
    check_year(number)
    if which not in (1, 2, 3, 4):
        raise Invalid("quarter", Sentence("季度须为 1 到 4。", "A quarter is 1 to 4."))
    first = date(number, 3 * which - 2, 1)
    return Period(first, month_later(first, 3))


def months(first: date, until: date) -> Period:
    """Give the months from one day's up to another's; at most ten years."""
    period = Period(first.replace(day=1), until.replace(day=1))
    if not 1 <= period.months <= MOST_MONTHS:
        raise Invalid("until", Sentence("时间范围须为 1 到 120 个月。", "Choose 1 to 120 months."))
    return period


def check_year(number: int) -> None:
    """Refuse a year that cannot be meant."""
    if not FIRST_YEAR <= number < LAST_YEAR:
        raise Invalid(
            "year", Sentence(f"年份须在 {FIRST_YEAR} 到 {LAST_YEAR - 1} 之间。", f"The year must lie between {FIRST_YEAR} and {LAST_YEAR - 1}.")
        )


def this_year(now: datetime) -> int:
    """Give the year that it is in China, where the network's own clock goes."""
    return now.astimezone(zone("Asia/Shanghai")).year
