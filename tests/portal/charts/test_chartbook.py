"""Charts in a workbook, read back from the file: the same figures, a chart drawn from their cells, and nothing that is a formula."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import ZipFile

import pytest
import xlsxwriter
from defusedxml.ElementTree import fromstring
from openpyxl import Workbook, load_workbook

from instruments.errors import Sentence
from portal.chartbook import FIRST, add_chart
from portal.charts import BAR, WEEK, Chart, Series, named, points
from portal.language import in_language
from tests.portal.charts.specimens import HOSTILE, MONTHS, each_kind, hard_ones, make_chart_site

C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
KINDS = {
    "line": ["lineChart"],
    "bar": ["barChart", "lineChart"],
    "lying": ["barChart", "lineChart"],
    "stacked": ["barChart"],
    "histogram": ["barChart"],
    "box": ["lineChart", "lineChart"],
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Read English."""
    with make_chart_site().app_context(), in_language("en"):
        yield


def write(path: Path, **charts: Chart) -> tuple[Workbook, dict[str, Element]]:
    """Write the charts, each on its sheet, and give the book as read back and the XML of its charts by sheet."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name, chart in charts.items():
            add_chart(book, chart, name)
    with ZipFile(path) as parts:
        drawn = [fromstring(parts.read(name)) for name in sorted(parts.namelist(), key=_number) if name.startswith("xl/charts/chart")]
    return load_workbook(path), {_reference(one).partition("!")[0].strip("'"): one for one in drawn}


def _number(name: str) -> int:
    return int("".join(filter(str.isdigit, name)) or 0)


def _reference(chart: Element) -> str:
    return next(chart.iter(f"{C}f")).text or ""


def series_of(chart: Element) -> list[list[str]]:
    """Give the cells of each line or row of bars: its name, its categories, its figures."""
    return [[found.text or "" for found in one.iter(f"{C}f")] for one in chart.iter(f"{C}ser")]


def figures(sheet: Any, column: int, count: int) -> list[float | None]:
    return [sheet.cell(FIRST + 2 + at, column).value for at in range(count)]


def test_each_kind_becomes_a_chart_of_the_program_beside_its_figures(tmp_path: Path) -> None:
    book, drawn = write(tmp_path / "book.xlsx", **each_kind())
    assert book.sheetnames == list(each_kind())
    assert set(drawn) == set(KINDS)
    for name, kinds in KINDS.items():
        area = drawn[name].find(f".//{C}plotArea")
        assert area is not None
        assert [one.tag.removeprefix(C) for one in area if one.tag.endswith("Chart")] == kinds
        assert len(book[name]._charts) == 1  # openpyxl has no other name for them


def test_the_cells_hold_the_figures_and_the_chart_is_drawn_from_them(tmp_path: Path) -> None:
    book, drawn = write(tmp_path / "book.xlsx", **each_kind())
    for name, chart in each_kind().items():
        count = len(chart.categories)
        for at, one in enumerate(chart.series):
            wanted = [None if point.value is None else float(point.value) for point in one.points]
            assert figures(book[name], 2 + at, count) == wanted
        if chart.kind != WEEK:
            last = FIRST + 1 + count
            found = {tuple(cells) for cells in series_of(drawn[name])}
            assert (f"{name}!$B$4", f"{name}!$A$5:$A${last}", f"{name}!$B$5:$B${last}") in found


def test_what_is_missing_is_an_empty_cell_a_gap_and_a_reason(tmp_path: Path) -> None:
    book, drawn = write(tmp_path / "book.xlsx", line=each_kind()["line"])
    assert figures(book["line"], 2, 3) == [112.4, 120, None]
    assert book["line"].cell(FIRST + 4, 5).value == "Taiyuan: In March it was under repair."
    # left out, it means a gap in a file of the version that xlsxwriter writes
    assert [found.get("val") for found in drawn["line"].iter(f"{C}dispBlanksAs")] in ([], ["gap"])


def test_the_mean_to_compare_with_is_a_line_across(tmp_path: Path) -> None:
    book, drawn = write(tmp_path / "book.xlsx", bar=each_kind()["bar"])
    assert figures(book["bar"], 5, 6) == [1599] * 6
    assert series_of(drawn["bar"])[-1] == ["bar!$E$4", "bar!$A$5:$A$10", "bar!$E$5:$E$10"]


def test_a_week_is_coloured_cells(tmp_path: Path) -> None:
    book, drawn = write(tmp_path / "book.xlsx", week=each_kind()["week"])
    assert drawn == {}
    assert [str(found.sqref) for found in book["week"].conditional_formatting] == ["B5:H28"]


def test_without_benchmarks_long_names_lie(tmp_path: Path) -> None:
    _, drawn = write(tmp_path / "book.xlsx", sixty=hard_ones()["sixty"])
    way = drawn["sixty"].find(f".//{C}barDir")
    assert way is not None
    assert way.get("val") == "bar"


def test_an_empty_chart_says_why_on_its_sheet(tmp_path: Path) -> None:
    book, drawn = write(tmp_path / "book.xlsx", none=hard_ones()["none"])
    assert book["none"]["A3"].value == "There are no uses in this year."
    assert drawn == {}


@pytest.mark.parametrize("beginning", ["=1+1", "+1", "-1", "@a", "\t=1", HOSTILE])
def test_nothing_hostile_is_a_formula(tmp_path: Path, beginning: str) -> None:
    bad = named(beginning)
    chart = Chart(BAR, bad, bad, (bad, bad), (Series(bad, points((1, None), reason=bad)),), bad)
    book, _ = write(tmp_path / "book.xlsx", one=chart, more=chart)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert cells
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell.value for cell in cells if isinstance(cell.value, str) and cell.value.lstrip().startswith(("=", "+", "-", "@"))]


def test_any_title_makes_a_name_of_a_sheet(tmp_path: Path) -> None:
    titles = ["History", "a/b[c]*?:\\", "'", "", "x" * 80, "X" * 80, "山西" * 40, HOSTILE]
    with xlsxwriter.Workbook(str(tmp_path / "book.xlsx")) as book:
        for title in titles:
            add_chart(book, Chart(BAR, Sentence(title, title), MONTHS[0], MONTHS[:1], (Series(MONTHS[0], points((1,))),)))
    names = load_workbook(tmp_path / "book.xlsx").sheetnames
    assert len({name.casefold() for name in names}) == len(titles)
    assert all(0 < len(name) <= 31 for name in names)
