"""What a chart shows, in both languages, before anybody draws it: portal/chartpage.py puts it on a page, portal/chartbook.py into a workbook."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from instruments.errors import Sentence
from portal.security import own_path

LINE, BAR, STACKED, WEEK, HISTOGRAM, BOX = KINDS = ("line", "bar", "stacked", "week", "histogram", "box")
NOTHING = Sentence("", "")
NO_DATA = Sentence("无数据", "n/a")
EMPTY = Sentence("所选范围内没有可以画的数据。", "There is nothing to draw for what was chosen.")
DAYS = (
    Sentence("周一", "Mon"), Sentence("周二", "Tue"), Sentence("周三", "Wed"), Sentence("周四", "Thu"),
    Sentence("周五", "Fri"), Sentence("周六", "Sat"), Sentence("周日", "Sun"),
)  # fmt: skip
FIVE_NUMBERS = (
    Sentence("最小值", "Lowest"), Sentence("下四分位数", "Lower quartile"), Sentence("中位数", "Median"),
    Sentence("上四分位数", "Upper quartile"), Sentence("最大值", "Highest"),
)  # fmt: skip
MOST_UPRIGHT, WIDEST_UPRIGHT = 14, 10  # bars; and columns of a Latin letter that the name of an upright bar may take

Number = Decimal | float | int


@dataclass(frozen=True, slots=True)
class Point:
    """One figure, with the address of the rows behind it; None is no figure, which is not zero, and has a reason."""

    value: Number | None
    link: str = ""
    reason: Sentence = NOTHING

    def __post_init__(self) -> None:
        _check_value(self.value)
        _check_link(self.link)


@dataclass(frozen=True, slots=True)
class Series:
    """Figures that belong together, one for each category of the chart."""

    name: Sentence
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A figure to compare with, drawn as a line across: "National mean (2024)", 256."""

    label: Sentence
    value: Number
    link: str = ""

    def __post_init__(self) -> None:
        _check_value(self.value)
        _check_link(self.link)


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over categories. `title` is a sentence that says what is to be seen; `axis` names the categories; `explained` says how it is computed.

    Raises ValueError where the points do not fit the categories, or a link leads out of the portal.
    """

    kind: str
    title: Sentence
    axis: Sentence
    categories: tuple[Sentence, ...]
    series: tuple[Series, ...]
    unit: Sentence = NOTHING
    decimals: int = 0
    benchmarks: tuple[Benchmark, ...] = ()
    explained: str = ""
    empty: Sentence = EMPTY
    edges: tuple[Number, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no kind of chart {self.kind!r}, only {', '.join(KINDS)}.")
        for one in self.series:
            if len(one.points) != len(self.categories):
                raise ValueError(f"{one.name.en!r} has {len(one.points)} points for {len(self.categories)} categories.")
        _check_link(self.explained)
        _check_shape(self)

    @property
    def is_empty(self) -> bool:
        """Say whether there is no figure at all."""
        return all(point.value is None for one in self.series for point in one.points)

    def named_benchmark(self, one: Benchmark) -> Sentence:
        """Name a benchmark for a table: a histogram's is not among its counts, so it is said of what it is."""
        if self.kind != HISTOGRAM:
            return one.label
        return Sentence(f"{self.axis.zh}，{one.label.zh}", f"{self.axis.en}, {one.label.en}")

    @property
    def is_lying(self) -> bool:
        """Say whether the bars lie: there are many, or their names are too long to stand under them."""
        names = [width(text) for category in self.categories for text in (category.zh, category.en)]
        return self.kind in (BAR, STACKED, BOX) and (len(names) > 2 * MOST_UPRIGHT or max(names, default=0) > WIDEST_UPRIGHT)


def points(values: Sequence[Number | None], links: Sequence[str] = (), reason: Sentence = NOTHING) -> tuple[Point, ...]:
    """Make points of figures, with a link for each or none at all; every missing figure is missing for the same reason."""
    addresses = links or [""] * len(values)
    return tuple(Point(value, link, NOTHING if value is not None else reason) for value, link in zip(values, addresses, strict=True))


def named(zh: str | None, en: str | None = None) -> Sentence:
    """Give a name that may exist in one language only: of an organisation, an instrument."""
    return Sentence(zh or en or "", en or zh or "")


def week(title: Sentence, days: Sequence[Sequence[Point]], **more: object) -> Chart:
    """Make the week's chart of 7 days, Monday first, with 24 hours each."""
    hours = tuple(Sentence(f"{hour:02}:00", f"{hour:02}:00") for hour in range(24))
    series = tuple(Series(name, tuple(day)) for name, day in zip(DAYS, days, strict=True))
    return Chart(WEEK, title, Sentence("时段", "Hour"), hours, series, **more)  # type: ignore[arg-type]  # checked by Chart


def histogram(title: Sentence, name: Sentence, edges: Sequence[Number], counts: Sequence[Point], **more: object) -> Chart:
    """Make a histogram of the counts between edges evenly spaced. `name` says what the edges measure; the benchmarks lie along them."""
    bins = tuple(named(f"{round(low, 6):,}-{round(high, 6):,}") for low, high in pairwise(edges))
    series = (Series(Sentence("数量", "Count"), tuple(counts)),)
    return Chart(HISTOGRAM, title, name, bins, series, edges=tuple(edges), **more)  # type: ignore[arg-type]  # checked by Chart


def boxes(title: Sentence, axis: Sentence, categories: Sequence[Sentence], rows: Sequence[Sequence[Point]], **more: object) -> Chart:
    """Make boxes from rows of five figures each: lowest, lower quartile, median, upper quartile, highest."""
    columns = zip(*rows, strict=True) if rows else [()] * 5
    series = tuple(Series(name, tuple(column)) for name, column in zip(FIVE_NUMBERS, columns, strict=True))
    return Chart(BOX, title, axis, tuple(categories), series, **more)  # type: ignore[arg-type]  # checked by Chart


def width(text: str) -> int:
    """Measure a text in Latin letters; a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _check_value(value: Number | None) -> None:
    if value is not None and not math.isfinite(value):
        raise ValueError(f"{value} cannot be drawn: where there is no figure, say None and why.")


def _check_link(link: str) -> None:
    if link and own_path(link, "") != link:
        raise ValueError(f"{link!r} leads out of the portal.")


def _check_shape(chart: Chart) -> None:
    shape = len(chart.series), len(chart.categories)
    if chart.kind == WEEK and shape != (7, 24):
        raise ValueError(f"A week has 7 days of 24 hours, not {shape[0]} of {shape[1]}.")
    if chart.kind == BOX and shape[0] != len(FIVE_NUMBERS):
        raise ValueError(f"A box is drawn from five figures, not {shape[0]}.")
    if chart.kind == HISTOGRAM and chart.categories:
        steps = [float(high) - float(low) for low, high in pairwise(chart.edges)]
        if len(steps) != shape[1] or min(steps) <= 0 or not all(math.isclose(step, steps[0]) for step in steps):
            raise ValueError("The edges of a histogram rise evenly, one more than there are bins.")
