"""Charts drawn by the portal itself: what is drawn lies where the figures say, in black and white, and no word is more than a word."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from instruments.errors import Sentence
from portal.chartmarks import LOOKS, Area, Stroke, Words, drawing_of, round_step
from portal.chartpaper import chart_on_paper
from portal.charts import BAR, LINE, STACKED, WEEK, Benchmark, Chart, Point, Series, named, points
from portal.chartsvg import chart_svg
from portal.language import in_language
from portal.pdfpages import register_fonts
from tests.portal.charts.specimens import HOSTILE, each_kind, make_chart_site

TITLE, AXIS, NAME, OTHER = Sentence("标题", "Title"), Sentence("月份", "Month"), Sentence("机时", "Hours"), Sentence("其他", "Other")


@pytest.fixture(autouse=True)
def in_english():
    app: Flask = make_chart_site()
    with app.app_context(), in_language("en"):
        yield app


def chart(kind, *rows, **more):
    names = tuple(named(f"{number}") for number in range(len(rows[0])))
    return Chart(kind, TITLE, AXIS, names, tuple(Series(name, points(row)) for name, row in zip((NAME, OTHER), rows, strict=False)), **more)


def heights(drawn):
    return [round(max(y for _, y in area.points) - min(y for _, y in area.points), 3) for area in drawn.marks if isinstance(area, Area)]


def test_bars_are_as_high_as_their_figures() -> None:
    first, second, third = heights(drawing_of(chart(BAR, (10, 20, 40))))
    assert second == pytest.approx(2 * first, abs=0.01)
    assert third == pytest.approx(4 * first, abs=0.01)


def test_what_is_stacked_stands_on_what_is_under_it() -> None:
    drawn = drawing_of(chart(STACKED, (10,), (30,)))
    under, above = [area for area in drawn.marks if isinstance(area, Area)][2:]
    assert max(y for _, y in above.points) == pytest.approx(min(y for _, y in under.points))


def test_series_differ_without_colour() -> None:
    assert len({(fill, slope) for fill, slope in LOOKS}) == len(LOOKS)
    solid, hatched = drawing_of(chart(STACKED, (10,), (0,))), drawing_of(chart(STACKED, (0,), (10,)))
    assert sum(isinstance(mark, Stroke) for mark in hatched.marks) > sum(isinstance(mark, Stroke) for mark in solid.marks)


def test_a_hatch_stays_within_its_bar() -> None:
    drawn = drawing_of(chart(STACKED, (0, 0), (3, 500)))
    bars = [area.points for area in drawn.marks if isinstance(area, Area)]
    for mark in drawn.marks:
        if isinstance(mark, Stroke) and mark.width == 0.4:
            inside = [
                all(x0 - 0.01 <= x <= x1 + 0.01 and y0 - 0.01 <= y <= y1 + 0.01 for x, y in ((mark.x1, mark.y1), (mark.x2, mark.y2)))
                for (x0, y0), _, (x1, y1), _ in bars
            ]
            assert any(inside)


def test_a_gap_is_neither_zero_nor_bridged() -> None:
    whole, broken = drawing_of(chart(LINE, (1, 2, 3))), drawing_of(chart(LINE, (1, None, 3)))
    lines = [sum(isinstance(mark, Stroke) and mark.width == 1.2 for mark in drawn.marks) for drawn in (whole, broken)]
    assert lines == [2, 0]
    assert "n/a" in [mark.text for mark in drawing_of(chart(BAR, (1, None))).marks if isinstance(mark, Words)]


def test_a_national_mean_is_a_line_with_its_name() -> None:
    drawn = drawing_of(chart(BAR, (10, 20), benchmarks=(Benchmark(Sentence("均值", "Mean"), 256),)))
    assert "Mean 256" in [mark.text for mark in drawn.marks if isinstance(mark, Words)]
    assert any(isinstance(mark, Stroke) and mark.dash and mark.y1 == mark.y2 and mark.x2 - mark.x1 > 100 for mark in drawn.marks)


@pytest.mark.parametrize(("rough", "step"), [(0, 1), (-3, 1), (1, 1), (1.2, 2), (3, 5), (7, 10), (70, 100), (0.03, 0.05)])
def test_steps_are_round(rough: float, step: float) -> None:
    assert round_step(rough) == pytest.approx(step)


@pytest.mark.parametrize("rows", [(), (0, 0, 0), (-5, 10, 0), (1e12, 1, 2), (0.001, 0.002, 0)])
@pytest.mark.parametrize("kind", [LINE, BAR, STACKED])
def test_every_mark_lies_on_the_sheet(kind: str, rows: tuple[float, ...]) -> None:
    one = Chart(kind, TITLE, AXIS, tuple(named(str(n)) for n in range(len(rows))), (Series(NAME, tuple(Point(value) for value in rows)),))
    drawn = drawing_of(one)
    for mark in drawn.marks:
        spots = [(mark.x, mark.y)] if isinstance(mark, Words) else mark.points if isinstance(mark, Area) else [(mark.x1, mark.y1), (mark.x2, mark.y2)]
        assert all(-1 <= x <= drawn.width + 1 and -1 <= y <= drawn.height + 1 for x, y in spots)


def test_no_word_is_more_than_a_word_and_nothing_needs_a_style() -> None:
    names = (Sentence(HOSTILE, HOSTILE),)
    svg = chart_svg(Chart(BAR, names[0], names[0], names, (Series(names[0], (Point(1),)), Series(NAME, (Point(2),)))))
    assert set(re.findall(r"<(\w+)", svg)) == {"svg", "line", "polygon", "text"}
    assert "style=" not in svg
    register_fonts()
    assert chart_on_paper(Chart(BAR, names[0], names[0], names, (Series(names[0], (Point(1),)),)), 400).width == 400


def test_other_kinds_say_that_they_are_not_drawn() -> None:
    (week,) = [one for one in each_kind().values() if one.kind == WEEK]
    with pytest.raises(ValueError, match="not drawn on paper"):
        drawing_of(week)
