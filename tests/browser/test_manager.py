"""A manager's way, as she walks it: what a closure meets, a request on her phone, and an instrument from draft to the search."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.people import Organisation
from portal import clock
from scheduling.bookings import Booking
from tests.fixtures.browser import OpenPage, axe, scrolls_sideways
from tests.fixtures.served import ServedPortal

ADDRESS, PASSWORD = "ann.lee@example.org", "coal-dust-on-the-sill-4"


def is_for_everybody(page: Page) -> None:
    """Say that the page as it is now has nothing serious for axe to find, and fits the screen."""
    assert axe(page) == []
    assert not scrolls_sideways(page)


@pytest.fixture
def booked(province: ServedPortal) -> Booking:
    """The last of the coming bookings at the sample manager's organisation, on an instrument for one user at a time."""
    with Session(province.engine) as session:
        query = (
            select(Booking).join(Booking.instrument).join(Organisation).options(joinedload(Booking.instrument), joinedload(Booking.person))
        )
        query = query.where(
            Organisation.code == "SX-FHLG", Instrument.lanes == 1, Booking.status == "confirmed", Booking.start_at > clock.now()
        )
        return session.scalars(query.order_by(Booking.start_at.desc(), Booking.id).limit(1)).one()


def test_she_sees_whom_a_closure_meets_and_they_are_told(
    open_as: Callable[..., Page], letter_to: Callable[..., EmailMessage], booked: Booking
) -> None:
    page = open_as("manager")
    page.goto("/manage")
    page.get_by_role("searchbox", name="名称、型号或编号").fill(booked.instrument.inner_id)
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("link", name=booked.instrument.name_zh, exact=True).click()
    page.get_by_role("link", name="停机", exact=True).click()
    here = ZoneInfo(booked.instrument.time_zone)
    page.get_by_label("开始").fill(f"{booked.start_at.astimezone(here):%Y-%m-%dT%H:%M}")
    page.get_by_label("结束").fill(f"{booked.end_at.astimezone(here):%Y-%m-%dT%H:%M}")
    page.get_by_label("原因").fill("更换冷却水泵")
    page.get_by_role("button", name="查看受影响的预约").click()
    look = page.locator(".look")
    expect(look.locator("tbody tr")).to_have_count(1)
    expect(look.locator("tbody")).to_contain_text(booked.person.email)
    is_for_everybody(page)
    page.get_by_role("button", name="确认停机并通知").click()
    expect(page.get_by_text("取消预约 1 个，保留 0 个，已通知 1 人。")).to_be_visible()
    expect(page.locator(".closure-row", has_text="更换冷却水泵")).to_be_visible()
    is_for_everybody(page)

    letter = letter_to(booked.person.email, "更换冷却水泵")
    assert letter["Subject"].startswith("已取消：")
    assert booked.instrument.name_zh in letter["Subject"]
    assert "METHOD:CANCEL" in calendar_of(letter)


@pytest.fixture
def ann(province: ServedPortal, open_page: OpenPage, home_instrument: Callable[..., tuple[int, str]]) -> tuple[str, str]:
    """An English-speaking colleague who manages the press: added by the command, her password chosen at the link it prints."""
    press, _ = home_instrument(model="QIH 15L")
    made = province.run(
        "people",
        "add",
        ADDRESS,
        "--name",
        "Ann Lee",
        "--organisation",
        "SX-FHLG",
        "--role",
        "manager",
        "--instrument",
        str(press),
        "--language",
        "en",
    )
    assert made.returncode == 0, made.stderr
    page = open_page(province.url, language="en")
    page.goto(urlsplit(made.stdout.strip()).path)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=again]").fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your password has been changed.")).to_be_visible()
    return ADDRESS, PASSWORD


def test_she_approves_a_request_on_her_phone_with_a_word_to_who_asked(
    open_as: Callable[..., Page],
    letter_to: Callable[..., EmailMessage],
    home_instrument: Callable[..., tuple[int, str]],
    ann: tuple[str, str],
) -> None:
    press, name = home_instrument(model="QIH 15L")
    hers = open_as("researcher")
    hers.goto(f"/instruments/{press}")
    hers.locator("#week a[rel=next]").click()
    hers.wait_for_url(lambda url: "week=" in url)
    hers.locator("td.free > a").first.click()
    hers.wait_for_url(lambda url: "/book?" in url)
    hers.get_by_label("备注").fill("钛合金坯料六件")
    hers.locator("[data-submit]").click()
    hers.wait_for_url(lambda url: "/bookings/" in url)
    expect(hers.get_by_text("待审批").first).to_be_visible()
    asked = letter_to(ann[0], "钛合金坯料六件")
    assert asked["Subject"].startswith("To decide: ")
    assert "/manage/requests" in asked.get_body(("plain",)).get_content()

    phone = open_as(*ann, device="phone", language="en")
    phone.goto("/manage/requests")
    request = phone.locator("article", has_text="钛合金坯料六件")
    expect(request).to_contain_text("李晓晨")
    is_for_everybody(phone)
    request.get_by_label("To the person").fill("Bring the graphite crucible.")
    request.get_by_role("button", name="Approve").tap()
    expect(phone.get_by_text("Approved, and the person is told.")).to_be_visible()
    expect(request).to_have_count(0)
    is_for_everybody(phone)

    letter = letter_to("researcher@example.org", "Bring the graphite crucible.")
    assert letter["Subject"].startswith("已批准：")
    assert name in letter["Subject"]
    assert "STATUS:CONFIRMED" in calendar_of(letter)
    hers.reload()
    expect(hers.get_by_text("Bring the graphite crucible.")).to_be_visible()


def test_she_publishes_an_instrument_and_a_researcher_finds_it(
    open_as: Callable[..., Page], letter_to: Callable[..., EmailMessage], home_instrument: Callable[..., tuple[int, str]]
) -> None:
    draft, name = home_instrument(publication="draft")
    researcher = open_as("researcher2", device="phone", language="en")
    mine = f".result h2 a[href='/instruments/{draft}']"
    researcher.goto("/instruments?q=lanterntail")
    expect(researcher.locator(mine)).to_have_count(0)

    manager = open_as("manager")
    manager.goto(f"/manage/instruments/{draft}")
    manager.locator("#group-what > summary").click()
    manager.get_by_label("别名").fill("Lanterntail 200")
    manager.get_by_role("button", name="保存").click()
    expect(manager.get_by_text("已保存。")).to_be_visible()
    manager.get_by_role("link", name="发布", exact=True).click()
    is_for_everybody(manager)
    manager.get_by_role("button", name="提交审核").click()
    expect(manager.get_by_text("已提交，主管部门将审核。")).to_be_visible()
    assert letter_to("admin@example.org", name)["Subject"].startswith("仪器待审核：")

    province = open_as("admin")
    province.goto("/province/admission")
    waiting = province.locator("article", has=province.locator(f"#i{draft}"))
    is_for_everybody(province)
    waiting.get_by_role("button", name="通过并发布").click()
    expect(province.get_by_text("已发布。")).to_be_visible()
    expect(waiting).to_have_count(0)

    told = letter_to("manager@example.org", f"/instruments/{draft}")
    assert told["Subject"].startswith("已发布：")
    assert name in told["Subject"]
    researcher.reload()
    expect(researcher.locator(mine)).to_be_visible()
    researcher.locator(mine).tap()
    researcher.wait_for_url(lambda url: url.endswith(f"/instruments/{draft}"))
    is_for_everybody(researcher)


def calendar_of(letter: EmailMessage) -> str:
    """What the reader's calendar reads in the letter."""
    return next(str(part.get_content()) for part in letter.walk() if part.get_content_type() == "text/calendar")
