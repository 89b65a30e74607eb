"""The parts of the look in a real browser: for everybody, with and without scripts, by keyboard and by mouse."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.fixtures.browser import OpenPage, axe, scrolls_sideways
from tests.portal.look.site import make_site


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Serve the small site for the tests of this file."""
    server = make_server("127.0.0.1", 0, make_site(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestForEverybody:
    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("screen", ["desktop", "phone"])
    @pytest.mark.parametrize("path", ["/", "/?wrong=1&week=1&person=1", "/panel"])
    def test_axe_finds_nothing_serious_and_nothing_sticks_out(
        self, site: str, open_page: OpenPage, path: str, screen: str, language: str
    ) -> None:
        page = open_page(site, device=screen, language=language)
        page.goto(path)
        assert axe(page) == []
        assert not scrolls_sideways(page)

    def test_the_night_has_contrast_too(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.emulate_media(color_scheme="dark")
        page.goto("/?wrong=1")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(17, 23, 29)"
        assert axe(page) == []

    @pytest.mark.parametrize("screen", ["desktop", "phone"])
    def test_without_scripts_a_free_time_is_a_link(self, site: str, open_page: OpenPage, screen: str) -> None:
        page = open_page(site, device=screen, language="en", javascript=False)
        page.goto("/")
        page.get_by_role("link", name="Wed 25 Nov 10:00, free for 3 h").click()
        assert page.url.endswith("/book?start=2026-11-25T02:00Z&end=2026-11-25T03:00Z")

    def test_the_skip_link_comes_first_and_leads_to_the_content(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.goto("/")
        page.keyboard.press("Tab")
        expect(page.locator(".skip-link")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()

    def test_on_a_phone_one_day_fills_the_width_and_another_is_a_press_away(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, device="phone", language="en")
        page.goto("/")
        shown = "id => { const r = document.getElementById(id).getBoundingClientRect(); return r.left >= 0 && r.right <= innerWidth + 1; }"
        page.wait_for_function(shown, arg="day-2026-11-24")
        page.locator(".days-strip a", has_text="Thu 26 Nov").click()
        page.wait_for_function(shown, arg="day-2026-11-26")

    def test_a_page_prints_without_its_frame(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.emulate_media(media="print")
        page.goto("/")
        expect(page.locator(".site-links")).to_be_hidden()
        expect(page.locator("h1")).to_be_visible()


class TestWeekByKeyboard:
    @pytest.fixture
    def page(self, site: str, open_page: OpenPage) -> Page:
        page = open_page(site, language="en")
        page.goto("/")
        page.wait_for_selector("table.week[role=grid]")
        page.locator("td.free > a[tabindex='0']").focus()
        return page

    def focused(self, page: Page) -> str:
        return str(page.evaluate("document.activeElement.dataset.from"))

    def test_the_week_is_one_stop_of_the_tab_key(self, page: Page) -> None:
        assert page.locator("td.free > a[tabindex='0']").count() == 1
        assert self.focused(page) == "2026-11-24T11:00"

    def test_arrows_move_among_free_times(self, page: Page) -> None:
        way = []
        for key in ("ArrowDown", "ArrowRight", "ArrowUp", "ArrowRight", "ArrowLeft", "End", "Home"):
            page.keyboard.press(key)
            way.append(self.focused(page)[5:])
        assert way == ["11-24T12:00", "11-25T12:00", "11-25T11:00", "11-26T12:00", "11-25T12:00", "11-25T17:00", "11-25T08:00"]

    def test_enter_books_the_step(self, page: Page) -> None:
        page.keyboard.press("Enter")
        page.wait_for_url("**/book?start=2026-11-24T03*00Z&end=2026-11-24T04*00Z")

    def test_shift_and_arrows_change_the_length_and_it_is_said(self, page: Page) -> None:
        for key in ("Shift+ArrowDown", "Shift+ArrowDown", "Shift+ArrowUp"):
            page.keyboard.press(key)
        expect(page.locator("[data-week-says]")).to_contain_text("2026-11-24 11:00 to 2026-11-24 13:00")
        assert page.locator("td[aria-selected=true]").count() == 2
        page.keyboard.press("Enter")
        page.wait_for_url("**/book?start=2026-11-24T03*00Z&end=2026-11-24T05*00Z")

    def test_a_length_stops_at_what_is_taken(self, page: Page) -> None:
        for _ in range(6):
            page.keyboard.press("Shift+ArrowDown")
        expect(page.locator("[data-week-says]")).to_contain_text("to 2026-11-24 14:00")

    def test_escape_forgets_the_length(self, page: Page) -> None:
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Escape")
        assert page.locator("a.chosen").count() == 0


class TestWeekByMouse:
    def drag(self, page: Page, first: str, last: str) -> None:
        page.locator(f"a[data-from='{first}']").scroll_into_view_if_needed()
        page.locator(f"a[data-from='{first}']").hover()
        page.mouse.down()
        page.locator(f"a[data-from='{last}']").hover()
        page.mouse.up()

    @pytest.mark.parametrize(("first", "last"), [("11", "13"), ("13", "11")])
    def test_a_drag_chooses_from_the_first_to_the_last(self, site: str, open_page: OpenPage, first: str, last: str) -> None:
        page = open_page(site, language="en")
        page.goto("/")
        self.drag(page, f"2026-11-24T{first}:00", f"2026-11-24T{last}:00")
        page.wait_for_url("**/book?start=2026-11-24T03*00Z&end=2026-11-24T06*00Z")

    def test_a_drag_stops_at_what_is_taken(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.goto("/")
        self.drag(page, "2026-11-24T12:00", "2026-11-24T17:00")
        page.wait_for_url("**/book?start=2026-11-24T04*00Z&end=2026-11-24T06*00Z")

    def test_beside_a_form_it_fills_the_form_and_the_answer_comes_live(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.goto("/panel")
        self.drag(page, "2026-11-24T11:00", "2026-11-24T12:00")
        expect(page.locator("input[name=start]")).to_have_value("2026-11-24T11:00")
        expect(page.locator("input[name=end]")).to_have_value("2026-11-24T13:00")
        expect(page.locator("#answer")).to_have_text("cancelled7")
        page.locator("a[data-from='2026-11-25T15:00']").click()
        expect(page.locator("input[name=start]")).to_have_value("2026-11-25T15:00")


class TestComforts:
    def test_what_cannot_be_undone_is_asked_once_more(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.goto("/")
        page.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("dialog")).to_contain_text("Cancel this booking?")
        expect(page.get_by_role("button", name="No, go back")).to_be_focused()
        assert axe(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        expect(page.locator("body")).to_have_text("cancelled3")

    def test_the_menu_closes_on_escape_and_on_a_press_elsewhere(self, site: str, open_page: OpenPage) -> None:
        page = open_page(site, language="en")
        page.goto("/?person=1")
        menu = page.locator("details.menu")
        for close in (lambda: page.keyboard.press("Escape"), lambda: page.locator("h1").click()):
            menu.locator("summary").click()
            expect(menu).to_have_attribute("open", "")
            close()
            expect(menu).not_to_have_attribute("open", "")

    def test_the_reader_far_away_is_told_the_zone(self, site: str, new_context: Callable[..., BrowserContext]) -> None:
        page = new_context(base_url=site, locale="en-GB", timezone_id="Europe/Berlin").new_page()
        page.goto("/")
        assert "China Time" not in page.locator("table.list").inner_text()
        page.reload()
        expect(page.locator("table.list")).to_contain_text("Tue 24 Nov, 10:15 (China Time)")
