"""A chart in the reader's language: the figures as a table, the very same for the script that draws them, and one sentence for whoever cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from instruments.errors import Sentence
from portal.charts import BOX, HISTOGRAM, LINE, NO_DATA, STACKED, WEEK, Benchmark, Chart, Number, Point
from portal.formats import number
from portal.language import current_language, say, t

KIND_NAMES = {
    LINE: Sentence("折线图", "Line chart"), "bar": Sentence("柱形图", "Bar chart"), STACKED: Sentence("堆积柱形图", "Stacked bar chart"),
    WEEK: Sentence("一周热力图", "Heat map of the week"), HISTOGRAM: Sentence("直方图", "Histogram"), BOX: Sentence("箱线图", "Box plot"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of the table: `value` as a machine reads it, or '' where there is none; then `note` says why."""

    text: str
    value: str = ""
    link: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ShownChart:
    """All that templates/macros/charts.html writes, in the reader's language."""

    title: str
    summary: str
    axis: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    benchmarks: tuple[tuple[str, Cell], ...]
    gaps: tuple[str, ...]
    explained: str
    empty: str
    data: dict[str, Any]


def shown_chart(chart: Chart) -> ShownChart:
    """Give a chart as the page shows it now."""
    columns = [[_cell(chart, point) for point in one.points] for one in chart.series]
    rows = tuple((say(name), tuple(column[at] for column in columns)) for at, name in enumerate(chart.categories))
    benchmarks = tuple((say(chart.named_benchmark(one)), _cell(chart, Point(one.value, one.link))) for one in chart.benchmarks)
    names = tuple(say(one.name) for one in chart.series)
    gaps = dict.fromkeys(cell.note for column in columns for cell in column if not cell.value)
    return ShownChart(
        title=say(chart.title),
        summary=summary(chart),
        axis=say(chart.axis),
        unit=say(chart.unit),
        columns=names,
        rows=rows,
        benchmarks=benchmarks,
        gaps=tuple(gaps),
        explained=chart.explained,
        empty=say(chart.empty) if chart.is_empty else "",
        data=_data(chart, names, columns),
    )


def summary(chart: Chart) -> str:
    """Say in one sentence what is to be seen: the kind, what it shows, from where to where, and what it is compared with."""
    found = [
        (point.value, say(name), say(one.name)) for one in chart.series for name, point in zip(chart.categories, one.points, strict=True)
    ]
    known = [(value, category, series) for value, category, series in found if value is not None]
    parts = [t("{kind}：{title}", "{kind}: {title}", kind=say(KIND_NAMES[chart.kind]), title=say(chart.title).rstrip("。."))]
    if known:
        low, high = min(known, key=lambda one: one[0]), max(known, key=lambda one: one[0])
        parts += [
            t("最低 {low}，最高 {high}", "lowest {low}, highest {high}", low=_placed(chart, *low), high=_placed(chart, *high)),
            *(_compared(chart, one) for one in chart.benchmarks),
        ]
    return t("；", "; ").join(parts) + t("。", ".")


def _placed(chart: Chart, value: Number, category: str, series: str) -> str:
    where = f"{category}{t('，', ', ')}{series}" if len(chart.series) > 1 else category
    return f"{_with_unit(chart, value)}{t('（{where}）', ' ({where})', where=where)}"


def _compared(chart: Chart, one: Benchmark) -> str:
    """Say a benchmark in one line; a histogram's has the unit that its axis names."""
    figure = _text(chart, one.value) if chart.kind == HISTOGRAM else _with_unit(chart, one.value)
    return f"{say(one.label)} {figure}"


def _with_unit(chart: Chart, value: Number) -> str:
    return " ".join(part for part in (_text(chart, value), say(chart.unit)) if part)


def _text(chart: Chart, value: Number) -> str:
    return number(value, chart.decimals)


def _cell(chart: Chart, point: Point) -> Cell:
    if point.value is None:
        return Cell(say(NO_DATA), link=point.link, note=say(point.reason))
    return Cell(_text(chart, point.value), str(point.value), point.link)


def _data(chart: Chart, names: tuple[str, ...], columns: list[list[Cell]]) -> dict[str, Any]:
    """Give what portal/static/js/charts.js draws from. It has no words of its own."""
    return {
        "kind": chart.kind,
        "language": current_language(),
        "lying": chart.is_lying,
        "unit": say(chart.unit),
        "axis": say(chart.axis),
        "decimals": chart.decimals,
        "categories": [say(name) for name in chart.categories],
        "edges": [float(edge) for edge in chart.edges],
        "series": [_series(name, column) for name, column in zip(names, columns, strict=True)],
        "benchmarks": [{"label": _compared(chart, one), "value": float(one.value)} for one in chart.benchmarks],
    }


def _series(name: str, column: list[Cell]) -> dict[str, Any]:
    return {
        "name": name,
        "values": [float(cell.value) if cell.value else None for cell in column],
        "texts": [cell.text if cell.value else ": ".join(part for part in (cell.text, cell.note) if part) for cell in column],
        "links": [cell.link for cell in column],
    }
