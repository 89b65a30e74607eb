"""An administrator asks why a sharing rate changed, and goes down to the rows; everybody reads what the network shares."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import OpenPage, axe, scrolls_sideways
from tests.fixtures.served import ServedPortal


def is_for_everybody(page: Page) -> None:
    """Say that the page as it is now has nothing serious for axe to find, and fits the screen."""
    assert axe(page) == []
    assert not scrolls_sideways(page)


def is_drawn(page: Page, name: str) -> None:
    """Say that a chart has been drawn, and that its figures stand beside it as a table."""
    expect(page.locator(f"#{name} .chart-area canvas, #{name} .chart-area svg").first).to_be_visible()
    assert page.locator(f"#{name} .chart-numbers tbody tr").count() > 0


def numbers(text: str) -> list[float]:
    return [float(one.replace(",", "")) for one in re.findall(r"[\d,]+\.\d+", text)]


def test_she_finds_why_a_sharing_rate_changed_and_opens_the_rows(open_as: Callable[..., Page], tmp_path: Path) -> None:
    page = open_as("admin")
    page.goto("/manage/statistics?against=2025&least=all")
    is_drawn(page, "chart")
    is_for_everybody(page)
    page.locator(".figure-table tbody tr").nth(1).get_by_role("link", name=re.compile("为何")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("共享率为何变化")
    expect(page.locator(".first-sentence")).to_contain_text("个百分点")
    is_drawn(page, "chart")
    is_for_everybody(page)

    instruments = page.locator("section", has=page.locator("#by-instrument")).locator("tbody tr")
    name = instruments.nth(1).locator("th a").inner_text()
    instruments.nth(1).locator("th a").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    is_drawn(page, "chart")
    is_for_everybody(page)

    used_month = next(row for row in page.locator(".figure-table tbody tr").all()[1:] if numbers(row.locator("td").nth(3).inner_text())[0] > 0)
    of_month = numbers(used_month.locator("td").nth(3).inner_text())[0]
    used_month.locator("th a").click()
    page.wait_for_url("**/months/**")
    days = page.locator(".figure-table tbody tr").all()
    assert numbers(days[0].locator("td").nth(3).inner_text())[0] == of_month
    used_day = next(row for row in days[1:] if numbers(row.locator("td").nth(3).inner_text())[0] > 0)
    used_day.locator("th a").click()
    page.wait_for_url("**/days/**")
    sums = page.locator(".figure-table").first.locator("tbody tr").nth(1)
    figure, rows = (numbers(cell.inner_text())[0] for cell in sums.locator("td").all())
    assert figure == rows > 0
    is_for_everybody(page)
    page.locator("section", has=page.locator("#uses")).locator("tbody th a").first.click()
    expect(page).to_have_url(re.compile(r"/usage/\d+"))
    page.go_back()
    page.get_by_role("navigation", name="所在位置").get_by_role("link", name="统计", exact=True).click()
    expect(page).to_have_url(re.compile(r"against=2025"))

    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载 CSV").click()
    waiting.value.save_as(tmp_path / "figures.csv")
    with (tmp_path / "figures.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    assert sum(int(row["effective_minutes"]) for row in table[:-1]) == int(table[-1]["effective_minutes"]) > 0


@pytest.mark.parametrize(("screen", "language"), [("phone", "zh"), ("phone", "en"), ("desktop", "en")])
def test_everybody_reads_what_the_network_shares(province: ServedPortal, open_page: OpenPage, screen: str, language: str) -> None:
    page = open_page(province.url, device=screen, language=language)
    page.goto("/statistics")
    expect(page.locator(".first-sentence")).to_contain_text({"zh": "共享率", "en": "sharing rate"}[language])
    for name in ("effective", "external", "months", "month-means", "organisations", "audience"):
        is_drawn(page, name)
    is_for_everybody(page)
    page.locator(".first-sentence a").click()
    expect(page).to_have_url(re.compile("/statistics/definitions#sharing_rate"))
    is_for_everybody(page)


@pytest.mark.parametrize("view", ["", "/spread", "/kinds", "/changes"])
def test_the_desk_is_for_a_phone_too(open_as: Callable[..., Page], view: str) -> None:
    page = open_as("orgadmin", device="phone", language="en")
    page.goto(f"/manage/statistics{view}?least=all")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    is_for_everybody(page)


def test_the_desk_works_without_a_script(province: ServedPortal, open_page: OpenPage) -> None:
    page = open_page(province.url, javascript=False, language="en")
    page.goto("/statistics")
    page.get_by_label("Year").select_option("2025")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".first-sentence")).to_contain_text("2025")
    expect(page.locator("#effective .chart-numbers")).to_be_visible()
