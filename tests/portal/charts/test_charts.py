"""What a chart holds and what the page says of it, without a browser: no figure is not zero, no link leads out, no name is more than a name."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask

from instruments.errors import Sentence
from portal.chartpage import shown_chart, summary
from portal.charts import BAR, BOX, HISTOGRAM, LINE, WEEK, Benchmark, Chart, Point, Series, boxes, histogram, named, points, week
from portal.language import in_language
from tests.portal.charts.specimens import HOSTILE, MONTHS, each_kind, hard_ones, line, make_chart_site

TITLE, AXIS, NAME = Sentence("标题", "Title"), Sentence("月份", "Month"), Sentence("机时", "Hours")


@pytest.fixture
def app() -> Iterator[Flask]:
    """The small site with its two pages of charts."""
    app = make_chart_site()
    with app.app_context():
        yield app


def page(app: Flask, path: str, language: str = "en") -> str:
    return app.test_client().get(path, query_string={"lang": language}).get_data(as_text=True)


def blocks(text: str) -> list[dict[str, object]]:
    """What the script would read."""
    return [json.loads(found) for found in attributes(text)]


def attributes(text: str) -> list[str]:
    return re.findall(r"data-chart='(.*?)'", text, re.DOTALL)


def bars(*values: Decimal | float | int | None, **more: object) -> Chart:
    return Chart(BAR, TITLE, AXIS, MONTHS[: len(values)], (Series(NAME, points(values)),), **more)  # type: ignore[arg-type]  # the test's own


class TestWhatAChartHolds:
    def test_points_must_fit_the_categories(self) -> None:
        with pytest.raises(ValueError, match="1 points for 2 categories"):
            Chart(LINE, TITLE, AXIS, MONTHS[:2], (Series(NAME, points((1,))),))

    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, Decimal("nan")])
    def test_what_is_not_a_number_must_be_said_as_none(self, value: float) -> None:
        with pytest.raises(ValueError, match="say None and why"):
            Point(value)
        with pytest.raises(ValueError, match="say None and why"):
            Benchmark(NAME, value)

    @pytest.mark.parametrize("link", ["javascript:alert(1)", "//example.org", "https://example.org/", "/\\example.org", "data:text/html,x"])
    def test_a_link_stays_in_the_portal(self, link: str) -> None:
        for make in (lambda: Point(1, link), lambda: Benchmark(NAME, 1, link), lambda: bars(1, explained=link)):
            with pytest.raises(ValueError, match="leads out of the portal"):
                make()

    def test_there_are_only_the_kinds_that_can_be_drawn(self) -> None:
        with pytest.raises(ValueError, match="no kind of chart 'pie'"):
            Chart("pie", TITLE, AXIS, (), ())

    def test_a_week_a_box_and_a_histogram_have_their_shapes(self) -> None:
        with pytest.raises(ValueError, match="7 days of 24 hours"):
            Chart(WEEK, TITLE, AXIS, MONTHS, ())
        with pytest.raises(ValueError, match="five figures"):
            Chart(BOX, TITLE, AXIS, (), (Series(NAME, ()),))
        for edges in ((0, 1), (0, 1, 3), (2, 1, 0), (0, 0, 0)):
            with pytest.raises(ValueError, match="rise evenly"):
                Chart(HISTOGRAM, TITLE, AXIS, MONTHS[:2], (Series(NAME, points((1, 2))),), edges=edges)

    def test_boxes_and_weeks_without_anything_are_empty_not_wrong(self) -> None:
        assert boxes(TITLE, AXIS, [], []).is_empty
        assert histogram(TITLE, AXIS, (0,), ()).is_empty
        assert week(TITLE, [points((None,) * 24)] * 7).is_empty
        assert not week(TITLE, [points((0,) * 24)] * 7).is_empty

    def test_the_names_of_bins_have_no_tail_of_binary_fractions(self) -> None:
        found = histogram(TITLE, AXIS, [step * 0.1 for step in range(4)], points((1, 2, 3)))
        assert [one.en for one in found.categories] == ["0.0-0.1", "0.1-0.2", "0.2-0.3"]

    def test_bars_lie_when_there_are_many_or_their_names_are_long(self) -> None:
        assert not bars(*range(12)).is_lying
        many = tuple(named(str(number)) for number in range(15))
        assert Chart(BAR, TITLE, AXIS, many, (Series(NAME, points(range(15))),)).is_lying
        assert Chart(BAR, TITLE, AXIS, (named("汾河理工大学"),), (Series(NAME, points((1,))),)).is_lying
        assert not Chart(LINE, TITLE, AXIS, (named("汾河理工大学"),), (Series(NAME, points((1,))),)).is_lying

    def test_a_name_in_one_language_serves_for_both(self) -> None:
        assert named("太原", None) == Sentence("太原", "太原")
        assert named("", "Taiyuan") == Sentence("Taiyuan", "Taiyuan")


class TestWhatThePageSays:
    def test_the_table_and_the_drawing_have_the_same_figures(self, app: Flask) -> None:
        for language in ("zh", "en"):
            with in_language(language):
                for chart in (*each_kind().values(), *hard_ones().values()):
                    shown = shown_chart(chart)
                    drawn = [one["values"] for one in shown.data["series"]]
                    table = [[float(cells[at].value) if cells[at].value else None for _, cells in shown.rows] for at in range(len(drawn))]
                    assert drawn == table
                    assert shown.data["categories"] == [name for name, _ in shown.rows]

    def test_figures_are_written_with_the_decimals_asked_for(self, app: Flask) -> None:
        with in_language("en"):
            cells = [cells[0].text for _, cells in shown_chart(bars(1284, Decimal("16.94"), 0.05, decimals=1)).rows]
        assert cells == ["1,284.0", "16.9", "0.0"]

    def test_what_is_missing_is_said_with_its_reason_and_is_never_zero(self, app: Flask) -> None:
        with in_language("en"):
            shown = shown_chart(line())
            cell = shown.rows[2][1][0]
            assert (cell.text, cell.value, cell.note) == ("n/a", "", "In March it was under repair.")
            assert shown.data["series"][0]["values"][2] is None
            assert shown.data["series"][0]["texts"][2] == "n/a: In March it was under repair."
            assert shown.gaps == ("In March it was under repair.",)
        with in_language("zh"):
            assert shown_chart(line()).rows[2][1][0].text == "无数据"

    def test_one_sentence_says_it_to_whoever_cannot_see(self, app: Flask) -> None:
        with in_language("en"):
            assert summary(line()) == (
                "Line chart: In 2026 external hours were highest in autumn; lowest 38.0 h (Aug, Datong), highest 162.0 h (Dec, Taiyuan); "
                "National monthly mean (2024) 21.3 h."
            )
        with in_language("zh"):
            assert summary(bars(3, 1)) == "柱形图：标题；最低 1（2月），最高 3（1月）。"

    def test_what_a_histogram_is_compared_with_lies_along_its_edges_and_is_no_count(self, app: Flask) -> None:
        with in_language("en"):
            shown = shown_chart(each_kind()["histogram"])
        assert [label for label, _ in shown.benchmarks] == ["Effective hours a year, National mean (2024)"]
        assert shown.data["benchmarks"] == [{"label": "National mean (2024) 1,511", "value": 1511.0}]
        assert shown.summary.endswith("; National mean (2024) 1,511.")

    def test_nothing_to_draw_is_explained(self, app: Flask) -> None:
        text = page(app, "/hard")
        assert "There are no uses in this year." in text
        assert "There is nothing to draw for what was chosen." in text
        assert len(blocks(text)) == len(hard_ones()) - 2

    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_hostile_texts_stay_texts(self, app: Flask, language: str) -> None:
        text = page(app, "/hard", language)
        assert "<img src=x" not in text
        block = blocks(text)[0]
        assert block["categories"] == [HOSTILE, HOSTILE]
        assert HOSTILE in unescape(text)

    def test_the_data_hold_nothing_a_page_could_take_for_markup(self, app: Flask) -> None:
        for found in attributes(page(app, "/hard")):
            assert not set(found) & set("<>&'")

    def test_only_a_page_with_a_chart_loads_what_draws_it(self, app: Flask) -> None:
        assert "echarts" in page(app, "/charts")
        assert "echarts" not in page(app, "/")

    def test_links_stand_at_the_figures_and_at_the_title(self, app: Flask) -> None:
        text = page(app, "/charts")
        assert '<a href="/rows?month=3"><span class="quiet">n/a' in text
        assert '<a href="/rows/1"><data value="312">312</data></a>' in text
        assert '<a href="/benchmarks"><data value="256">256</data></a>' in text
        assert '<a href="/help">How is this computed?</a>' in text
