"""The charts in a real browser: drawn from the very figures of the table, under the policy of the portal, for everybody, by day, by night and on paper."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Route, expect
from werkzeug.serving import make_server

from portal.charts import BAR, HISTOGRAM, STACKED, WEEK
from tests.fixtures.browser import OpenPage, axe, scrolls_sideways
from tests.portal.charts.specimens import each_kind, hard_ones, make_chart_site

# What the drawing was made from, as the columns of the table.
COLUMNS = """id => {
  const option = echarts.getInstanceByDom(document.querySelector(`#${id} .chart-area`)).getOption();
  const kind = JSON.parse(document.querySelector(`#${id}`).dataset.chart).kind;
  const series = option.series.filter((one) => !one.name.startsWith("b"));
  const number = (value) => (Number.isNaN(value) ? null : value);
  if (kind === "week") {
    const days = Array.from({ length: 7 }, () => Array(24).fill(null));
    for (const cell of series[0].data) days[cell.day][cell.hour] = cell.value[2];
    return days;
  }
  if (kind === "histogram") return [series[0].data.map((bin) => bin[2])];
  if (kind === "box") return [0, 1, 2, 3, 4].map((at) => series[0].data.map((five) => number(five[at])));
  return series.map((one) => one.data);
}"""
TABLE = """id => {
  const rows = [...document.querySelectorAll(`#${id} tbody tr`)].map((row) => [...row.querySelectorAll("td")].map((cell) => {
    const found = cell.querySelector("data");
    return found ? Number(found.value) : null;
  }));
  return rows[0].map((_, at) => rows.map((row) => row[at]));
}"""
MARKS = """id => echarts.getInstanceByDom(document.querySelector(`#${id} .chart-area`)).getZr().storage.getDisplayList(true)
  .filter((one) => one.type !== "text" && one.type !== "tspan" && !one.invisible).map((one) => one.type)"""
READY = "() => [...document.querySelectorAll('.chart-area')].every((area) => echarts.getInstanceByDom(area))"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the two pages of charts for the tests of this file."""
    server = make_server("127.0.0.1", 0, make_chart_site(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def drawn(page: Page, path: str = "/charts") -> Page:
    """Open the page and wait until every chart stands."""
    page.goto(path)
    page.wait_for_function(READY)
    return page


def colours_of(page: Page, chart: str) -> dict[tuple[int, int, int], int]:
    """Count the pixels of each colour where the chart stands."""
    picture = Image.open(io.BytesIO(page.locator(f"#{chart} .chart-area").screenshot())).convert("RGB")
    return {colour: count for count, colour in picture.getcolors(1 << 24) or ()}  # type: ignore[misc]  # RGB gives triples


class TestDrawing:
    @pytest.mark.parametrize("chart", [*each_kind(), *(name for name, one in hard_ones().items() if not one.is_empty)])
    def test_the_drawing_and_the_table_have_the_same_figures(self, site: str, open_page: OpenPage, chart: str) -> None:
        page = drawn(open_page(site, language="en"), "/charts" if chart in each_kind() else "/hard")
        columns = page.evaluate(COLUMNS, chart)
        assert columns == page.evaluate(TABLE, chart)
        assert any(value is not None for column in columns for value in column)

    @pytest.mark.parametrize(
        ("chart", "mark", "count"),
        [("line", "ec-polyline", 2), ("box", "boxplotBoxPath", 3), ("week", "rect", 162), ("histogram", "rect", 12), ("lying", "rect", 5)],
    )
    def test_there_is_a_mark_for_each_figure(self, site: str, open_page: OpenPage, chart: str, mark: str, count: int) -> None:
        page = drawn(open_page(site))
        assert page.evaluate(MARKS, chart).count(mark) >= count

    @pytest.mark.parametrize("night", [False, True])
    def test_where_a_chart_stands_the_picture_is_not_blank(self, site: str, open_page: OpenPage, night: bool) -> None:
        page = open_page(site)
        page.emulate_media(color_scheme="dark" if night else "light", reduced_motion="reduce")
        drawn(page)
        paper, accent = ((17, 23, 29), (86, 194, 178)) if night else ((255, 255, 255), (11, 110, 99))
        for chart, one in each_kind().items():
            found = colours_of(page, chart)
            assert max(found, key=lambda colour: found[colour]) != accent
            assert found[paper] > 1000
            if one.kind != WEEK:
                assert found[accent] > (2000 if one.kind in (BAR, STACKED, HISTOGRAM) else 50), chart
            assert len(found) > 20

    def test_a_blank_place_would_be_noticed(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site)
        page.emulate_media(reduced_motion="reduce")
        drawn(page)
        page.evaluate("echarts.getInstanceByDom(document.querySelector('#bar .chart-area')).clear()")
        page.wait_for_function(
            "() => echarts.getInstanceByDom(document.querySelector('#bar .chart-area')).getZr().storage.getDisplayList(true).length === 0"
        )
        assert (11, 110, 99) not in colours_of(page, "bar")

    def test_a_gap_is_a_gap(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site))
        points = page.evaluate(
            """() => Array.from(echarts.getInstanceByDom(document.querySelector("#line .chart-area")).getZr().storage.getDisplayList(true)
              .find((one) => one.type === "ec-polyline").shape.points, (at) => (Number.isNaN(at) ? null : at))"""
        )
        assert [at for at, y in enumerate(points[1::2]) if y is None] == [2]

    def test_in_a_dense_line_a_point_between_two_gaps_is_seen(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site), "/hard")
        sizes = page.evaluate(
            """() => { const data = echarts.getInstanceByDom(document.querySelector("#dense .chart-area")).getModel().getSeriesByIndex(0).getData();
              return Array.from({ length: data.count() }, (_, at) => data.getItemVisual(at, "symbolSize")); }"""
        )
        assert [at for at, size in enumerate(sizes) if size] == [100]

    def test_the_words_of_the_library_are_in_the_readers_language(self, site: str, open_page: OpenPage) -> None:
        for language, word in (("zh", "一月"), ("en", "January")):
            page = drawn(open_page(site, language=language))
            chart = "echarts.getInstanceByDom(document.querySelector('.chart-area'))"
            assert page.evaluate(f"{chart}.getModel().getLocaleModel().get(['time', 'month'])[0]") == word

    def test_without_colour_the_series_still_differ(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site), "/hard")
        looks = page.evaluate(
            """() => echarts.getInstanceByDom(document.querySelector("#many .chart-area")).getOption().series
              .map((one) => JSON.stringify([one.symbol, one.lineStyle.type]))"""
        )
        assert len(set(looks)) == len(looks) == 12


class TestForEverybody:
    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("screen", ["desktop", "phone"])
    @pytest.mark.parametrize("path", ["/charts", "/hard"])
    def test_axe_finds_nothing_serious_and_nothing_sticks_out(
        self, site: str, open_page: OpenPage, path: str, screen: str, language: str
    ) -> None:
        page = drawn(open_page(site, device=screen, language=language), path)
        assert not scrolls_sideways(page)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert axe(page) == []
        assert not scrolls_sideways(page)

    def test_at_night_the_tables_can_be_read(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.emulate_media(color_scheme="dark")
        drawn(page)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert axe(page) == []

    def test_the_drawing_is_one_picture_with_one_sentence(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site, language="en"))
        expect(
            page.get_by_role("img", name="Line chart: In 2026 external hours were highest in autumn; lowest 38.0 h (Aug, Datong)")
        ).to_be_visible()

    def test_the_table_has_its_heads_its_caption_and_its_links(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site, language="en"))
        expect(page.locator("#lying details")).not_to_have_attribute("open", "")
        page.locator("#lying summary").focus()
        page.keyboard.press("Enter")
        table = page.get_by_role("table", name="Two of five organisations are above the national mean. In h")
        expect(table.get_by_role("rowheader", name="Taihang University")).to_be_visible()
        expect(table.get_by_role("columnheader", name="External hours")).to_be_visible()
        table.get_by_role("link", name="312").click()
        page.wait_for_url("**/rows/1")

    def test_without_scripts_the_table_stands_open_and_there_is_no_empty_place(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en", javascript=False)
        page.goto("/charts", wait_until="networkidle")  # nothing is on its way any more when the page is closed
        expect(page.locator("#line table")).to_be_visible()
        expect(page.locator("#line .chart-area")).to_be_hidden()

    def test_when_the_library_does_not_arrive_the_table_stands_open(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.route("**/echarts.min.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
        page.goto("/charts")
        expect(page.locator("#line table")).to_be_visible()
        expect(page.locator("#line .chart-area")).to_be_hidden()

    def test_an_empty_chart_says_why(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site, language="en"), "/hard")
        expect(page.locator("#none")).to_contain_text("There are no uses in this year.")
        expect(page.locator("#nothing")).to_contain_text("In March it was under repair.")
        expect(page.locator("#nothing table")).to_be_visible()


class TestThePolicy:
    def test_nothing_hostile_runs(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site, language="en"), "/hard")
        hover(page, "hostile", 0.6, 0.3)
        assert page.evaluate("window.harmed") is None
        assert page.locator("main img").count() == 0

    @pytest.mark.parametrize("path", ["/charts", "/hard"])
    def test_the_policy_is_not_broken_even_with_the_pointer_over_it(self, site: str, open_page: OpenPage, path: str) -> None:
        page = open_page(site)
        page.add_init_script(
            "window.broken = []; addEventListener('securitypolicyviolation', (event) => broken.push(event.violatedDirective));"
        )
        drawn(page, path)
        for chart in page.locator("figure:has(.chart-area)").evaluate_all("all => all.map((one) => one.id)"):
            hover(page, chart, 0.5, 0.5)
        assert page.evaluate("broken") == []

    def test_a_broken_policy_would_be_noticed(self, site: str, new_context: Callable[..., BrowserContext]) -> None:
        page = new_context(base_url=site).new_page()
        page.add_init_script(
            "window.broken = []; addEventListener('securitypolicyviolation', (event) => broken.push(event.violatedDirective));"
        )
        page.route("**/js/charts.js*", _with_inline_style)
        page.goto("/charts")
        page.wait_for_function("() => broken.length > 0")
        assert {one.split("-attr")[0] for one in page.evaluate("broken")} == {"style-src"}
        assert page.locator("p").evaluate("one => getComputedStyle(one).color") != "rgb(255, 0, 0)"


class TestComforts:
    def test_a_press_on_a_bar_opens_the_rows_behind_it(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site)
        page.emulate_media(reduced_motion="reduce")
        drawn(page)
        place = page.evaluate(
            """() => echarts.getInstanceByDom(document.querySelector("#lying .chart-area")).convertToPixel({ seriesIndex: 0 }, [20, 1])"""
        )
        page.locator("#lying .chart-area").click(position={"x": place[0], "y": place[1]})
        page.wait_for_url("**/rows/1")

    def test_on_a_phone_the_week_stands_upright_and_turning_it_redraws(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site, device="phone"))
        across = "echarts.getInstanceByDom(document.querySelector('#week .chart-area')).getOption().xAxis[0].data.length"
        assert page.evaluate(across) == 7
        page.set_viewport_size({"width": 844, "height": 390})
        page.wait_for_function(f"() => {across} === 24")
        assert not scrolls_sideways(page)

    def test_the_night_falls_while_one_looks(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site))
        ink = "echarts.getInstanceByDom(document.querySelector('#line .chart-area')).getOption().textStyle.color"
        assert page.evaluate(ink) == "#1b2733"
        page.emulate_media(color_scheme="dark")
        page.wait_for_function(f"() => {ink} === '#e6ecf1'")

    def test_whoever_wants_no_motion_gets_none(self, site: str, open_page: OpenPage) -> None:
        moves = "echarts.getInstanceByDom(document.querySelector('#line .chart-area')).getOption().animation"
        assert drawn(open_page(site)).evaluate(moves) is True
        page = open_page(site)
        page.emulate_media(reduced_motion="reduce")
        assert drawn(page).evaluate(moves) is False

    def test_on_paper_the_chart_is_dark_on_white_and_the_table_stands_below(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site)
        page.emulate_media(color_scheme="dark")
        drawn(page)
        page.emulate_media(media="print", color_scheme="dark")
        ink = "echarts.getInstanceByDom(document.querySelector('#bar .chart-area')).getOption().textStyle.color"
        page.wait_for_function(f"() => {ink} === '#000000'")
        expect(page.locator("#bar table")).to_be_visible()
        assert colours_of(page, "bar")[(11, 110, 99)] > 2000

    @pytest.mark.parametrize("chart", each_kind())
    def test_nothing_is_left_for_a_later_frame_because_paper_does_not_wait(self, site: str, open_page: OpenPage, chart: str) -> None:
        page = drawn(open_page(site))
        later = "() => echarts.getInstanceByDom(document.querySelector('#%s .chart-area')).getZr().storage.getDisplayList(true).map((one) => one.incremental)"
        assert set(page.evaluate(later % chart)) == {0}

    def test_after_printing_the_tables_are_folded_again(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site))
        page.evaluate("window.seen = []; addEventListener('beforeprint', () => seen.push(document.querySelector('#line details').open));")
        assert page.pdf().startswith(b"%PDF")
        assert page.evaluate("seen") == [True]
        expect(page.locator("#line details")).not_to_have_attribute("open", "")

    def test_a_chart_that_arrives_later_is_drawn_too(self, site: str, open_page: OpenPage) -> None:
        page = drawn(open_page(site))
        page.evaluate("() => htmx.ajax('GET', '/hard', { target: '#line', select: '#gaps', swap: 'outerHTML' })")
        page.wait_for_function("() => document.querySelector('#gaps canvas')")
        assert page.evaluate(COLUMNS, "gaps") == [[None, 5, None, 4, None]]


def hover(page: Page, chart: str, x: float, y: float) -> None:
    """Put the pointer over a place of the chart, in parts of its width and height, so that it says what is there."""
    area: Any = page.locator(f"#{chart} .chart-area")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box
    area.hover(position={"x": box["width"] * x, "y": box["height"] * y})


def _with_inline_style(route: Route) -> None:
    route.fulfill(body="document.body.innerHTML = '<p style=\"color: red\">x</p>';", content_type="text/javascript")
