"""A chart as marks on paper: lines, areas and words, placed once for every way of drawing them (portal/chartsvg.py, portal/chartpaper.py).

Made to be read in black and white: series differ in hatch, dash and mark, never in colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from portal.chartpage import summary
from portal.charts import BAR, LINE, NO_DATA, STACKED, Chart, width
from portal.formats import number
from portal.language import say

INK, QUIET, GRID, NONE = "#1b2733", "#55626d", "#d9e0e6", "none"
WIDE, HIGH, ROW = 520.0, 210.0, 15.0
SMALL, LETTER = 8.0, 0.52  # size of words, and how wide a Latin letter is for its size
MOST_NAMES = 40  # columns a name may take beside a lying bar
TICKS = 5
# Fill, and the slope of its hatch: none, rising, level, falling.
LOOKS = (("#0b6e63", ""), ("#ffffff", "/"), ("#c8d2da", ""), ("#ffffff", "-"), ("#66727c", ""), ("#ffffff", "\\"))
DASHES: tuple[tuple[float, ...], ...] = ((), (5, 3), (1.5, 2.5), (7, 2, 1.5, 2), (9, 4), (3, 1.5))


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line from one point to another."""

    x1: float
    y1: float
    x2: float
    y2: float
    colour: str = INK
    width: float = 0.6
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A filled outline."""

    points: tuple[tuple[float, float], ...]
    fill: str
    outline: str = INK


@dataclass(frozen=True, slots=True)
class Words:
    """A text at a point; `anchor` says which of its ends stands there: start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    size: float = SMALL
    colour: str = INK


Mark = Stroke | Area | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a sheet whose y goes down, and one sentence for whoever cannot see it."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where values lie: from `low` at the beginning of the axis to `high` at its end."""

    left: float
    top: float
    right: float
    bottom: float
    low: float
    high: float
    is_lying: bool

    def at(self, value: float) -> float:
        part = (value - self.low) / (self.high - self.low)
        return self.left + part * (self.right - self.left) if self.is_lying else self.bottom - part * (self.bottom - self.top)

    def bar(self, begin: float, end: float, low: float, high: float) -> tuple[float, float, float, float]:
        """Give the box (x, y, width, height) of a bar that is `begin` to `end` along the names and `low` to `high` in value."""
        first, last = sorted((self.at(low), self.at(high)))
        return (first, begin, last - first, end - begin) if self.is_lying else (begin, first, end - begin, last - first)


def drawing_of(chart: Chart) -> Drawing:
    """Place a chart's marks in the reader's language; ValueError for a kind that is not drawn on paper."""
    if chart.kind not in (LINE, BAR, STACKED):
        raise ValueError(f"A chart of the kind {chart.kind} is not drawn on paper.")
    legend, top = _legend(chart)
    frame, height = _frame(chart, top)
    marks = [*legend, *_grid(chart, frame), *_names(chart, frame)]
    marks += _lines(chart, frame) if chart.kind == LINE else _bars(chart, frame)
    marks += [mark for at, one in enumerate(chart.benchmarks) for mark in _across(frame, float(one.value), DASHES[1 + at % 5])]
    return Drawing(WIDE, height, tuple(marks), summary(chart))


def _frame(chart: Chart, top: float) -> tuple[_Frame, float]:
    low, high = _range(chart)
    if chart.is_lying:
        names = max((width(_cut(say(name))) for name in chart.categories), default=0) * SMALL * LETTER
        bottom = top + max(1, len(chart.categories)) * ROW * (1 if chart.kind == STACKED else max(1, len(chart.series) * 0.75))
        return _Frame(names + 10, top, WIDE - 44, bottom, low, high, is_lying=True), bottom + 16
    return _Frame(44, top, WIDE - 8, top + HIGH - 40, low, high, is_lying=False), top + HIGH - 22


def _range(chart: Chart) -> tuple[float, float]:
    """Give the ends of the axis: it always has the zero, and ends at a round number."""
    columns = [[float(one.points[at].value or 0) for one in chart.series] for at in range(len(chart.categories))]
    if chart.kind == STACKED:
        values = [sum(value for value in column if value * sign > 0) for column in columns for sign in (1, -1)]
    else:
        values = [value for column in columns for value in column]
    values += [float(one.value) for one in chart.benchmarks]
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    step = round_step((high - low) / TICKS)
    return math.floor(low / step) * step, max(math.ceil(high / step) * step, step)


def round_step(rough: float) -> float:
    """Give the 1, 2 or 5 times a power of ten that is at least so much; 1 for nothing at all."""
    if rough <= 0:
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= rough * 0.999)


def _grid(chart: Chart, frame: _Frame) -> Iterator[Mark]:
    step = round_step((frame.high - frame.low) / TICKS)
    places = 0 if step >= 1 else math.ceil(-math.log10(step))
    for number_of in range(round(frame.low / step), round(frame.high / step) + 1):
        value = number_of * step
        at, text = frame.at(value), number(value, places)
        if frame.is_lying:
            yield Stroke(at, frame.top, at, frame.bottom, GRID)
            yield Words(at, frame.bottom + 10, text, "middle", 7, QUIET)
        else:
            yield Stroke(frame.left, at, frame.right, at, GRID)
            yield Words(frame.left - 4, at + 2.5, text, "end", 7, QUIET)
    zero = frame.at(0)
    yield Stroke(zero, frame.top, zero, frame.bottom) if frame.is_lying else Stroke(frame.left, zero, frame.right, zero)
    if say(chart.unit):
        yield Words(
            WIDE if frame.is_lying else frame.left - 4,
            frame.bottom + 10 if frame.is_lying else frame.top - 5,
            say(chart.unit),
            "end",
            7,
            QUIET,
        )


def _names(chart: Chart, frame: _Frame) -> Iterator[Mark]:
    for at, name in enumerate(chart.categories):
        begin, end = _slot(chart, frame, at)
        middle = (begin + end) / 2
        if frame.is_lying:
            yield Words(frame.left - 5, middle + 2.8, _cut(say(name)), "end")
        elif at % _every(chart, frame) == 0:
            yield Words(middle, frame.bottom + 11, say(name), "middle")


def _every(chart: Chart, frame: _Frame) -> int:
    """Say how many names go to one that is written, so that none touches the next."""
    widest = max((width(say(name)) for name in chart.categories), default=1) * SMALL * LETTER + 4
    return max(1, math.ceil(widest * len(chart.categories) / (frame.right - frame.left)))


def _cut(text: str) -> str:
    if width(text) <= MOST_NAMES:
        return text
    kept = ""
    for letter in text:
        if width(kept + letter) > MOST_NAMES - 1:
            break
        kept += letter
    return kept + "…"


def _slot(chart: Chart, frame: _Frame, at: int) -> tuple[float, float]:
    begin, end = (frame.top, frame.bottom) if frame.is_lying else (frame.left, frame.right)
    size = (end - begin) / len(chart.categories)
    return begin + at * size, begin + (at + 1) * size


def _bars(chart: Chart, frame: _Frame) -> Iterator[Mark]:
    for at in range(len(chart.categories)):
        begin, end = _slot(chart, frame, at)
        edge = (end - begin) * 0.16
        yield from (_stack if chart.kind == STACKED else _beside)(chart, frame, at, begin + edge, end - edge)


def _stack(chart: Chart, frame: _Frame, at: int, begin: float, end: float) -> Iterator[Mark]:
    tops = {1: 0.0, -1: 0.0}
    for place, one in enumerate(chart.series):
        value = float(one.points[at].value or 0)
        sign = 1 if value >= 0 else -1
        if value:
            yield from _filled(frame.bar(begin, end, tops[sign], tops[sign] + value), place)
        tops[sign] += value


def _beside(chart: Chart, frame: _Frame, at: int, begin: float, end: float) -> Iterator[Mark]:
    size = (end - begin) / len(chart.series)
    for place, one in enumerate(chart.series):
        value = one.points[at].value
        first, last = begin + place * size, begin + (place + 1) * size
        if value:
            yield from _filled(frame.bar(first, last, 0, float(value)), place)
        text = say(NO_DATA) if value is None else number(value, chart.decimals)
        if frame.is_lying:
            yield Words(
                frame.at(max(0.0, float(value or 0))) + 3, (first + last) / 2 + 2.5, text, "start", 7, QUIET if value is None else INK
            )
        elif len(chart.categories) * len(chart.series) <= 14 or value is None:
            yield Words((first + last) / 2, frame.at(max(0.0, float(value or 0))) - 3, text, "middle", 7, QUIET if value is None else INK)


def _filled(box: tuple[float, float, float, float], place: int) -> Iterator[Mark]:
    """Fill a box as its series is; hatches are single strokes, which every printer draws alike."""
    x, y, wide, high = box
    fill, slope = LOOKS[place % len(LOOKS)]
    yield Area(((x, y), (x + wide, y), (x + wide, y + high), (x, y + high)), fill)
    if slope == "-":
        yield from (Stroke(x, level, x + wide, level, INK, 0.4) for level in _steps(y, y + high, 3))
    elif slope:
        for offset in _steps(0, wide + high, 4):
            x1, y1 = x + max(0.0, offset - high), y + min(offset, high)
            x2, y2 = x + min(offset, wide), y + max(0.0, offset - wide)
            if slope == "\\":
                x1, x2 = 2 * x + wide - x1, 2 * x + wide - x2
            yield Stroke(x1, y1, x2, y2, INK, 0.4)


def _steps(begin: float, end: float, size: float) -> Iterator[float]:
    at = begin + size
    while at < end:
        yield at
        at += size


def _lines(chart: Chart, frame: _Frame) -> Iterator[Mark]:
    for place, one in enumerate(chart.series):
        before: tuple[float, float] | None = None
        for at, point in enumerate(one.points):
            begin, end = _slot(chart, frame, at)
            here = None if point.value is None else ((begin + end) / 2, frame.at(float(point.value)))
            if here and before:
                yield Stroke(*before, *here, INK, 1.2, DASHES[place % len(DASHES)])
            if here:
                yield _dot(*here, place)
            before = here


def _dot(x: float, y: float, place: int) -> Area:
    """Give the mark of a series: a full square, an empty diamond, a full triangle, and so on."""
    shapes = (
        ((-2.2, -2.2), (2.2, -2.2), (2.2, 2.2), (-2.2, 2.2)), ((0, -3), (3, 0), (0, 3), (-3, 0)), ((0, -3), (2.8, 2.2), (-2.8, 2.2)),
    )  # fmt: skip
    return Area(tuple((x + dx, y + dy) for dx, dy in shapes[place % 3]), "#ffffff" if place % 2 else INK)


def _across(frame: _Frame, value: float, dash: tuple[float, ...]) -> Iterator[Mark]:
    at = frame.at(value)
    yield Stroke(at, frame.top, at, frame.bottom, INK, 1, dash) if frame.is_lying else Stroke(frame.left, at, frame.right, at, INK, 1, dash)


def _legend(chart: Chart) -> tuple[list[Mark], float]:
    """Name the series and the lines across, in as many rows as they take; a single series needs no name."""
    marks, x, y = list[Mark](), 0.0, 9.0
    shown: Sequence[tuple[int, str]] = [(at, say(one.name)) for at, one in enumerate(chart.series)] if len(chart.series) > 1 else []
    across = [(at, f"{say(one.label)} {number(one.value, chart.decimals)}") for at, one in enumerate(chart.benchmarks)]
    for at, text, is_across in [*((at, text, False) for at, text in shown), *((at, text, True) for at, text in across)]:
        needed = 22 + width(text) * SMALL * LETTER + 14
        if x and x + needed > WIDE:
            x, y = 0.0, y + 12
        marks += _sample(chart, x, y, at, is_across=is_across)
        marks.append(Words(x + 22, y, text))
        x += needed
    return marks, (y + 16 if marks else 14)


def _sample(chart: Chart, x: float, y: float, at: int, *, is_across: bool) -> Iterator[Mark]:
    if is_across:
        yield Stroke(x, y - 3, x + 18, y - 3, INK, 1, DASHES[1 + at % 5])
    elif chart.kind == LINE:
        yield Stroke(x, y - 3, x + 18, y - 3, INK, 1.2, DASHES[at % len(DASHES)])
        yield _dot(x + 9, y - 3, at)
    else:
        yield from _filled((x, y - 7, 18, 8), at)
