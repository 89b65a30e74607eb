"""One served portal with the sample province for all browser stories, and its people logged in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import Organisation
from tests.fixtures.browser import OpenPage
from tests.fixtures.served import ServedPortal, serve_portal

PATIENCE = 90


@pytest.fixture(scope="package")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPortal]:
    """The sample province, served as `make run` serves it; its letters become files."""
    folder = tmp_path_factory.mktemp("province")
    with serve_portal(f"sqlite:///{folder / 'portal.db'}", folder, sample=True) as portal:
        yield portal


@pytest.fixture
def home_instrument(province: ServedPortal) -> Callable[..., tuple[int, str]]:
    """`home_instrument(needs_qualification=True)` gives number and name of an instrument of the sample manager's organisation.

    It is published unless said otherwise, and bookable where it is. The look-up ends at once: the portal must be able to write.
    """

    def find(**wanted: object) -> tuple[int, str]:
        wanted = {"publication": "published", **wanted}
        with Session(province.engine) as session:
            query = select(Instrument).join(Organisation).where(Organisation.code == "SX-FHLG").filter_by(**wanted)
            found = session.scalars(query.order_by(Instrument.id)).all()
            one = next(one for one in found if one.accepts_bookings or not one.is_published)
            return one.id, one.name_zh

    return find


@pytest.fixture
def log_in_as(province: ServedPortal) -> Callable[..., None]:
    """`log_in_as(page, "researcher")` logs in one of the sample people; another address takes its password as well."""
    lines = (province.data_dir / "sample-logins.txt").read_text(encoding="utf-8").splitlines()
    passwords = dict(line.split() for line in lines if "@" in line)

    def enter(page: Page, who: str, password: str = "") -> None:
        address = who if "@" in who else f"{who}@example.org"
        page.goto("/login")
        page.locator("input[name=email]").fill(address)
        page.locator("input[name=password]").fill(password or passwords[address])
        page.locator("form.narrow button[type=submit]").click()
        page.wait_for_url(lambda url: "/login" not in url)

    return enter


@pytest.fixture
def open_as(province: ServedPortal, open_page: OpenPage, log_in_as: Callable[..., None]) -> Callable[..., Page]:
    """`open_as("manager", device="phone")` gives the page of somebody who is logged in."""

    def opened(who: str, password: str = "", **more: str) -> Page:
        page = open_page(province.url, **more)
        page.context.set_default_timeout(60_000)
        log_in_as(page, who, password)
        return page

    return opened


@pytest.fixture
def letter_to(province: ServedPortal) -> Callable[..., EmailMessage]:
    """`letter_to(address, "words")` waits for the letter to that address whose source has these words, and gives the newest."""

    def wait(address: str, words: str = "") -> EmailMessage:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            for file in sorted((province.data_dir / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns, reverse=True):
                letter = message_from_bytes(file.read_bytes(), policy=policy.default)
                if address in str(letter["To"]) and words in _everything(letter):
                    return letter
            time.sleep(0.3)
        raise AssertionError(f"No letter to {address} with {words!r} within {PATIENCE} s.")

    return wait


def _everything(letter: EmailMessage) -> str:
    return "\n".join(str(part.get_content()) for part in letter.walk() if part.get_content_maintype() == "text")
