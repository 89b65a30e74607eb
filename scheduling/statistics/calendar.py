"""Local days, and how an amount that belongs to a stretch of time is shared among them so that the parts make the whole, exactly."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache

from instruments.timespan import TimeSpan, at_wall, zone

A_DAY = timedelta(days=1)


class Days:
    """The local days of a zone from one date up to another, each with the instant at which it begins."""

    def __init__(self, first: date, until: date, time_zone: str) -> None:
        tz = zone(time_zone)
        self.dates = [first + A_DAY * number for number in range((until - first).days)]
        self.starts = [at_wall(day, 0, tz) for day in [*self.dates, until]]
        self.texts = [day.isoformat() for day in self.dates]

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def window(self) -> TimeSpan:
        """Give the time from the first day's beginning to the last one's end."""
        return TimeSpan(self.starts[0], self.starts[-1])

    def index(self, at: datetime) -> int | None:
        """Give the number of the day an instant lies on, or None outside."""
        number = bisect_right(self.starts, at) - 1
        return number if 0 <= number < len(self.dates) else None

    def shares(self, amount: int, start: datetime, end: datetime) -> Iterator[tuple[int, int]]:
        """Share an amount of [start, end) among the days it meets, in proportion to time: (number of the day, its part).

        Each day gets what has come up by its end less what had come up before, in whole units: all parts together are the amount, also
        where a use reaches over midnights, month ends or the hour that the clocks skip. Example: 61 minutes, half before midnight: 30 + 31.
        """
        starts = self.starts
        number = bisect_right(starts, start) - 1
        if 0 <= number < len(self.dates) and end <= starts[number + 1]:
            yield number, amount
            return
        whole, number = end - start, max(number, 0)
        told = (max(start, starts[0]) - start) * amount // whole
        while number < len(self.dates) and starts[number] < end:
            come_up = (min(end, starts[number + 1]) - start) * amount // whole
            yield number, come_up - told
            told, number = come_up, number + 1


@lru_cache(maxsize=256)
def local_days(first: date, until: date, time_zone: str) -> Days:
    """Give the days of a zone; a rebuild asks for the same ones again and again."""
    return Days(first, until, time_zone)


def first_of_month(day: date) -> date:
    """Give the first day of a date's month."""
    return day.replace(day=1)


def month_later(first: date, months: int = 1) -> date:
    """Give the first day of a month some months later, or earlier."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def months_between(first: date, until: date) -> int:
    """Count the months from one first of a month up to another."""
    return (until.year - first.year) * 12 + until.month - first.month
