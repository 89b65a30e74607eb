"""A report as a file: CSV for programs, and a workbook with the figures, their charts and what each of them means. No cell is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from instruments.errors import Sentence
from instruments.exchange.cells import neutralise
from portal.chartbook import add_chart
from portal.charts import BAR, LINE, Chart, Point, Series
from portal.figurerows import BY_CODE, COLUMNS, Column, Figure, figures_of, reasons_of
from portal.language import say, t
from scheduling.statistics.reports import BY, Report, ReportRow

Hidden = Collection[tuple[str, str]]
OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
UNITS = {
    "minutes": Sentence("分钟", "minutes"), "yuan": Sentence("元", "yuan"), "rate": Sentence("比率（0–1）", "share of 1"),
    "hours": Sentence("小时", "hours"), "": Sentence("个", "count"),
}  # fmt: skip
FORMATS = {"minutes": "#,##0", "yuan": "#,##0.00", "rate": "0.0%", "hours": "#,##0.0", "": "#,##0"}
CHARTED = ("effective_minutes", "external_minutes"), ("sharing_rate", "utilisation_offered")
MOST_CHARTED = 60  # bars
MOST_KEPT = 5000  # rows


def csv_pieces(found: Report, hidden: Hidden = ()) -> Iterator[str]:
    """Give a report as CSV, a row at a time, with the names the API uses; the total is the last row. What is not defined stays empty."""
    yield _line(["key", "label_zh", "label_en", *(column.code for column in COLUMNS)])
    for row in _with_total(found):
        texts = [row.key, row.label.zh, row.label.en]
        yield _line([*map(neutralise, texts), *(_text(value) for value in figures_of(row, hidden).values())])


def _with_total(found: Report) -> Sequence[ReportRow]:
    return found.rows if found.by == "network" else (*found.rows, found.total)


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()


def _text(value: Figure) -> str:
    return "" if value is None else f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def write_book(found: Report, path: Path, hidden: Hidden = ()) -> None:
    """Write a report as a workbook: the figures, charts of hours and rates, and a sheet that defines every column."""
    # Very many rows go to the file one by one instead of being kept.
    with xlsxwriter.Workbook(str(path), {**OPTIONS, "constant_memory": len(found.rows) > MOST_KEPT}) as book:
        _write_figures(book, found, hidden)
        for chart in charts_of(found):
            add_chart(book, chart)
        _write_definitions(book)


def _write_figures(book: Any, found: Report, hidden: Hidden) -> None:
    page = book.add_worksheet(t("数据", "Figures"))
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    looks = {unit: book.add_format({"num_format": text}) for unit, text in FORMATS.items()}
    page.write_string(0, 0, f"{say(found.period.title)} · {say(BY[found.by])}", book.add_format({"bold": True}))
    titles = [t("编码", "Key"), t("名称", "Name"), *(f"{say(column.title)} ({say(UNITS[column.unit])})" for column in COLUMNS)]
    codes = ["key", "label", *(column.code for column in COLUMNS)]
    for number, title in enumerate(titles):
        page.write_string(1, number, title, head)
    for number, code in enumerate(codes):
        page.write_string(2, number, code)
    for at, row in enumerate(_with_total(found), 3):
        page.write_string(at, 0, neutralise(row.key))
        page.write_string(at, 1, neutralise(say(row.label)))
        figures, reasons = figures_of(row, hidden), reasons_of(row, hidden)
        for number, column in enumerate(COLUMNS, 2):
            _put(page, at, number, column, figures[column.code], looks, reasons)
    page.set_column(1, 1, 30)
    page.set_column(2, len(codes), 14)
    page.freeze_panes(3, 2)


def _put(page: Any, row: int, number: int, column: Column, value: Figure, looks: dict[str, Any], reasons: dict[str, Sentence]) -> None:
    if value is None:
        page.write_blank(row, number, None)
        if column.code in reasons:
            page.write_comment(row, number, say(reasons[column.code]))
    else:
        page.write_number(row, number, float(value), looks[column.unit])


def _write_definitions(book: Any) -> None:
    page = book.add_worksheet(t("指标说明", "Definitions"))
    bold = book.add_format({"bold": True})
    for number, title in enumerate((t("编码", "Code"), t("名称", "Name"), t("单位", "Unit"), t("定义或公式", "Definition or formula"))):
        page.write_string(0, number, title, bold)
    for at, column in enumerate(COLUMNS, 1):
        for number, text in enumerate((column.code, say(column.title), say(UNITS[column.unit]), say(column.explained))):
            page.write_string(at, number, text)
    for number, width in enumerate((24, 30, 14, 90)):
        page.set_column(number, number, width)


def charts_of(found: Report) -> list[Chart]:
    """Make the charts of a report: hours, and rates; by month as lines. The longest part of many rows is shown."""
    if found.by == "network" or not found.rows:
        return []
    return [_chart(found, codes) for codes in CHARTED]


def _chart(found: Report, codes: Sequence[str]) -> Chart:
    rows, columns = found.rows[:MOST_CHARTED], [BY_CODE[code] for code in codes]
    is_hours = columns[0].unit == "minutes"
    names = " / ".join(say(column.title) for column in columns)
    title = t("{period}按{by}：{names}", "{names} by {by}, {period}", period=say(found.period.title), by=say(BY[found.by]), names=names)
    series = tuple(Series(column.title, tuple(_point(column, row, is_hours) for row in rows)) for column in columns)
    unit = Sentence("小时", "h") if is_hours else Sentence("%", "%")
    return Chart(
        LINE if found.by == "month" else BAR, Sentence(title, title), BY[found.by], tuple(row.label for row in rows), series, unit, 1
    )


def _point(column: Column, row: ReportRow, is_hours: bool) -> Point:
    value = column.figure(row)
    if value is None:
        return Point(None, reason=column.reason(row) or Sentence("", ""))
    return Point(round(float(value) / 60, 1) if is_hours else round(float(value) * 100, 1))
