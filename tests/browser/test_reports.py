"""An administrator keeps what she asks for again and again, goes down from a figure to its parts, and prints the year."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from tests.fixtures.browser import axe, scrolls_sideways


def is_for_everybody(page: Page) -> None:
    """Say that the page as it is now has nothing serious for axe to find, and fits the screen."""
    assert axe(page) == []
    assert not scrolls_sideways(page)


def taken(page: Page, link: str, folder: Path) -> bytes:
    """Take the file behind a link."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=link).first.click()
    waiting.value.save_as(folder / "taken")
    return (folder / "taken").read_bytes()


def test_she_saves_a_report_from_the_desk_and_finds_it(open_as: Callable[..., Page], tmp_path: Path) -> None:
    page = open_as("admin")
    page.goto("/manage/statistics?by=city&least=all")
    rows = page.locator(".figure-table tbody tr").count() - 1
    assert rows > 5
    page.get_by_role("link", name="保存为报告").click()
    expect(page.get_by_role("heading", name="保存报告", level=1)).to_be_visible()
    page.get_by_label("名称").fill("各地市共享情况")
    expect(page.get_by_label("按什么分行")).to_have_value("city")
    page.get_by_label("时间").select_option(label="今年至今")
    is_for_everybody(page)
    page.get_by_role("button", name="保存").click()
    page.goto("/reports")
    mine = page.locator("tbody tr").filter(has_text="各地市共享情况")
    expect(mine).to_have_count(1)
    expect(mine).to_contain_text("今年至今")
    is_for_everybody(page)
    with page.expect_download() as waiting:
        mine.get_by_role("link", name=re.compile("^现在下载")).click()
    waiting.value.save_as(tmp_path / "report.xlsx")
    sheet = load_workbook(io.BytesIO((tmp_path / "report.xlsx").read_bytes())).worksheets[0]
    assert sheet.max_row == 3 + rows + 1


@pytest.mark.parametrize(
    ("who", "paper", "pdf"),
    [("admin", "年度报告（可打印）", "下载 PDF"), ("researcher2", "The year as a report, to print", "Take as PDF")],
    ids=["in Chinese", "in English"],
)
def test_the_year_is_printed_by_an_administrator_and_by_everybody(
    open_as: Callable[..., Page], tmp_path: Path, who: str, paper: str, pdf: str
) -> None:
    page = open_as(who)
    page.goto("/statistics?year=2025")
    (rate,) = re.findall(r"[\d.]+ %", page.locator(".first-sentence").inner_text())[:1]
    page.get_by_role("link", name=paper).click()
    expect(page.locator(".first-sentence")).to_contain_text(rate)
    assert page.locator("section.paper-part").count() > 5
    assert page.locator("figure svg").count() > 2
    is_for_everybody(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name=pdf)).to_be_hidden()
    expect(page.locator(".first-sentence")).to_be_visible()
    page.emulate_media(media="screen")
    file = taken(page, pdf, tmp_path)
    assert file.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", file)) > 3


def test_from_an_indicator_she_goes_down_to_its_parts_by_keyboard(open_as: Callable[..., Page]) -> None:
    page = open_as("admin", device="phone")
    page.goto("/manage/statistics?least=all")
    figure = page.locator(".figure-table tbody tr").nth(1).get_by_role("link", name=re.compile("^共享率 .*查看明细$"))
    rate = figure.inner_text()
    figure.focus()
    page.keyboard.press("Enter")
    line = page.locator(".in-view-line")
    expect(line).to_contain_text(f"共享率 {rate} = 对外服务机时")
    is_for_everybody(page)
    page.locator(".figure-table tbody tr").nth(1).get_by_role("link", name=re.compile("^对外服务机时")).click()
    expect(line).to_contain_text("正在查看：对外服务机时")
    assert page.locator("td.in-view").count() > 5
    is_for_everybody(page)
