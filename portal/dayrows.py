"""The rows of a day table: how many minutes a row stands for, which rows there are, and what happens to them when the clocks change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import gcd
from zoneinfo import ZoneInfo

from instruments.timespan import TimeSpan, at_wall, local_days
from portal.stretches import Mark, Times

FINEST = 15
DAYTIME = (8 * 60, 18 * 60)

Key = tuple[int, int]
"""A row: the minute of the wall clock, and 1 where the clock shows it for the second time on that day."""


@dataclass(frozen=True, slots=True)
class DayRows:
    """One local day cut into units: the row of each unit, in the order of time."""

    on: date
    span: TimeSpan
    keys: tuple[Key, ...]
    unit: timedelta

    def index(self, instant: datetime) -> int:
        """Count the units from the beginning of the day to an instant."""
        return (instant - self.span.start) // self.unit


def whole_days(window: TimeSpan, zone: ZoneInfo) -> list[tuple[date, TimeSpan]]:
    """Give the whole local days that a window touches."""
    first, last = window.start.astimezone(zone).date(), (window.end - timedelta(microseconds=1)).astimezone(zone).date()
    whole = TimeSpan(at_wall(first, 0, zone), at_wall(last + timedelta(days=1), 0, zone))
    return list(local_days(whole, zone))


def row_minutes(step: int, times: Times, days: Sequence[tuple[date, TimeSpan]], zone: ZoneInfo) -> int:
    """Choose the minutes of a row: as many as the step, the days and the edges allow; edges go down to a quarter of an hour."""
    coarse = gcd(step, 60, *(span.minutes for _, span in days))
    shown = [*times.open_spans, *times.busy, *times.holds, *(mark.span for mark in (*times.mine, *times.closures))]
    edges = {edge for span in shown for edge in (span.start, span.end)}
    if coarse <= FINEST or all(snapped(edge, coarse, zone, up=False) == edge for edge in edges):
        return coarse
    return gcd(coarse, FINEST)


def snapped(instant: datetime, unit: int, zone: ZoneInfo, up: bool) -> datetime:
    """Move an instant down or up to the edge of a row, counted from its local midnight."""
    midnight = _midnight(instant.astimezone(zone).date(), zone)
    whole, rest = divmod(instant - midnight, timedelta(minutes=unit))
    return midnight + (whole + (1 if up and rest else 0)) * timedelta(minutes=unit)


@lru_cache(maxsize=1024)
def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return at_wall(on, 0, zone)


def times_within(times: Times, window: TimeSpan) -> Times:
    """Leave out what lies wholly outside a window."""

    def touching(spans: Iterable[TimeSpan]) -> list[TimeSpan]:
        return [span for span in spans if span.overlaps(window)]

    def marking(marks: Iterable[Mark]) -> list[Mark]:
        return [mark for mark in marks if mark.span.overlaps(window)]

    return Times(
        touching(times.open_spans),
        touching(times.busy),
        marking(times.mine),
        touching(times.holds),
        marking(times.closures),
        times.capacity,
    )


def snapped_times(times: Times, unit: int, zone: ZoneInfo) -> Times:
    """Widen what takes time and narrow what is open to whole rows."""

    def wide(span: TimeSpan) -> TimeSpan:
        return TimeSpan(snapped(span.start, unit, zone, up=False), snapped(span.end, unit, zone, up=True))

    def drawn(marks: Iterable[Mark]) -> list[Mark]:
        return [replace(mark, drawn=wide(mark.span)) for mark in marks]

    inner = [(snapped(span.start, unit, zone, up=True), snapped(span.end, unit, zone, up=False)) for span in times.open_spans]
    return replace(
        times,
        open_spans=[TimeSpan(start, end) for start, end in inner if start < end],
        busy=[wide(span) for span in times.busy],
        holds=[wide(span) for span in times.holds],
        mine=drawn(times.mine),
        closures=drawn(times.closures),
    )


def day_rows(on: date, span: TimeSpan, unit: int, zone: ZoneInfo) -> DayRows:
    """Cut a day into units; an hour the clock repeats gets rows of its own, one it jumps over gets none."""
    seen: set[int] = set()
    keys: list[Key] = []
    for i in range(span.minutes // unit):
        local = (span.start + timedelta(minutes=i * unit)).astimezone(zone)
        minute = local.hour * 60 + local.minute
        keys.append((minute, int(minute in seen)))
        seen.add(minute)
    return DayRows(on, span, tuple(keys), timedelta(minutes=unit))


def axis(days: Sequence[DayRows], times: Times) -> list[Key]:
    """Give the rows of the table: whole hours from the first to the last in which anything is open or taken on any of the days."""
    taken = [*times.open_spans, *times.busy, *times.holds, *(mark.place for mark in times.mine)]
    hours = [hour for each in days for span in taken for hour in _hours(each, span)]
    first, last = (min(hours) * 60, max(hours) * 60 + 60) if hours else DAYTIME
    longest = max(days, key=lambda each: len(each.keys))
    return [key for key in longest.keys if first <= key[0] < last]


def _hours(each: DayRows, span: TimeSpan) -> Iterable[int]:
    """Give the first and the last hour of the clock that a span touches on a day."""
    part = span.clipped(each.span)
    if part:
        first, last = each.index(part.start), each.index(part.end - timedelta(microseconds=1))
        minutes = [minute for minute, _ in each.keys[first : last + 1]]
        yield from (min(minutes) // 60, max(minutes) // 60)
