"""Many instruments under one another as a table: rows are instruments, time runs across, the same marks as in the week.

Pure, like portal/weekgrid.py; templates/macros/calendar.html writes it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from instruments.timespan import TimeSpan
from portal.dayrows import snapped, snapped_times, times_within, whole_days
from portal.formats import clock, day, when
from portal.language import t
from portal.stretches import Mark, Stretch, Times, stretches, within
from portal.weekgrid import STATES

DAY_UNIT, DAYS_UNIT = 15, 30


@dataclass(frozen=True, slots=True)
class Line:
    """One instrument: its name, where its name leads, a note under it, its time, and where a free time leads."""

    title: str
    url: str
    times: Times
    note: str = ""
    book_url: Callable[[TimeSpan], str] | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """One heading over some columns: a day or an hour."""

    label: str
    columns: int
    is_now: bool = False
    starts_day: bool = False


@dataclass(frozen=True, slots=True)
class TimelineCell:
    """One field of a row, `columns` wide; kinds as in weekgrid.Cell."""

    kind: str
    columns: int
    label: str
    words: str
    url: str = ""
    starts_day: bool = False
    now_at: int | None = None


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One instrument with its cells from left to right."""

    title: str
    url: str
    note: str
    cells: tuple[TimelineCell, ...]


@dataclass(frozen=True, slots=True)
class TimelineGrid:
    """The table: its days, its hours, its rows, and the zone of its clock."""

    days: tuple[Head, ...]
    hours: tuple[Head, ...]
    rows: tuple[TimelineRow, ...]
    tz: str


def build(lines: Sequence[Line], window: TimeSpan, tz: str, now: datetime, hours: tuple[int, int] = (0, 24)) -> TimelineGrid:
    """Lay out the local days a window touches, each from the first to the last of the hours."""
    zone = ZoneInfo(tz)
    spans = [(on, _between(on, span, hours, zone)) for on, span in whole_days(window, zone)]
    unit = DAY_UNIT if len(spans) == 1 else DAYS_UNIT
    days = [Head(day(on, tz, now), span.minutes // unit, span.has(now), True) for on, span in spans]
    states = {kind: text() for kind, text in STATES.items()} | {"free": t("可预约", "free")}
    frame = _Frame(
        [span for _, span in spans], [head.label for head in days], unit, zone, tz, now, snapped(now, unit, zone, up=True), states
    )
    heads = tuple(head for _, span in spans for head in frame.hours(span))
    return TimelineGrid(tuple(days), heads, tuple(frame.row(line) for line in lines), tz)


def _between(on: date, span: TimeSpan, hours: tuple[int, int], zone: ZoneInfo) -> TimeSpan:
    """Cut a day to some of its hours by the clock on the wall."""
    edges = [edge for edge in _quarters(span) if hours[0] <= edge.astimezone(zone).hour < hours[1]]
    return TimeSpan(edges[0], edges[-1] + timedelta(minutes=DAY_UNIT)) if edges else span


def _quarters(span: TimeSpan) -> Iterator[datetime]:
    for i in range(span.minutes // DAY_UNIT):
        yield span.start + i * timedelta(minutes=DAY_UNIT)


@dataclass(frozen=True, slots=True)
class _Frame:
    days: Sequence[TimeSpan]
    labels: Sequence[str]
    unit: int
    zone: ZoneInfo
    tz: str
    now: datetime
    snapped_now: datetime
    states: Mapping[str, str]

    def hours(self, span: TimeSpan) -> Iterator[Head]:
        """Give a heading for each hour of one day, or for every sixth when there are many days."""
        each = timedelta(hours=1 if len(self.days) == 1 else 6)
        start = span.start
        while start < span.end:
            end = min(start + each, span.end)
            label = f"{start.astimezone(self.zone):%H:%M}" if len(self.days) == 1 else f"{start.astimezone(self.zone).hour}"
            yield Head(label, self._columns(TimeSpan(start, end)), starts_day=start == span.start)
            start = end

    def row(self, line: Line) -> TimelineRow:
        window = TimeSpan(self.days[0].start, self.days[-1].end)
        times = snapped_times(times_within(line.times, window), self.unit, self.zone)
        pieces = stretches(times, window, self.snapped_now)
        cells = tuple(
            self._cell(line, within(piece, part), part.start == each.start, label)
            for each, label in zip(self.days, self.labels, strict=True)
            for piece in pieces
            if (part := piece.span.clipped(each))
        )
        return TimelineRow(line.title, line.url, line.note, cells)

    def _cell(self, line: Line, piece: Stretch, starts_day: bool, day_label: str) -> TimelineCell:
        label, words = self._texts(piece, day_label)
        url = line.book_url(piece.span) if piece.kind == "free" and line.book_url else _only_url(piece.marks)
        now_at = int((self.now - piece.span.start) / piece.span.duration * 100) if piece.span.has(self.now) else None
        return TimelineCell(piece.kind, self._columns(piece.span), label, words, url, starts_day, now_at)

    def _texts(self, piece: Stretch, day_label: str) -> tuple[str, str]:
        if piece.marks:
            told = (f"{mark.label} {when(mark.span, self.tz, self.now)}".strip() for mark in piece.marks)
            return " / ".join(mark.label for mark in piece.marks), t("；", "; ").join(told)
        text, times = self.states[piece.kind], clock(piece.span, self.tz)
        return times if piece.kind == "free" else text, f"{day_label} {times} {text}"

    def _columns(self, span: TimeSpan) -> int:
        return max(1, span.minutes // self.unit)


def _only_url(marks: Sequence[Mark]) -> str:
    return marks[0].url if len(marks) == 1 else ""
