"""Searching, comparing and looking at an instrument in a real browser: for everybody, by keyboard, on a phone, with and without scripts."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import expect
from werkzeug.serving import make_server

from instruments.codes import seed_codes
from instruments.search import rebuild_index, seed_aliases
from tests.fixtures.browser import axe, scrolls_sideways

OFFICE = [(day, 480, 1080) for day in range(5)]
PATHS = ("/", "/instruments?q=microscope", "/instruments?q=qqqqzzz", "/instruments?hours=x&category=010000", "/help")


@pytest.fixture
def site(app, session, an_organisation, an_instrument, a_booking, a_span):
    """A portal with a few instruments, served from this process; gives its address and the instruments."""
    seed_codes(session)
    seed_aliases(session)
    organisation = an_organisation(city="140100", name_zh="汾河大学", name_en="Fenhe University")
    made = [
        an_instrument(
            organisation=organisation, name_zh=f"扫描电子显微镜 {i}", name_en=f"Scanning electron microscope {i}", category_code="010102",
            hours=OFFICE, city="140100" if i % 2 else "140200", functions="表面形貌", needs_qualification=i == 2,
        )
        for i in range(1, 6)
    ]  # fmt: skip
    a_booking(instrument=made[0], span=a_span(3, 2))
    rebuild_index(session)
    session.commit()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}", made
    server.shutdown()
    thread.join()
    server.server_close()


class TestForEverybody:
    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("screen", ["desktop", "phone"])
    def test_axe_finds_nothing_serious_and_nothing_sticks_out(self, site, open_page, screen, language):
        address, made = site
        ids = ",".join(str(one.id) for one in made)
        page = open_page(address, device=screen, language=language)
        for path in (*PATHS, f"/instruments/{made[0].id}", f"/instruments/{made[0].id}?day=2026-11-24", f"/instruments/compare?ids={ids[:7]}",
                     f"/instruments/compare?ids={ids}"):  # fmt: skip
            page.goto(path)
            assert axe(page) == [], path
            assert not scrolls_sideways(page), path

    def test_without_scripts_everything_is_a_form_or_a_link(self, site, open_page):
        address, _ = site
        page = open_page(address, device="phone", language="en", javascript=False)
        page.goto("/")
        page.get_by_role("searchbox").fill("SEM")
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".result")).to_have_count(5)
        page.get_by_text("Narrow it down").click()
        page.get_by_role("link", name="Taiyuan").click()
        page.wait_for_url(lambda url: "city=140100" in url and "q=SEM" in url)
        for box in page.get_by_role("checkbox").all()[:2]:
            box.check()
        page.get_by_role("button", name="Compare the chosen ones").click()
        expect(page.locator("th[scope=col]")).to_have_count(2)
        page.locator("th[scope=col] a").first.click()
        page.get_by_role("link", name="Week after").click()
        expect(page.locator(".week-title")).to_contain_text("Week 49")


class TestWithScripts:
    @pytest.fixture
    def results(self, site, open_page):
        page = open_page(site[0], language="en")
        page.goto("/instruments?q=SEM")
        return page

    def test_a_facet_renews_the_results_alone_and_keeps_the_keyboard_there(self, results):
        results.evaluate("window.isSamePage = true")
        facet = results.locator(".facets").get_by_role("link", name="Taiyuan")
        facet.focus()
        results.keyboard.press("Enter")
        expect(results.locator(".chosen-filters")).to_contain_text("Taiyuan")
        results.wait_for_url(lambda url: "city=140100" in url)
        assert results.evaluate("window.isSamePage")
        expect(results.locator(".facets").get_by_role("link", name="Taiyuan")).to_be_focused()

    def test_a_time_that_is_changed_renews_them_too_and_the_choices_stay(self, results):
        results.locator(".facets").get_by_role("link", name="No qualification needed").click()
        expect(results.locator(".result")).to_have_count(4)
        results.get_by_label("for", exact=True).fill("9")
        results.get_by_label("for", exact=True).blur()
        expect(results.locator(".chosen-filters")).to_contain_text("Free for 9 h")
        results.wait_for_url(lambda url: "hours=9" in url and "qualification=false" in url and "q=SEM" in url)

    def test_back_shows_what_was_there_before(self, results):
        results.get_by_role("link", name="By name").click()
        results.wait_for_url(lambda url: "sort=name" in url)
        results.go_back()
        expect(results.get_by_role("link", name="Best match")).to_have_attribute("aria-current", "true")

    def test_what_cannot_be_is_said_when_the_form_is_sent(self, results):
        results.get_by_label("Free between").fill("2026-11-25T10:00")
        results.locator("#free_until").fill("2026-11-24T10:00")
        results.get_by_role("button", name="Show what is free").click()
        expect(results.get_by_text("The end must come after the start.")).to_be_visible()

    def test_proposals_are_taken_by_keyboard(self, results):
        field = results.get_by_role("combobox", name="Instrument, technique, model or maker")
        field.fill("")
        field.press_sequentially("scan")
        expect(results.get_by_role("option").first).to_be_visible()
        expect(field).to_have_attribute("aria-expanded", "true")
        field.press("Escape")
        expect(field).to_have_attribute("aria-expanded", "false")
        field.press_sequentially("n")
        expect(results.get_by_role("option").first).to_be_visible()
        field.press("ArrowDown")
        chosen = field.get_attribute("aria-activedescendant")
        expect(results.locator(f"#{chosen}")).to_have_attribute("aria-selected", "true")
        field.press("Enter")
        results.wait_for_url(lambda url: "q=SEM" not in url)

    def test_another_week_comes_without_a_new_page_and_its_free_times_take_the_arrow_keys(self, site, open_page):
        address, made = site
        page = open_page(address, language="en")
        page.goto(f"/instruments/{made[0].id}")
        page.evaluate("window.isSamePage = true")
        page.get_by_role("link", name="Week after").click()
        expect(page.locator(".week-title")).to_contain_text("Week 49")
        assert page.evaluate("window.isSamePage")
        page.wait_for_url(lambda url: url.endswith("?week=2026-W49"))
        expect(page.get_by_role("link", name="Week after")).to_be_focused()
        first = page.get_by_role("link", name="Mon 30 Nov 08:00, free for 10 h")
        first.focus()
        page.keyboard.press("ArrowDown")
        expect(page.get_by_role("link", name="Mon 30 Nov 08:30, free for 9 h 30 min")).to_be_focused()
