"""The browser the tests drive: that it sees what is wrong with a page, and is content with one that is right."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.fixtures.browser import OpenPage, axe, scrolls_sideways

GOOD = '<!doctype html><html lang="zh"><title>仪器</title><main><h1>仪器</h1><p>扫描电子显微镜</p></main>'


@pytest.fixture
def page_with(open_page: OpenPage) -> Page:
    return open_page("http://portal.invalid", device="phone")


def test_axe_is_content_with_a_good_page(page_with: Page) -> None:
    page_with.set_content(GOOD)
    assert axe(page_with) == []


def test_axe_sees_a_picture_without_words(page_with: Page) -> None:
    page_with.set_content(GOOD + '<img src="data:,">')
    assert [line.split(" ")[0] for line in axe(page_with)] == ["image-alt"]


def test_a_page_wider_than_the_phone_is_seen(page_with: Page) -> None:
    page_with.set_content(GOOD)
    assert not scrolls_sideways(page_with)
    page_with.set_content(GOOD + '<meta name="viewport" content="width=device-width"><div style="width: 500px">.</div>')
    assert scrolls_sideways(page_with)


def test_chinese_characters_have_a_font(page_with: Page) -> None:
    page_with.set_content('<span id="a">镜</span><br><span id="b">\U0010fffd</span>')
    known, unknown = (page_with.locator(f"#{name}").screenshot() for name in "ab")
    assert known != unknown
