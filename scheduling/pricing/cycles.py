"""The windows over which caps and tiers add up, on the instrument's wall clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from instruments.timespan import TimeSpan, at_wall
from scheduling.pricing.use import Need
from scheduling.pricing.values import Cycle

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def window_at(cycle: Cycle, at: datetime, tz: ZoneInfo) -> TimeSpan:
    """Give the window of a cycle in which an instant lies."""
    minute = cycle.starts_minute if cycle.every == "day" else 0
    first, after = _dates(cycle, at.astimezone(tz).date())
    if at < at_wall(first, minute, tz):
        first, after = _dates(cycle, first - timedelta(days=1))
    return TimeSpan(at_wall(first, minute, tz), at_wall(after, minute, tz))


def windows(cycle: Cycle, spans: Sequence[TimeSpan], tz: ZoneInfo) -> list[TimeSpan]:
    """Give every window of a cycle that the spans reach, in order."""
    found: list[TimeSpan] = []
    at = spans[0].start if spans else None
    while at is not None and at < spans[-1].end:
        window = window_at(cycle, at, tz)
        found.append(window)
        at = window.end
    return found


def need_of(cycle: Cycle, what: str, window: TimeSpan) -> Need:
    """Give the figure of history that a cycle asks for one window."""
    return Need("hours" if what == "hours" else "spend", cycle.per, window.start, window.end, cycle.across)


def _dates(cycle: Cycle, day: date) -> tuple[date, date]:
    """Give the first date of the window a date lies in, and that of the next."""
    if cycle.every in ("day", "week"):
        length = 1 if cycle.every == "day" else 7
        first = day - timedelta(days=day.weekday() if length == 7 else 0)
        return first, first + timedelta(days=length)
    months = MONTHS[cycle.every]
    back = (day.month - cycle.starts_month) % months if cycle.every != "month" else 0
    return _month(day, -back), _month(day, months - back)


def _month(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)
