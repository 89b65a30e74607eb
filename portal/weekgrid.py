"""The week of one instrument as a table: columns are days, rows are time on the instrument's wall clock.

Pure: it takes what is known of the time and gives cells with their place and words; templates/macros/calendar.html writes them out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from instruments.timespan import TimeSpan
from portal.dayrows import DayRows, Key, axis, day_rows, row_minutes, snapped, snapped_times, times_within, whole_days
from portal.formats import clock, day, duration, when
from portal.language import t
from portal.stretches import Mark, Stretch, Times, free_until, stretches, within

SHORTEST_STEP = 30


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the table, `rows` rows high from row `row`.

    kind: free, mine, busy, hold, closure, closed, past, open (free, but no booking may begin here) or none (the clock jumps over it).
    label is for the eye, words says the same in full; now_at tells in hundredths where now lies in it, or is None.
    """

    kind: str
    start: datetime
    end: datetime
    row: int
    rows: int
    label: str = ""
    words: str = ""
    marks: tuple[Mark, ...] = ()
    now_at: int | None = None


@dataclass(frozen=True, slots=True)
class DayColumn:
    """One day with its cells from top to bottom; the cells cover every row once."""

    on: date
    label: str
    is_today: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the header that begins in it (over header_rows rows, or 0), and the cells that begin in it."""

    header: str
    header_rows: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """The table: its days, its rows, how many minutes a row stands for, and the zone of its clock."""

    days: tuple[DayColumn, ...]
    rows: tuple[Row, ...]
    unit_minutes: int
    tz: str

    @property
    def has_free(self) -> bool:
        """Say whether anything in it can still be booked."""
        return any(cell.kind == "free" for column in self.days for cell in column.cells)


def build(times: Times, window: TimeSpan, tz: str, step_minutes: int, now: datetime, only_on_step: bool = False) -> WeekGrid:
    """Lay out the local days a window touches; free time is cut where the wall clock shows a multiple of step_minutes.

    Steps under half an hour are shown half an hour apart or more. With only_on_step no free cell begins between two multiples.
    """
    zone, step = ZoneInfo(tz), shown_step(step_minutes)
    spans = whole_days(window, zone)
    times = times_within(times, TimeSpan(spans[0][1].start, spans[-1][1].end))
    unit = row_minutes(step, times, spans, zone)
    times = snapped_times(times, unit, zone)
    days = [day_rows(on, span, unit, zone) for on, span in spans]
    rows = axis(days, times)
    pieces = stretches(times, TimeSpan(spans[0][1].start, spans[-1][1].end), snapped(now, unit, zone, up=True))
    table = _Table(tz, now, step, only_on_step, times.capacity, {key: row for row, key in enumerate(rows)})
    columns = tuple(table.column(each, pieces, free_until(pieces)) for each in days)
    return WeekGrid(columns, tuple(_rows(rows, columns)), unit, tz)


def shown_step(step_minutes: int) -> int:
    """Give the distance of the buttons: the step itself, or its first good multiple from half an hour on."""
    if step_minutes >= SHORTEST_STEP:
        return step_minutes
    return next(n for n in (30, 60, -(-SHORTEST_STEP // step_minutes) * step_minutes) if n % step_minutes == 0)


@dataclass(frozen=True, slots=True)
class _Table:
    """What the cells of every day have in common."""

    tz: str
    now: datetime
    step: int
    only_on_step: bool
    capacity: int
    row_of: dict[Key, int]

    def column(self, each: DayRows, pieces: Sequence[Stretch], ends: Sequence[datetime]) -> DayColumn:
        label = day(each.on, self.tz, self.now)
        cells: list[Cell] = []
        for piece, until in zip(pieces, ends, strict=True):
            part = piece.span.clipped(each.span)
            if part:
                here = within(piece, part) if piece.marks else piece
                for first, last in self._parts(each, part, piece.kind):
                    cells += self._cell(each, first, last, here, until, label)
        return DayColumn(each.on, label, each.span.has(self.now), tuple(self._filled(each, cells)))

    def _parts(self, each: DayRows, part: TimeSpan, kind: str) -> Iterator[tuple[int, int]]:
        """Cut what is free at the steps, in pieces large enough to touch; leave the rest whole. Gives the units from one to before another."""
        first, last = each.index(part.start), each.index(part.end)
        least = -(-timedelta(minutes=SHORTEST_STEP) // each.unit)
        cuts = [i for i in range(first + 1, last) if kind == "free" and each.keys[i][0] % self.step == 0 and last - i >= least]
        if cuts and cuts[0] - first < least and not self.only_on_step:
            del cuts[0]
        return zip([first, *cuts], [*cuts, last], strict=True)

    def _cell(self, each: DayRows, first: int, last: int, piece: Stretch, until: datetime, label: str) -> Iterator[Cell]:
        """Place some units of a day on the rows that are shown; none of them, no cell."""
        shown = [i for i in range(first, last) if each.keys[i] in self.row_of]
        if not shown:
            return
        row, below = self.row_of[each.keys[shown[0]]], self._below(each, shown[-1])
        span = TimeSpan(each.span.start + shown[0] * each.unit, each.span.start + (shown[-1] + 1) * each.unit)
        kind = "open" if self.only_on_step and piece.kind == "free" and each.keys[shown[0]][0] % self.step else piece.kind
        text, words = self._texts(kind, span, piece, until, label)
        yield Cell(kind, span.start, span.end, row, below - row, text, words, piece.marks, self._now_at(span))

    def _below(self, each: DayRows, index: int) -> int:
        """Give the row that follows a unit: on other days a cell reaches over the rows of an hour that is repeated on one of them."""
        after = each.keys[index + 1] if index + 1 < len(each.keys) else None
        if after is None or after not in self.row_of:
            return len(self.row_of)
        is_jump = after[0] - each.keys[index][0] > each.unit.total_seconds() / 60
        return self.row_of[each.keys[index]] + 1 if is_jump else self.row_of[after]

    def _filled(self, each: DayRows, cells: Sequence[Cell]) -> Iterator[Cell]:
        """Put a cell on the rows of an hour that this day does not have."""
        row = 0
        words = t("时钟拨快，没有这段时间", "the clock jumps over this time")
        for cell in cells:
            if cell.row > row:
                yield Cell("none", cell.start, cell.start, row, cell.row - row, "", words)
            yield cell
            row = cell.row + cell.rows
        if row < len(self.row_of):
            yield Cell("none", each.span.end, each.span.end, row, len(self.row_of) - row, "", words)

    def _texts(self, kind: str, span: TimeSpan, piece: Stretch, until: datetime, label: str) -> tuple[str, str]:
        if kind == "free":
            time, length = clock(span.start, self.tz), duration(until - span.start)
            words = t("{day} {time}，可用 {length}", "{day} {time}, free for {length}", day=label, time=time, length=length)
            return time, words + self._places(piece.places)
        if piece.marks:
            told = [f"{mark.label} {when(mark.span, self.tz, self.now)}".strip() for mark in piece.marks]
            return " / ".join(mark.label for mark in piece.marks), t("；", "; ").join(told)
        text = STATES[kind]()
        return text, f"{clock(span, self.tz)} {text}"

    def _places(self, places: int) -> str:
        return t("，余 {n} 个机位", ", {n} of {all} places", n=places, all=self.capacity) if self.capacity > 1 else ""

    def _now_at(self, span: TimeSpan) -> int | None:
        return int((self.now - span.start) / span.duration * 100) if span.has(self.now) else None


STATES = {
    "busy": lambda: t("占用", "busy"),
    "hold": lambda: t("待批准", "requested"),
    "closed": lambda: t("不开放", "closed"),
    "past": lambda: t("已过", "past"),
    "open": lambda: t("空闲，但不能从此时开始", "free, but no booking may begin here"),
}


def _rows(keys: Sequence[Key], columns: Sequence[DayColumn]) -> Iterator[Row]:
    starting: dict[int, list[Cell]] = {}
    for column in columns:
        for cell in column.cells:
            starting.setdefault(cell.row, []).append(cell)
    hours = [(minute // 60, again) for minute, again in keys]
    for row, (minute, again) in enumerate(keys):
        begins = row == 0 or hours[row] != hours[row - 1]
        header = f"{minute // 60:02}:{minute % 60:02}" + (t("（第二次）", " (again)") if again else "")
        yield Row(header if begins else "", hours.count(hours[row]) if begins else 0, tuple(starting.get(row, ())))
