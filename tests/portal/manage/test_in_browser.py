"""A manager at a real browser: without scripts, by keyboard alone, on a phone, and what lives while she types."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from instruments.closures import Closure
from instruments.editing import edit
from instruments.opening import plans_of
from instruments.roles import grant
from instruments.rulebooks import rule_book_history
from portal import clock
from portal.auth import sessions
from scheduling.bookings import Booking
from tests.fixtures.browser import OpenPage, axe, scrolls_sideways

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 48, "holds_slot": True}}


@pytest.fixture
def backend() -> str:
    """What a page looks like does not depend on the database; the pages themselves are tested on both."""
    return "sqlite"


@pytest.fixture
def site(app) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def instrument(an_instrument, codes):
    return an_instrument(name_en="First microscope", rules=[APPROVAL])


@pytest.fixture
def at_work(app, site, open_page: OpenPage, session, a_person, instrument, now) -> Callable[..., Page]:
    """`at_work("/hours", device="phone")` opens a page of the instrument as its manager."""
    person = a_person(organisation=instrument.organisation, language="en")
    grant(session, person, "manager", instrument=instrument, now=now)
    secret = sessions.begin(session, person, now=clock.now(), user_agent="test", address="127.0.0.1")

    def opened(path: str, **how) -> Page:
        address = path if path.startswith("/manage") else f"/manage/instruments/{instrument.id}{path}"
        session.commit()  # whatever is read after this would keep SQLite's only writer waiting
        page = open_page(site, language="en", **how)
        cookie = app.session_interface.get_signing_serializer(app).dumps({"_user_id": secret})
        page.context.add_cookies([{"name": "portal", "value": cookie, "url": site}])
        page.goto(address)
        return page

    return opened


def press_until(page: Page, fits: str) -> None:
    """Press Tab until what has the focus fits the selector, as somebody without a mouse does."""
    for _ in range(200):
        if page.evaluate("fits => document.activeElement.matches(fits)", fits):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never leads to {fits} on {page.url}")


class TestWithoutScripts:
    def test_a_week_is_filled_by_one_press_changed_and_published(self, at_work, instrument, session):
        page = at_work("/hours", device="phone", javascript=False)
        page.get_by_role("button", name="Office hours").click()
        page.get_by_label("Friday, span 2: until").fill("1700")
        page.get_by_role("button", name="Show what it means").last.click()
        expect(page.locator("#preview")).to_contain_text("08:30-12:00, 14:30-17:00")
        page.get_by_role("button", name="Publish it").click()
        expect(page.get_by_text("The opening hours are published.")).to_be_visible()
        session.expire_all()
        assert plans_of(session, [instrument.id])[instrument.id][-1].weekly[-1] == (4, 870, 1020)

    def test_a_closure_is_looked_at_and_made(self, at_work, instrument, a_booking, a_span, session):
        booked = a_booking(instrument=instrument, span=a_span(30, 2))
        name = booked.person.name
        page = at_work("/closures", device="phone", javascript=False)
        page.get_by_label("From").fill("2026-11-24T00:00")
        page.get_by_label("Until").fill("2026-11-25T00:00")
        page.get_by_label("Reason").fill("Power cut")
        page.get_by_role("button", name="Show what it meets").click()
        expect(page.get_by_text(name)).to_be_visible()
        page.get_by_role("button", name="Close it and tell them").click()
        expect(page.get_by_text("Bookings cancelled: 1")).to_be_visible()
        session.expire_all()
        assert session.get(Booking, booked.id).status == "cancelled"
        assert session.query(Closure).count() == 1

    def test_a_rule_is_added_and_published(self, at_work, instrument, session):
        page = at_work("/rules", device="phone", javascript=False)
        page.get_by_label("Add a rule").select_option(label="Notice")
        page.get_by_role("button", name="Add it").click()
        page.get_by_label("At least this long before (minutes)").fill("90")
        page.get_by_role("button", name="Publish the rules").click()
        expect(page.get_by_text("The rules are published.")).to_be_visible()
        session.expire_all()
        assert rule_book_history(session, [instrument.id])[instrument.id][-1].entries[-1] == {"kind": "notice", "parameters": {"minutes": 90}}

    def test_a_request_is_approved(self, at_work, instrument, a_booking, a_span, session):
        asked = a_booking(instrument=instrument, span=a_span(30, 2))
        page = at_work("/manage/requests", device="phone", javascript=False)
        page.get_by_label("To the person").fill("Bring your own holder")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("Approved, and the person is told.")).to_be_visible()
        session.expire_all()
        assert session.get(Booking, asked.id).reason == "Bring your own holder"


class TestByKeyboard:
    def test_a_use_is_started_and_finished_at_the_desk(self, at_work, instrument, a_booking, a_span, session):
        one = a_booking(instrument=instrument, span=a_span(0, 2))
        one.status = "confirmed"
        buttons = (f"#start-{one.id}", "running"), (f"#finish-{one.id}", "finished")
        page = at_work("/manage/desk")
        for button, state in buttons:
            press_until(page, button)
            page.keyboard.press("Enter")
            expect(page.locator(button)).to_have_count(0)
            session.expire_all()
            assert session.get(Booking, one.id).status == state
            session.commit()

    def test_a_group_of_fields_is_opened_changed_and_saved(self, at_work, instrument, session):
        page = at_work("")
        press_until(page, "#group-place > summary")
        page.keyboard.press("Enter")
        press_until(page, "#room")
        page.keyboard.type("B-202")
        press_until(page, ".staying-below button")
        page.keyboard.press("Enter")
        expect(page.get_by_text("Saved.")).to_be_visible()
        session.refresh(instrument)
        assert instrument.room == "B-202"


class TestLive:
    def test_the_two_weeks_change_as_a_span_is_typed(self, at_work):
        page = at_work("/hours")
        page.get_by_label("Tuesday, span 1: from").fill("10:00")
        page.get_by_label("Tuesday, span 1: until").fill("16:00")
        expect(page.locator("#preview")).to_contain_text("10:00-16:00")

    def test_the_sentences_change_as_a_rule_is_changed(self, at_work):
        page = at_work("/rules")
        page.get_by_label("To be decided within (hours)").fill("24")
        expect(page.locator("#rules-preview")).to_contain_text("within 1 day")

    def test_the_reason_is_asked_for_only_where_it_is_not_shared(self, at_work):
        page = at_work("")
        expect(page.get_by_label("Reason for not sharing")).to_be_hidden()
        page.get_by_label("Not shared").check()
        expect(page.get_by_label("Reason for not sharing")).to_be_visible()


class TestForEverybody:
    @pytest.mark.parametrize("screen", ["desktop", "phone"])
    def test_pages_that_complain_or_ask_again_are_for_everybody_too(self, at_work, instrument, a_booking, a_span, session, now, screen):
        a_booking(instrument=instrument, span=a_span(30, 2))
        number = instrument.id
        page = at_work("/closures", device=screen)
        page.get_by_role("button", name="Show what it meets").click()
        self.check(page, "Please put these right")
        for label, text in (("From", "2026-11-24T00:00"), ("Until", "2026-11-25T00:00"), ("Reason", "Power cut")):
            page.get_by_label(label).fill(text)
        page.get_by_role("button", name="Show what it meets").click()
        self.check(page, "Before it is made")
        page.goto(f"/manage/instruments/{number}/rules")
        page.get_by_label("To be decided within (hours)").fill("0")
        page.get_by_role("button", name="Publish the rules").click()
        self.check(page, "At least 1, please.")
        page.goto(f"/manage/instruments/{number}")
        edit(session, instrument, {"model": "Theirs"}, now=now)
        session.commit()
        page.get_by_label("Model").fill("Mine")
        page.get_by_role("button", name="Save").click()
        self.check(page, "Somebody else changed this instrument")

    def check(self, page: Page, words: str) -> None:
        expect(page.get_by_text(words).first).to_be_visible()
        assert axe(page) == []
        assert not scrolls_sideways(page)
