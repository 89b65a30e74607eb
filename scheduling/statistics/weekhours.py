"""The week of instruments, hour by hour of their own clocks: what was offered, booked, used and missed, out of the raw rows of a window."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from instruments.errors import Invalid, Sentence
from instruments.holidays import SpecialDay
from instruments.lanes import lanes_on
from instruments.opening import days_around, planned_spans
from instruments.timespan import TimeSpan, common, merged, minus, zone
from scheduling.statistics import gathering
from scheduling.statistics.calendar import A_MICROSECOND, EPOCH
from scheduling.statistics.counting import PUBLISHED, spans_in
from scheduling.statistics.gathering import KEPT, Subject

CELLS = 7 * 24
WIDEST = timedelta(days=370)
MOST_INSTRUMENTS = 50
MEASURES: Mapping[str, Sentence] = {
    "used": Sentence("使用", "Used"), "booked": Sentence("预约", "Booked"), "offered": Sentence("开放", "Offered")
}  # fmt: skip


def _empty() -> list[int]:
    return [0] * CELLS


@dataclass(slots=True)
class WeekHours:
    """Minutes by weekday and hour (cell = weekday x 24 + hour), summed over a window; bookings and those missed, by the cell they begin in."""

    offered: list[int] = field(default_factory=_empty)
    booked: list[int] = field(default_factory=_empty)
    used: list[int] = field(default_factory=_empty)
    bookings: list[int] = field(default_factory=_empty)
    missed: list[int] = field(default_factory=_empty)

    def __add__(self, other: WeekHours) -> WeekHours:
        """Add two weeks up, cell by cell."""
        names = ("offered", "booked", "used", "bookings", "missed")
        return WeekHours(*([a + b for a, b in zip(getattr(self, one), getattr(other, one), strict=True)] for one in names))


def week_hours(session: Session, instrument_ids: Collection[int], window: TimeSpan) -> dict[int, WeekHours]:
    """Give each instrument's week over a window of at most a year; eight statements however many instruments, of which there are at most 50."""
    if window.duration > WIDEST:
        raise Invalid("until", Sentence("时间范围不能超过一年。", "A window may be at most a year wide."))
    if len(instrument_ids) > MOST_INSTRUMENTS:
        raise Invalid("instrument", Sentence(f"一次最多 {MOST_INSTRUMENTS} 台仪器。", f"At most {MOST_INSTRUMENTS} instruments at a time."))
    found = {one: WeekHours() for one in instrument_ids}
    if not found:
        return found
    zones = _count_offered(session, found, window)
    for one, start, end, _, _, _, mode, *_ in gathering.uses(session, instrument_ids, window):
        if mode != "maintenance" and (part := _span(start, end).clipped(window)):
            spread(found[one].used, part, zones[one])
    for one, _, start, end, status in gathering.bookings(session, instrument_ids, window):
        if status in KEPT:
            _count_booking(found[one], _span(start, end), status, window, zones[one])
    return found


def _span(start: int, end: int) -> TimeSpan:
    return TimeSpan(EPOCH + start * A_MICROSECOND, EPOCH + end * A_MICROSECOND)


def _count_booking(hours: WeekHours, span: TimeSpan, status: str, window: TimeSpan, tz: ZoneInfo) -> None:
    part = span.clipped(window)
    if part:
        spread(hours.booked, part, tz)
    if window.has(span.start):
        local = span.start.astimezone(tz)
        cell = local.weekday() * 24 + local.hour
        hours.bookings[cell] += 1
        hours.missed[cell] += status == "no_show"


def _count_offered(session: Session, found: Mapping[int, WeekHours], window: TimeSpan) -> dict[int, ZoneInfo]:
    """Count what was offered, less closures; instruments that keep the same hours are worked out once. Gives each one's zone."""
    special = days_around(session, window)
    known: dict[object, tuple[list[TimeSpan], list[int]]] = {}
    zones: dict[int, ZoneInfo] = {}
    for one in gathering.subjects(session, list(found), window):
        tz = zones[one.id] = zone(one.time_zone)
        key = one.plans, one.time_zone, tuple(spans_in(one, PUBLISHED, window))
        if key not in known:
            known[key] = _planned(one, special, window, tz)
        planned, cells = known[key]
        lost = _empty()
        closed = merged(span for _, span in one.closed(window))
        for part in common(planned, closed):
            spread(lost, part, tz)
        if not one.lane_counts:
            found[one.id].offered = [(all_of - less) * one.lanes for all_of, less in zip(cells, lost, strict=True)]
        else:
            for part in minus(planned, closed):
                spread(found[one.id].offered, part, tz, one)
    return zones


def _planned(one: Subject, special: Mapping[date, SpecialDay], window: TimeSpan, tz: ZoneInfo) -> tuple[list[TimeSpan], list[int]]:
    spans = common(planned_spans(one.plans, special, window, tz), spans_in(one, PUBLISHED, window))
    cells = _empty()
    for span in spans:
        spread(cells, span, tz)
    return spans, cells


def spread(cells: list[int], span: TimeSpan, tz: ZoneInfo, lanes_of: Subject | None = None) -> None:
    """Add the minutes of a span to the hours of the local week it lies in; with a subject, times the places it had on each day."""
    at, end = span.start, span.end
    while at < end:
        local = at.astimezone(tz)
        until = min(end, at + timedelta(minutes=60 - local.minute, seconds=-local.second))
        minutes = round((until - at).total_seconds() / 60)
        times = lanes_on(local.date(), lanes_of.lane_counts, lanes_of.lanes) if lanes_of else 1
        cells[local.weekday() * 24 + local.hour] += minutes * times
        at = until


def summed(weeks: Iterable[WeekHours]) -> WeekHours:
    """Add up the weeks of instruments."""
    total = WeekHours()
    for one in weeks:
        total = total + one
    return total


@dataclass(frozen=True, slots=True)
class Band:
    """Hours [first, until) of some weekdays (0 is Monday), with what was offered and used in them, in minutes."""

    days: tuple[int, ...]
    first: int
    until: int
    offered: int
    used: int


def unused_bands(hours: WeekHours, *, percent: int = 10, shortest: int = 2) -> list[Band]:
    """Give the stretches of the week that are offered and used for less than a share, the longest first; days alike are one band. Pure.

    Example: offered 08:00-22:00 on weekdays, used 09:00-17:00 only: Monday to Friday 17:00-22:00 is one band; 08:00-09:00 is too short.
    """
    alike: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for day in range(7):
        for first, until in _runs([_is_unused(hours, day * 24 + hour, percent) for hour in range(24)]):
            if until - first >= shortest:
                cells = slice(day * 24 + first, day * 24 + until)
                alike.setdefault((first, until), []).append((day, sum(hours.offered[cells]), sum(hours.used[cells])))
    bands = [
        Band(tuple(day for day, _, _ in rows), first, until, sum(row[1] for row in rows), sum(row[2] for row in rows))
        for (first, until), rows in alike.items()
    ]
    return sorted(bands, key=lambda one: (one.used - one.offered, one.first))


def _is_unused(hours: WeekHours, cell: int, percent: int) -> bool:
    return hours.offered[cell] > 0 and hours.used[cell] * 100 < hours.offered[cell] * percent


def _runs(flags: Sequence[bool]) -> list[tuple[int, int]]:
    """Give the stretches [first, until) in which all flags are up."""
    found, first = [], None
    for at, flag in enumerate([*flags, False]):
        if flag and first is None:
            first = at
        elif not flag and first is not None:
            found.append((first, at))
            first = None
    return found


PARTS_OF_DAY = ((0, 8), (8, 12), (12, 18), (18, 24))


def missed_bands(hours: WeekHours, *, least: int = 3, percent: int = 20) -> list[tuple[Band, int, int]]:
    """Give the parts of a weekday in which bookings are missed often: (band, missed, bookings), the worst first. Pure.

    Often: at least three, and a fifth of the bookings that begin in that part.
    """
    found = []
    for day in range(7):
        for first, until in PARTS_OF_DAY:
            cells = slice(day * 24 + first, day * 24 + until)
            missed, bookings = sum(hours.missed[cells]), sum(hours.bookings[cells])
            if missed >= least and missed * 100 >= bookings * percent:
                found.append((Band((day,), first, until, sum(hours.offered[cells]), sum(hours.used[cells])), missed, bookings))
    return sorted(found, key=lambda one: (-one[1], one[0].days, one[0].first))
