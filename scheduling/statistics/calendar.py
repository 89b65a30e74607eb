"""Local days, and how an amount that belongs to a stretch of time is shared among them so that the parts make the whole, exactly.

Instants are whole microseconds here, as numbers: a rebuild compares millions of them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from instruments.timespan import TimeSpan, at_wall, zone

A_DAY = timedelta(days=1)
EPOCH, A_MICROSECOND, A_MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1), 60_000_000


def instant(at: datetime) -> int:
    """Give the microseconds since 1970."""
    return (at - EPOCH) // A_MICROSECOND


class Days:
    """The local days of a zone from one date up to another, each with the instant at which it begins."""

    def __init__(self, first: date, until: date, time_zone: str) -> None:
        tz = zone(time_zone)
        self.dates = [first + A_DAY * number for number in range((until - first).days)]
        begins = [at_wall(day, 0, tz) for day in [*self.dates, until]]
        self.window = TimeSpan(begins[0], begins[-1])
        self.starts = [instant(at) for at in begins]
        self.texts = [day.isoformat() for day in self.dates]
        self.months = [f"{text[:7]}-01" for text in self.texts]
        self.bits = [1 << day.month - 1 for day in self.dates]
        self._marks = [start // A_MINUTE for start in self.starts]

    def __len__(self) -> int:
        return len(self.dates)

    def index(self, at: int) -> int | None:
        """Give the number of the day an instant lies on, or None outside."""
        number = bisect_right(self.starts, at) - 1
        return number if 0 <= number < len(self.dates) else None

    def whole(self, span: TimeSpan) -> tuple[int, int]:
        """Give the numbers of the first day that lies wholly within a span, and of the first after it that does not."""
        first = bisect_left(self.starts, instant(span.start))
        return first, max(first, bisect_right(self.starts, instant(span.end)) - 1)

    def edges(self, span: TimeSpan) -> list[TimeSpan]:
        """Give what of a span within these days lies outside its whole days: at most a part of its first day, and one of its last."""
        first, last = self.whole(span)
        if first == last:
            return [span]
        begin, end = (EPOCH + self.starts[number] * A_MICROSECOND for number in (first, last))
        return [TimeSpan(start, until) for start, until in ((span.start, begin), (end, span.end)) if start < until]

    def minutes(self, span: TimeSpan) -> Iterator[tuple[int, int]]:
        """Give the minutes of a span on each day it meets, counted by the marks of the clock: (number of the day, minutes).

        What is cut into pieces, at whatever second, has in all its pieces the minutes it had in one: the window it is looked at in is of no
        account. Example: 10:00:50 to 10:02:10 has two minutes, and has them still when it is cut at 10:01:30.
        """
        marks, begin, end = self._marks, instant(span.start) // A_MINUTE, instant(span.end) // A_MINUTE
        number = max(bisect_right(marks, begin) - 1, 0)
        while number < len(self.dates) and marks[number] < end:
            part = min(end, marks[number + 1]) - max(begin, marks[number])
            if part > 0:
                yield number, part
            number += 1

    def shares(self, amount: int, start: int, end: int) -> Iterator[tuple[int, int]]:
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
