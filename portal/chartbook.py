"""A chart in a workbook: its figures on a sheet of their own and beside them a chart drawn from those cells. Nothing in a cell is ever a formula."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from instruments.exchange.cells import neutralise
from portal.charts import BAR, BOX, HISTOGRAM, LINE, STACKED, WEEK, Chart, Number, Point
from portal.language import say, t

FIRST = 3  # row of the heads; above it the sentence and the unit
LONGEST_NAME, FORBIDDEN = 31, frozenset("[]:*?/\\'")
LONGEST_TITLE = 250
DASHES = ("solid", "dash", "round_dot", "dash_dot", "long_dash", "square_dot")
MARKS = ("circle", "square", "triangle", "diamond", "x", "plus", "star")
COLOURS = ("#0b6e63", "#bf7412", "#3b5f9a", "#8b4a7e", "#66727c", "#a3453a")  # those of tokens.css by day
PATTERNS = (None, "wide_upward_diagonal", "narrow_horizontal", "wide_downward_diagonal", "narrow_vertical", "dotted_diamond", "weave")
LOW, HIGH, INK = "#e4f2f0", "#0b6e63", "#1b2733"
BOX_ORDER = (1, 0, 2, 4, 3)  # a program draws the box from the first line to the last
NATIVE: dict[str, dict[str, str]] = {
    LINE: {"type": "line"}, BAR: {"type": "column"}, STACKED: {"type": "column", "subtype": "stacked"},
    HISTOGRAM: {"type": "column"}, BOX: {"type": "line"},
}  # fmt: skip


def add_chart(book: Any, chart: Chart, name: str = "") -> Any:
    """Add a sheet called `name` (or by the chart's title) with the figures and the chart to an xlsxwriter workbook, and give the sheet.

    The week has no native chart: its cells are coloured instead. A missing figure is an empty cell, which is drawn as a gap; why stands beside it.
    """
    sheet = book.add_worksheet(_free_name(book, name or say(chart.title)))
    _write(book, sheet, chart)
    if chart.kind == WEEK:
        cells = (FIRST + 1, 1, FIRST + len(chart.categories), len(chart.series))
        sheet.conditional_format(*cells, {"type": "2_color_scale", "min_color": LOW, "max_color": HIGH})
    elif not chart.is_empty:
        sheet.insert_chart(FIRST, _columns(chart) + 1, _drawn(book, sheet.get_name(), chart))
    return sheet


def _columns(chart: Chart) -> int:
    """Count the columns: names, series, benchmarks, and the reasons of what is missing."""
    return 2 + len(chart.series) + len(chart.benchmarks)


def _write(book: Any, sheet: Any, chart: Chart) -> None:
    bold = book.add_format({"bold": True})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    figure = book.add_format({"num_format": "#,##0" + ("." + "0" * chart.decimals if chart.decimals else "")})
    _put(sheet, 0, 0, say(chart.title), bold)
    if say(chart.unit):
        _put(sheet, 1, 0, t("单位：{unit}", "In {unit}", unit=say(chart.unit)))
    if chart.is_empty:
        _put(sheet, 2, 0, say(chart.empty))
    heads = [chart.axis, *(one.name for one in chart.series), *(chart.named_benchmark(one) for one in chart.benchmarks)]
    for column, text in enumerate(heads):
        _put(sheet, FIRST, column, say(text), head)
    _put(sheet, FIRST, len(heads), t("无数据的原因", "Why there is no figure"), head)
    for at, name in enumerate(chart.categories):
        _put(sheet, FIRST + 1 + at, 0, say(name))
        _write_row(sheet, FIRST + 1 + at, chart, [one.points[at] for one in chart.series], figure)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, len(heads) - 1, 14)
    sheet.freeze_panes(FIRST + 1, 1)


def _write_row(sheet: Any, row: int, chart: Chart, points: list[Point], figure: Any) -> None:
    values: list[Number | None] = [*(point.value for point in points), *(one.value for one in chart.benchmarks)]
    for column, value in enumerate(values, 1):
        if value is None:
            sheet.write_blank(row, column, None, figure)
        else:
            sheet.write_number(row, column, float(value), figure)
    missing = [
        f"{say(one.name)}: {say(point.reason) or t('无数据', 'n/a')}"
        for one, point in zip(chart.series, points, strict=True)
        if point.value is None
    ]
    _put(sheet, row, len(values) + 1, t("；", "; ").join(dict.fromkeys(missing)))


def _put(sheet: Any, row: int, column: int, text: str, look: Any = None) -> None:
    if text:
        sheet.write_string(row, column, neutralise(text[:32_000]), look)


def _drawn(book: Any, sheet: str, chart: Chart) -> Any:
    lying = chart.is_lying and chart.kind in (BAR, STACKED) and not chart.benchmarks  # a line cannot cross bars that lie
    drawn = book.add_chart(NATIVE[chart.kind] | ({"type": "bar"} if lying else {}))
    for look in _series(sheet, chart):
        drawn.add_series(look)
    _add_benchmarks(book, drawn, sheet, chart)
    if chart.kind == BOX:
        fill = {"fill": {"color": LOW}, "border": {"color": COLOURS[0]}}
        drawn.set_up_down_bars({"up": fill, "down": fill})
        drawn.set_high_low_lines({"line": {"color": COLOURS[0]}})
    drawn.set_title({"name": say(chart.title)[:LONGEST_TITLE], "name_font": {"size": 12, "color": INK}, "overlay": False})
    drawn.set_x_axis(
        {"name": say(chart.axis)[:LONGEST_TITLE], "reverse": lying}
    )  # of a program's lying bars, too, x is where the names are
    drawn.set_y_axis({"name": say(chart.unit)[:LONGEST_TITLE]})
    drawn.set_legend({"position": "bottom"} if len(chart.series) + len(chart.benchmarks) > 1 else {"none": True})
    drawn.show_blanks_as("gap")
    drawn.set_size({"width": 760, "height": max(380, 22 * len(chart.categories) + 120) if lying else 380})
    return drawn


def _series(sheet: str, chart: Chart) -> Iterator[dict[str, Any]]:
    for place, at in enumerate(BOX_ORDER if chart.kind == BOX else range(len(chart.series))):
        yield _cells(sheet, chart, 1 + at) | _look(chart, place, at)


def _cells(sheet: str, chart: Chart, column: int) -> dict[str, Any]:
    last = FIRST + len(chart.categories)
    return {
        "name": [sheet, FIRST, column],
        "categories": [sheet, FIRST + 1, 0, last, 0],
        "values": [sheet, FIRST + 1, column, last, column],
    }


def _look(chart: Chart, place: int, at: int) -> dict[str, Any]:
    colour = COLOURS[place % len(COLOURS)]
    if chart.kind == BOX:
        mark = {"type": "long_dash", "size": 9, "border": {"color": INK}, "fill": {"color": INK}} if at == 2 else {"type": "none"}
        return {"line": {"none": True}, "marker": mark}
    if chart.kind == LINE:
        mark = {"type": MARKS[place % len(MARKS)], "size": 6, "border": {"color": colour}, "fill": {"color": colour}}
        return {"line": {"color": colour, "width": 2, "dash_type": DASHES[place % len(DASHES)]}, "marker": mark}
    pattern = PATTERNS[place % len(PATTERNS)]
    fill: dict[str, Any] = (
        {"pattern": {"pattern": pattern, "fg_color": "#ffffff", "bg_color": colour}} if pattern else {"fill": {"color": colour}}
    )
    return fill | {"border": {"color": colour}, "gap": 2 if chart.kind == HISTOGRAM else 60}


def _add_benchmarks(book: Any, drawn: Any, sheet: str, chart: Chart) -> None:
    """Draw each benchmark as a line across; a histogram's lie along its bins, where no line of a column chart can stand: they are figures only."""
    if not chart.benchmarks or chart.kind == HISTOGRAM:
        return
    across = drawn if chart.kind == LINE else book.add_chart({"type": "line"})
    for at in range(len(chart.benchmarks)):
        line = {"color": INK, "width": 1.5, "dash_type": DASHES[(at + 1) % len(DASHES)]}
        across.add_series(_cells(sheet, chart, 1 + len(chart.series) + at) | {"line": line, "marker": {"type": "none"}})
    if across is not drawn:
        drawn.combine(across)


def _free_name(book: Any, wanted: str) -> str:
    """Give a name a sheet may have, and that no other sheet of the book has."""
    taken = {sheet.get_name().casefold() for sheet in book.worksheets()}
    plain = "".join(" " if letter in FORBIDDEN or not letter.isprintable() else letter for letter in wanted).strip() or t("图表", "Chart")
    number, name = 1, plain[:LONGEST_NAME].strip()
    while name.casefold() in taken or name.casefold() == "history":
        number += 1
        name = f"{plain[: LONGEST_NAME - 4].strip()} {number}"
    return name
