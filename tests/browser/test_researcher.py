"""A researcher's way, as she walks it: she registers, is admitted and qualified, finds, books on her phone, moves and cancels."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import OpenPage
from tests.fixtures.served import ServedPortal

ADDRESS, PASSWORD = "han.mei@example.org", "liu-ping-fen-he-8"


def test_she_registers_and_her_organisation_admits_her(
    province: ServedPortal, open_page: OpenPage, open_as: Callable[..., Page], letter_to: Callable[..., EmailMessage]
) -> None:
    page = open_page(province.url)
    page.context.set_default_timeout(60_000)
    page.goto("/register")
    page.locator("input[name=email]").fill(ADDRESS)
    page.locator("input[name=name]").fill("韩梅")
    page.locator("[name=organisation]").select_option(label="汾河理工大学")
    page.get_by_role("button", name="发送确认邮件").click()
    expect(page.locator("h1")).to_have_text("请查收邮件")
    link = re.search(r"/register/confirm/\S+", letter_to(ADDRESS, "/register/confirm/").get_body(("plain",)).get_content())
    assert link is not None
    page.goto(link.group())
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="确认").click()
    expect(page.locator("h1")).to_have_text("邮箱已确认")

    administrator = open_as("orgadmin")
    administrator.goto("/organisation/people?q=han.mei")
    administrator.get_by_role("link", name="韩梅").click()
    administrator.get_by_role("button", name="通过审核").click()
    administrator.wait_for_load_state()

    hers = open_as(ADDRESS, PASSWORD)
    hers.goto("/bookings")
    expect(hers.locator("h1")).to_have_text("我的预约")


@pytest.mark.parametrize("typed", ["zhipu", "SEM"])
def test_she_finds_instruments_by_the_words_she_uses(province: ServedPortal, open_page: OpenPage, typed: str) -> None:
    page = open_page(province.url, device="phone")
    page.context.set_default_timeout(60_000)
    page.goto("/")
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).first.fill(typed)
    page.get_by_role("searchbox").or_(page.get_by_role("combobox")).first.press("Enter")
    page.wait_for_url(lambda url: f"q={typed}" in url)
    wanted = {"zhipu": "质谱", "SEM": "扫描电"}[typed]
    expect(page.locator(".result h2").first).to_contain_text(wanted)
    page.locator(".result h2 a").first.click()
    expect(page.locator("h1")).to_contain_text(wanted)


def ask_and_be_granted(open_as: Callable[..., Page], instrument_id: int) -> None:
    """She asks for the qualification, and the manager grants it."""
    hers = open_as("researcher2", language="en")
    hers.goto(f"/instruments/{instrument_id}/qualification")
    hers.locator("textarea[name=note]").fill("Trained on the same model in Beijing.")
    hers.get_by_role("button", name="Ask for it").click()
    hers.wait_for_load_state()
    manager = open_as("manager")
    manager.goto("/manage/qualifications")
    asked = manager.locator("article", has_text="Trained on the same model in Beijing.")
    asked.get_by_role("button", name="授予").click()
    expect(asked).to_have_count(0)


def book_on_the_phone(phone: Page, instrument_id: int) -> None:
    """Tap a free time of next week, and book it."""
    phone.goto(f"/instruments/{instrument_id}")
    phone.locator("#week a[rel=next]").tap()
    phone.wait_for_url(lambda url: "week=" in url)
    phone.locator("td.free > a").first.tap()
    phone.wait_for_url(lambda url: "/book?" in url)
    phone.locator("[data-submit]").tap()
    phone.wait_for_url(lambda url: "/bookings/" in url)
    expect(phone.get_by_text("It is booked.")).to_be_visible()


def test_she_is_qualified_books_on_her_phone_moves_and_cancels(
    open_as: Callable[..., Page], letter_to: Callable[..., EmailMessage], home_instrument: Callable[..., tuple[int, str]]
) -> None:
    trained, _ = home_instrument(needs_qualification=True)
    ask_and_be_granted(open_as, trained)
    phone = open_as("researcher2", device="phone", language="en")
    book_on_the_phone(phone, trained)
    letter = letter_to("researcher2@example.org", "BEGIN:VEVENT")
    assert any(part.get_content_type() == "text/calendar" for part in letter.walk())

    start = re.search(r"DTSTART[^:\n]*:(\d{4})(\d\d)(\d\d)", calendar_of(letter).partition("BEGIN:VEVENT")[2])
    assert start is not None
    desk = open_as("manager")
    desk.goto(f"/manage/desk?day={'-'.join(start.groups())}&instrument={trained}")
    expect(desk.locator(".desk-card", has_text="Zhao Yuanhang")).to_be_visible()

    first = phone.url
    phone.get_by_role("link", name="Move", exact=True).tap()
    phone.wait_for_url(lambda url: "/move" in url)
    phone.locator("td.free > a").last.tap()
    phone.locator("[data-submit]").tap()
    phone.wait_for_url(lambda url: "/move" not in url and "/bookings/" in url)
    assert phone.url != first
    expect(phone.get_by_text("How it was moved")).to_be_visible()

    phone.locator("#cancel summary").tap()
    phone.get_by_role("button", name="Yes, cancel it").tap()
    expect(phone.get_by_text("This booking is over.")).to_be_visible()
    assert "METHOD:CANCEL" in calendar_of(letter_to("researcher2@example.org", "METHOD:CANCEL"))


def calendar_of(letter: EmailMessage) -> str:
    """What her calendar reads in the letter."""
    return next(str(part.get_content()) for part in letter.walk() if part.get_content_type() == "text/calendar")
