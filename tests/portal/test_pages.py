"""What every page is given, and the page of an error."""

from __future__ import annotations

import re

import pytest
from flask import Flask, g, render_template

from instruments.access import ANONYMOUS, Grant, Viewer
from portal.language import in_language
from portal.pages import asset, csrf, has_endpoint, here_with, me_links, site_links
from tests.portal.look.site import make_site

STATUSES = (400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503)


@pytest.fixture(scope="module")
def site() -> Flask:
    """The small site of the look."""
    return make_site()


def a_person(*grants: Grant) -> Viewer:
    """Somebody with these roles."""
    return Viewer(person_id=1, name="Li", grants=grants)


def links_of(site: Flask, viewer: Viewer, path: str = "/") -> list[tuple[str, bool]]:
    """Give the header's links, and which of them is where the reader is."""
    with site.test_request_context(path), in_language("en"):
        g.viewer = viewer
        return [(link.text, link.is_current) for link in site_links()]


class TestHeader:
    @pytest.mark.parametrize(
        ("viewer", "texts"),
        [
            (ANONYMOUS, []),
            (a_person(), ["My bookings"]),
            (a_person(Grant("manager", instrument_id=3)), ["My bookings", "Manage"]),
            (a_person(Grant("organisation_admin", organisation_id=1)), ["My bookings", "Manage", "Organisation"]),
            (a_person(Grant("auditor")), ["My bookings", "Manage", "Changes"]),
            (a_person(Grant("province_admin")), ["My bookings", "Manage", "Province", "Changes"]),
        ],
    )
    def test_its_links_reach_as_far_as_the_viewers_roles(self, site: Flask, viewer: Viewer, texts: list[str]) -> None:
        assert [text for text, _ in links_of(site, viewer)] == ["Instruments", "Timeline", *texts, "How it works"]

    def test_it_marks_where_the_reader_is(self, site: Flask) -> None:
        for path, here in (("/timeline/show", "Timeline"), ("/search/home", "Instruments"), ("/bookings/mine", "My bookings")):
            assert [text for text, is_here in links_of(site, a_person(), path) if is_here] == [here]

    def test_a_page_that_is_not_there_has_no_link(self, site: Flask) -> None:
        with site.test_request_context("/"):
            assert has_endpoint("me.show")
            assert not has_endpoint("me.tokens")
            g.viewer = a_person()
            assert [link.url for link in me_links()] == ["/me/show"]

    def test_the_sample_is_marked_on_every_page(self, site: Flask) -> None:
        client = site.test_client()
        assert "示例数据" in client.get("/?lang=zh").text
        site.config["SAMPLE"] = False
        try:
            assert "示例数据" not in client.get("/?lang=zh").text
        finally:
            site.config["SAMPLE"] = True

    def test_a_person_changes_her_language_for_good_and_a_visitor_for_this_browser(self, site: Flask) -> None:
        client = site.test_client()
        page = client.get("/?person=1&lang=en").text
        assert re.search(r'<form[^>]* action="/me/language">.*?name="csrf_token".*?name="language" value="zh"', page, re.DOTALL)
        assert '<a href="/?lang=zh" hreflang="zh-CN" lang="zh-CN">中文</a>' in client.get("/?lang=en").text


class TestAddresses:
    def test_a_static_files_address_changes_with_its_content(self, site: Flask) -> None:
        with site.test_request_context("/"):
            assert re.fullmatch(r"/static/css/tokens\.css\?v=[0-9a-f]{10}", asset("css/tokens.css"))
            assert asset("css/none.css") == "/static/css/none.css"

    def test_a_filter_is_changed_and_the_rest_of_the_query_kept(self, site: Flask) -> None:
        with site.test_request_context("/panel?q=x%26y&city=a&city=b&cursor=9"):
            assert here_with(cursor=None, sort="name") == "/panel?q=x%26y&city=a&city=b&sort=name"
            assert here_with(city=["c"], cursor="") == "/panel?q=x%26y&city=c"

    @pytest.mark.parametrize("key", ["_external", "_scheme", "_anchor", "_method", "endpoint", "self"])
    def test_a_query_cannot_turn_an_address_elsewhere(self, site: Flask, key: str) -> None:
        with site.test_request_context("/panel", query_string={key: "evil"}):
            assert here_with(sort="name").startswith("/panel?")

    def test_every_form_carries_a_hidden_token(self, site: Flask) -> None:
        with site.test_request_context("/"):
            assert re.fullmatch(r'<input type="hidden" name="csrf_token" value="[\w.-]+">', csrf())


class TestErrorPage:
    def page(self, site: Flask, language: str = "en", viewer: Viewer = ANONYMOUS, **known) -> str:
        with site.test_request_context("/"), in_language(language):
            g.viewer = viewer
            return render_template(
                "errors/error.html", **{"status": 404, "sentence": "", "refusals": [], "changes": {}, "trace": ""} | known
            )

    @pytest.mark.parametrize("language", ["zh", "en"])
    @pytest.mark.parametrize("status", STATUSES)
    def test_each_status_says_what_happened_and_what_to_do(self, site: Flask, status: int, language: str) -> None:
        page = self.page(site, language, status=status)
        heading = re.search(r"<h1>(.+?)</h1>", page)
        advice = re.search(r'<p class="flush">(.+?)</p>', page)
        assert heading
        assert advice
        assert heading[1] != advice[1]

    def test_an_unheard_of_status_is_a_fault_of_ours(self, site: Flask) -> None:
        assert "Something went wrong on our side" in self.page(site, status=599)

    def test_a_sentence_from_outside_is_only_text(self, site: Flask) -> None:
        page = self.page(site, sentence="<script>alert(1)</script>", refusals=["<b>no</b>"], changes={"<i>": ("<u>", "<s>")}, trace="<hr>")
        assert not re.search(r"<script>|<b>|<i>|<u>|<s>|<hr>", page)

    def test_a_visitor_is_offered_to_log_in_and_a_person_is_not(self, site: Flask) -> None:
        assert 'class="btn btn-primary" href="/auth/login' in self.page(site)
        assert 'class="btn btn-primary" href="/auth/login' not in self.page(site, viewer=a_person())

    def test_two_changes_are_shown_side_by_side(self, site: Flask) -> None:
        assert re.search(r"Place</th><td>Room 1</td><td>Room 2</td>", self.page(site, status=409, changes={"Place": ("Room 1", "Room 2")}))

    def test_a_crash_has_its_number(self, site: Flask) -> None:
        assert "<code>abc123</code>" in self.page(site, status=500, trace="abc123")
