"""A closing cycle: the whole months that one closing covers, told by the first of them. Nothing here asks the database."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from instruments.errors import Sentence
from instruments.timespan import TimeSpan, at_wall, zone

LENGTHS = {
    1: Sentence("每月", "Every month"),
    3: Sentence("每季度", "Every quarter"),
    6: Sentence("每半年", "Every half-year"),
    12: Sentence("每年", "Every year"),
}
# What the database holds a number of months against.
LENGTHS_SQL = f"months IN ({', '.join(str(months) for months in LENGTHS)})"


@dataclass(frozen=True, slots=True)
class Cycle:
    """So many months from the first day of one on."""

    first: date
    months: int = 1

    @property
    def until(self) -> date:
        """Give the first day after it."""
        return months_later(self.first, self.months)

    @property
    def last_day(self) -> date:
        """Give its last day."""
        return self.until - timedelta(days=1)

    @property
    def last_month(self) -> date:
        """Give the first day of its last month."""
        return months_later(self.first, self.months - 1)

    @property
    def code(self) -> str:
        """Write it for names of files and terminals: 2026-10, or 2026-07_2026-09."""
        return f"{self.first:%Y-%m}" if self.months == 1 else f"{self.first:%Y-%m}_{self.last_month:%Y-%m}"

    @property
    def words(self) -> Sentence:
        """Write it within a sentence: 2026-10, or 2026-07 to 2026-09."""
        if self.months == 1:
            return Sentence(self.code, self.code)
        return Sentence(f"{self.first:%Y-%m} 至 {self.last_month:%Y-%m}", f"{self.first:%Y-%m} to {self.last_month:%Y-%m}")

    def span(self, time_zone: str) -> TimeSpan:
        """Give it by an organisation's own clock."""
        tz = zone(time_zone)
        return TimeSpan(at_wall(self.first, 0, tz), at_wall(self.until, 0, tz))


@dataclass(frozen=True, slots=True)
class Plan:
    """By which cycles is closed: the first cycle after every change, in their order. Until the first change each month is one."""

    steps: tuple[Cycle, ...] = ()

    def cycle_of(self, day: date) -> Cycle:
        """Give the cycle a day lies in.

        >>> Plan((Cycle(date(2026, 7, 1), 3),)).cycle_of(date(2026, 12, 24))
        Cycle(first=datetime.date(2026, 10, 1), months=3)
        """
        step = next((one for one in reversed(self.steps) if one.first <= day), Cycle(day.replace(day=1)))
        gone = _count(day) - _count(step.first)
        return Cycle(months_later(step.first, gone - gone % step.months), step.months)

    def first_from(self, day: date) -> date:
        """Give the day itself where a cycle begins with it, or else the day after the end of the one it lies in."""
        running = self.cycle_of(day)
        return day if running.first == day else running.until

    def changed(self, step: Cycle) -> Plan:
        """Give the plan after one more change, which takes the place of all that had not begun by its first day."""
        return Plan((*(one for one in self.steps if one.first < step.first), step))


def plan_from(changes: Iterable[Cycle]) -> Plan:
    """Give the plan that changes make of each other, in the order in which they were chosen."""
    plan = Plan()
    for one in changes:
        plan = plan.changed(one)
    return plan


def months_later(first: date, months: int) -> date:
    """Give the first day of the month so many months after a day's, or before it.

    >>> months_later(date(2026, 11, 1), 3)
    datetime.date(2027, 2, 1)
    """
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def _count(day: date) -> int:
    return day.year * 12 + day.month
