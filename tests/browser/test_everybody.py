"""The main pages for everybody: each role, two languages, two screens, the keyboard alone, and no scripts at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fixtures.browser import OpenPage, axe, scrolls_sideways
from tests.fixtures.served import ServedPortal

OPEN = ("/", "/instruments?q=SEM", "/timeline", "/help", "/login", "/register", "/reset")
OWN = ("/bookings", "/qualifications", "/me", "/me/sessions", "/me/tokens", "/me/totp", "/me/feed", "/me/groups", "/me/password")
MANAGE = ("/manage", "/manage/requests", "/manage/desk", "/manage/people", "/manage/qualifications")
ORGANISATION = (
    "/manage/instruments/new",
    "/manage/import",
    "/organisation",
    "/organisation/people",
    "/organisation/groups",
    "/organisation/facilities",
)
PROVINCE = (
    "/province", "/province/admission", "/province/coverage", "/province/users", "/province/holidays", "/province/codes",
    "/province/organisations", "/province/mail", "/admin/",
)  # fmt: skip
MONEY = ("/usage", "/charges", "/accounts", "/statements")
# The sample firm has two vouchers, and three claims on the first.
OF_A_FIRM = ("/vouchers", "/vouchers/1", "/vouchers/2", "/vouchers/apply/1", "/claims/1", "/claims/2", "/claims/3")
MONTHS = ("/statements/close", "/statements/cycle", "/statements/1", "/statements/1/paper", "/accounts/1", "/accounts/new", "/claims")
SUPPORT = ("/province/vouchers", "/province/programmes", "/province/programmes/1", "/province/programmes/new", "/province/related", "/claims/2")
SECTIONS = ("", "/hours", "/closures", "/rules", "/qualifications", "/documents", "/publication")


@pytest.fixture
def plain_one(home_instrument: Callable[..., tuple[int, str]]) -> tuple[int, str]:
    """An instrument of the manager's organisation that everybody there may book at once."""
    return home_instrument(needs_qualification=False, self_operated=True)


def paths_of(role: str, instrument_id: int) -> tuple[str, ...]:
    shown = (f"/instruments/{instrument_id}",)
    return {
        "": OPEN + shown,
        "researcher": (*OWN, *MONEY, f"/instruments/{instrument_id}/book", f"/instruments/{instrument_id}/qualification"),
        "firm": OF_A_FIRM + MONEY,
        "manager": (
            *MANAGE, "/manage/rates", "/charges", "/claims", *(f"/manage/instruments/{instrument_id}{section}" for section in SECTIONS),
        ),
        "orgadmin": ORGANISATION + MONEY + MONTHS,
        "admin": PROVINCE + SUPPORT,
        "auditor": ("/audit", *MONEY, "/statements/close", "/statements/cycle", "/vouchers", "/claims", "/province/coverage", f"/instruments/{instrument_id}"),
    }[role]  # fmt: skip


@pytest.mark.parametrize(("screen", "language"), [("desktop", "zh"), ("phone", "en")])
@pytest.mark.parametrize("role", ["", "researcher", "firm", "manager", "orgadmin", "admin", "auditor"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(
    province: ServedPortal,
    open_page: OpenPage,
    log_in_as: Callable[..., None],
    plain_one: tuple[int, str],
    role: str,
    screen: str,
    language: str,
) -> None:
    page = open_page(province.url, device=screen, language=language)
    page.context.set_default_timeout(60_000)
    if role:
        log_in_as(page, role)
    wrong: list[str] = []
    for path in paths_of(role, plain_one[0]):
        answer = page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        if answer is None or answer.status != 200:
            wrong.append(f"{path}: {answer and answer.status}")
        wrong += [f"{path}: {found}" for found in axe(page)]
        wrong += [f"{path}: wider than the screen"] if scrolls_sideways(page) else []
    assert wrong == []


def press_until(page: Page, key: str, is_there: str) -> None:
    """Press a key until the element that has the focus fits the selector, as somebody without a mouse does."""
    for _ in range(150):
        if page.evaluate("fits => document.activeElement.matches(fits)", is_there):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{key} never leads to {is_there} on {page.url}")


def test_by_keyboard_alone_from_the_search_to_a_booking(
    province: ServedPortal, open_page: OpenPage, log_in_as: Callable[..., None], plain_one: tuple[int, str]
) -> None:
    page = open_page(province.url)
    page.context.set_default_timeout(60_000)
    log_in_as(page, "pi")
    page.goto("/")
    press_until(page, "Tab", "main input[name=q]")
    page.keyboard.type(plain_one[1])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "q=" in url)
    press_until(page, "Tab", f".result h2 a[href='/instruments/{plain_one[0]}']")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url.endswith(f"/instruments/{plain_one[0]}"))
    press_until(page, "Tab", "a[rel=next]")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "week=" in url)
    press_until(page, "Tab", "td.free > a")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/book?" in url)
    press_until(page, "Tab", "[data-submit]")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/bookings/" in url)
    expect(page.get_by_text("预约成功。")).to_be_visible()


def test_without_scripts_a_booking_is_made(
    province: ServedPortal, open_page: OpenPage, log_in_as: Callable[..., None], plain_one: tuple[int, str]
) -> None:
    page = open_page(province.url, device="phone", javascript=False)
    page.context.set_default_timeout(60_000)
    log_in_as(page, "pi")
    page.goto(f"/instruments/{plain_one[0]}")
    page.locator("#week a[rel=next]").click()
    page.locator("td.free > a").last.click()
    page.wait_for_url(lambda url: "/book?" in url)
    page.locator("button[name=check]").click()
    page.locator("[data-submit]").click()
    page.wait_for_url(lambda url: "/bookings/" in url)
    expect(page.get_by_text("预约成功。")).to_be_visible()
