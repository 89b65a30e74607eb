"""What the figures are for, as people walk it: a manager mends what stands out, an administrator reviews a purchase and prints the opinion."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.fixtures.browser import axe, scrolls_sideways


def is_for_everybody(page: Page) -> None:
    """Say that the page as it is now has nothing serious for axe to find, and fits the screen."""
    assert axe(page) == []
    assert not scrolls_sideways(page)


def test_a_manager_sees_what_would_help_and_goes_where_it_is_changed(open_as: Callable[..., Page]) -> None:
    page = open_as("manager")
    page.goto("/manage")
    page.get_by_role("link", name="用机情况", exact=True).click()
    expect(page.get_by_role("heading", name="用机情况", level=1)).to_be_visible()
    expect(page.locator("#heat")).to_be_visible()
    is_for_everybody(page)
    page.get_by_role("region", name="建议").locator("tbody th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("用机情况：")
    page.get_by_role("region", name="建议").get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/manage/instruments/\d+/"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_her_figures_fit_a_phone_in_english(open_as: Callable[..., Page]) -> None:
    page = open_as("manager", device="phone")
    page.goto("/manage/figures?lang=en")
    expect(page.get_by_role("heading", name="What would help")).to_be_visible()
    is_for_everybody(page)


def test_an_administrator_gives_an_opinion_on_a_purchase_and_prints_it(open_as: Callable[..., Page]) -> None:
    page = open_as("orgadmin")
    page.goto("/organisation")
    page.get_by_role("link", name=re.compile("^购置查重评议")).click()
    page.get_by_role("link", name="开始一项评议").first.click()
    page.get_by_label("拟购仪器").fill("场发射透射电子显微镜")
    page.get_by_label("预算（元）").fill("8000000")
    page.get_by_label("使用中央财政资金").check()
    page.get_by_label("检索词").fill("透射电镜")
    page.get_by_label("安置地市").select_option("140100")
    is_for_everybody(page)
    page.get_by_role("button", name="查找同类仪器").click()
    rows = page.get_by_role("region", name="同类仪器").locator("tbody tr")
    expect(rows.first).to_be_visible()
    is_for_everybody(page)
    rows.first.get_by_role("checkbox").check()
    page.get_by_label("建议共享现有仪器，不购置").check()
    page.get_by_label("意见", exact=True).fill("现有仪器可以满足需求，建议共享。")
    page.get_by_role("button", name="出具意见").click()
    expect(page.get_by_text("意见已出具。")).to_be_visible()
    page.get_by_role("link", name="打印意见").click()
    expect(page.get_by_role("heading", name="大型科研仪器购置查重评议意见")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^编号 \d{4}-\d{5}$"))).to_be_visible()
    expect(page.get_by_role("region", name="同类仪器").locator("tbody tr")).to_have_count(1)
    is_for_everybody(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="返回评议")).to_be_hidden()
    page.emulate_media(media="screen")
    page.goto(f"{page.url}?lang=en")
    expect(page.get_by_role("heading", name="Opinion on the purchase of a research instrument")).to_be_visible()


def test_the_province_reads_what_needs_attention_on_a_phone(open_as: Callable[..., Page]) -> None:
    page = open_as("admin", device="phone")
    page.goto("/province")
    page.get_by_role("link", name=re.compile("^需关注的仪器")).click()
    expect(page.get_by_role("heading", name="需关注的仪器", level=1)).to_be_visible()
    is_for_everybody(page)
    matters = page.get_by_role("region", name="需关注的事项").locator("tbody tr", has=page.get_by_role("link"))
    idle = matters.filter(has_text="一年未用")
    count = int(idle.locator("strong").inner_text())
    assert count > 0
    idle.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("一年未用")
    expect(page.locator("tbody tr")).to_have_count(count)
    is_for_everybody(page)
    page.goto("/province/thresholds")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_label(re.compile("共享率")).first).to_be_visible()
    is_for_everybody(page)
