"""The pictures of the README: each page opens and has its picture; PORTAL_PICTURES=1 takes the pictures anew."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from playwright.sync_api import Page

from portal import clock
from tests.fixtures.browser import OpenPage
from tests.fixtures.served import ServedPortal

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
LARGEST = 200_000
SIZES = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 780}}
# picture: (who looks, on what screen, which page, the language); {day} is the next day on which people work, so that the evening shows as much
SHOWN = {
    "search": ("researcher", "desktop", "/instruments?q=SEM", "en"),
    "instrument": ("researcher", "desktop", "/instruments/{one}?week={week}", "en"),
    "booking": ("researcher", "desktop", "/instruments/{one}", "en"),
    "timeline": ("researcher", "desktop", "/timeline?day={day}", "en"),
    "desk": ("manager", "desktop", "/manage/desk", "en"),
    "phone": ("researcher", "phone", "/instruments/{one}?day={day}", "zh"),
}


@pytest.fixture
def one(home_instrument: Callable[..., tuple[int, str]]) -> int:
    """An instrument that the sample researcher may book at once."""
    return home_instrument(needs_qualification=False, self_operated=True)[0]


@pytest.mark.parametrize("name", SHOWN)
def test_each_picture_of_the_readme_shows_a_page_that_opens(
    province: ServedPortal, open_page: OpenPage, log_in_as: Callable[..., None], one: int, name: str
) -> None:
    who, screen, path, language = SHOWN[name]
    page = open_page(province.url, device=screen, language=language)
    page.context.set_default_timeout(60_000)
    page.set_viewport_size(SIZES[screen])
    log_in_as(page, who)
    answer = page.goto(f"{path.format(one=one, **coming_workday())}{'&' if '?' in path else '?'}lang={language}")
    assert answer is not None
    assert answer.status == 200
    if name == "booking":
        page.locator("#week a[rel=next]").click()
        page.wait_for_url(lambda url: "week=" in url)
        page.locator("td.free > a").nth(9).click()
        page.wait_for_url(lambda url: "/book?" in url)
        page.goto(f"{page.url}&lang={language}")
    if name == "phone":
        page.locator("#calendar").evaluate("one => one.scrollIntoView()")
    page.wait_for_load_state("networkidle")
    if os.environ.get("PORTAL_PICTURES") == "1":
        take_picture(page, PICTURES / f"{name}.png")
    with Image.open(PICTURES / f"{name}.png") as picture:
        assert picture.format == "PNG"
        assert picture.width >= SIZES[screen]["width"]
    assert (PICTURES / f"{name}.png").stat().st_size < LARGEST


def coming_workday() -> dict[str, str]:
    """Give the next day from Monday to Friday as ?day= and as ?week=."""
    day = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return {"day": day.isoformat(), "week": f"{day:%G-W%V}"}


def take_picture(page: Page, file: Path) -> None:
    """Write what the screen shows, in few colours so that a clone stays small."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(page.screenshot(scale="css"))) as seen:
        seen.convert("RGB").quantize(128).save(file, optimize=True)
