"""The steps with a booking, each one POST from a page: who may take it, when, and what is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import clock
from portal.bookingpage import KINDS
from scheduling.bookings import STATUSES

APPROVAL = {"kind": "approval", "parameters": {}}
STEPS = ("cancel", "approve", "decline", "start", "finish", "no-show")


@pytest.fixture
def booked(researcher, a_viewer, a_booking, a_span):
    def make(**changes):
        values = {"viewer": a_viewer(person=researcher), "span": a_span(24, 2)}
        return a_booking(**values | changes)

    return make


@pytest.fixture
def managers(a_person, a_manager, her_browser):
    """The browser of the manager of an instrument."""

    def make(instrument, **changes):
        manager = a_person(organisation=instrument.organisation, **{"language": "en", "name": "Manager Zhao"} | changes)
        a_manager(instrument, person=manager)
        return her_browser(manager)

    return make


@pytest.fixture
def take(csrf_of):
    """`take(browser, booking, step, **fields)` presses the button."""

    def press(browser, one, step, **fields):
        return browser.post(f"/bookings/{one.id}/{step}", data={"csrf_token": csrf_of(browser), "version": str(one.version), **fields})

    return press


class TestCancel:
    def test_hers_is_cancelled_and_she_is_told(self, hers, booked, take, bookings, letters_of):
        one = booked()
        answer = take(hers, one, "cancel")
        assert (answer.status_code, answer.location) == (303, f"/bookings/{one.id}")
        assert [each.status for each in bookings()] == ["cancelled"]
        assert "Cancelled. The time is free for others." in hers.get(answer.location).text
        assert len(letters_of("booking-cancelled")) == 1

    def test_a_manager_says_why(self, booked, managers, take, bookings):
        one = booked()
        browser = managers(one.instrument)
        refused = take(browser, one, "cancel", reason=" ")
        assert refused.status_code == 422
        assert 'id="cancel-reason-error"' in refused.text
        assert [each.status for each in bookings()] == ["confirmed"]
        assert take(browser, one, "cancel", reason="真空泵故障").status_code == 303
        assert [each.reason for each in bookings()] == ["真空泵故障"]

    def test_what_was_written_is_not_lost_when_it_is_refused(self, booked, managers, take):
        one = booked()
        assert "x" * 501 in take(managers(one.instrument), one, "cancel", reason="x" * 501).text


class TestDeciding:
    def test_a_manager_approves_with_a_word(self, booked, managers, an_instrument, take, bookings, letters_of, hers):
        one = booked(instrument=an_instrument(rules=[APPROVAL]))
        answer = take(managers(one.instrument), one, "approve", note="请准时")
        assert answer.status_code == 303
        assert [(each.status, each.reason) for each in bookings()] == [("confirmed", "请准时")]
        assert len(letters_of("booking-approved")) == 1
        page = hers.get(f"/bookings/{one.id}").text
        assert "Approved (Manager Zhao)" in page
        assert "请准时" in page

    def test_a_manager_declines_with_a_reason_only(self, booked, managers, an_instrument, take, bookings, letters_of):
        one = booked(instrument=an_instrument(rules=[APPROVAL]))
        browser = managers(one.instrument)
        refused = take(browser, one, "decline", reason="")
        assert (refused.status_code, 'id="decline-reason-error"' in refused.text) == (422, True)
        assert take(browser, one, "decline", reason="样品有磁性").status_code == 303
        assert [(each.status, each.reason) for each in bookings()] == [("declined", "样品有磁性")]
        assert len(letters_of("booking-declined")) == 1

    def test_where_the_time_is_gone_the_manager_is_told(self, booked, managers, an_instrument, a_booking, a_span, take, bookings):
        instrument = an_instrument(rules=[{"kind": "approval", "parameters": {"holds_slot": False}}])
        one, other = booked(instrument=instrument), a_booking(instrument=instrument, span=a_span(24, 2))
        browser = managers(instrument)
        take(browser, one, "approve")
        answer = take(browser, other, "approve")
        assert (answer.status_code, "This time is taken." in answer.text) == (409, True)
        assert [each.status for each in bookings()] == ["confirmed", "requested"]


class TestBesideTheInstrument:
    def test_she_starts_and_finishes_on_her_phone(self, hers, booked, take, bookings):
        one = booked()
        with clock.freeze(one.start_at):
            assert ">Start</button>" in hers.get(f"/bookings/{one.id}").text
            take(hers, one, "start")
        (running,) = bookings()
        with clock.freeze(one.start_at + timedelta(hours=1)):
            page = hers.get(f"/bookings/{one.id}").text
            assert ">Finish</button>" in page
            assert take(hers, running, "finish").status_code == 303
        assert [(each.status, each.ended_at) for each in bookings()] == [("finished", one.start_at + timedelta(hours=1))]

    def test_too_early_is_told(self, hers, booked, take, bookings):
        answer = take(hers, booked(), "start")
        assert (answer.status_code, "from 15 minutes before" in answer.text) == (409, True)

    def test_while_another_runs_she_is_told_to_wait(self, hers, booked, managers, a_booking, a_span, take):
        one, two = booked(), None
        two = booked(instrument=one.instrument, span=a_span(26))
        with clock.freeze(two.start_at - timedelta(minutes=5)):
            take(hers, one, "start")
            answer = take(hers, two, "start")
        assert (answer.status_code, "Finish it first" in answer.text) == (409, True)

    def test_the_manager_marks_a_no_show(self, booked, managers, take, bookings, letters_of):
        one = booked()
        with clock.freeze(one.start_at + timedelta(minutes=30)):
            browser = managers(one.instrument)
            assert take(browser, one, "no-show").status_code == 303
        assert [each.status for each in bookings()] == ["no_show"]
        assert len(letters_of("booking-no-show")) == 1


class TestGuards:
    @pytest.mark.parametrize("step", STEPS)
    def test_a_stranger_does_not_find_it(self, hers, a_booking, take, bookings, step):
        assert take(hers, a_booking(), step, reason="x").status_code == 404
        assert [each.status for each in bookings()] == ["confirmed"]

    @pytest.mark.parametrize("step", ["approve", "decline", "no-show"])
    def test_what_is_the_managers_is_not_hers(self, hers, booked, an_instrument, take, bookings, step):
        one = booked(instrument=an_instrument(rules=[APPROVAL]))
        assert take(hers, one, step, reason="x").status_code == 403
        assert [each.status for each in bookings()] == ["requested"]

    @pytest.mark.parametrize("step", STEPS)
    def test_an_auditor_sees_it_and_changes_nothing(self, booked, her_browser, an_auditor_of_all, take, bookings, step):
        one, browser = booked(), her_browser(an_auditor_of_all(language="en"))
        assert browser.get(f"/bookings/{one.id}").status_code == 200
        assert take(browser, one, step, reason="x").status_code == 403
        assert [each.status for each in bookings()] == ["confirmed"]

    @pytest.mark.parametrize("step", STEPS)
    def test_without_a_token_nothing_happens(self, hers, booked, bookings, step):
        assert hers.post(f"/bookings/{booked().id}/{step}").status_code == 400
        assert [each.status for each in bookings()] == ["confirmed"]

    @pytest.mark.parametrize("step", STEPS)
    def test_looking_does_not_take_a_step(self, hers, booked, step):
        assert hers.get(f"/bookings/{booked().id}/{step}").status_code == 405

    def test_who_is_not_logged_in_is_led_to_the_login(self, client, a_booking, take, bookings):
        assert "/login" in take(client, a_booking(), "cancel").location
        assert [each.status for each in bookings()] == ["confirmed"]

    @pytest.mark.parametrize("step", STEPS)
    def test_an_unknown_booking_is_not_found(self, hers, csrf_of, step):
        for number in ("999999", str(2**63 - 1), "9" * 30):
            assert hers.post(f"/bookings/{number}/{step}", data={"csrf_token": csrf_of(hers)}).status_code == 404


class TestLate:
    def test_who_saw_an_older_version_is_told_what_changed_and_can_decide_again(self, hers, booked, managers, take, bookings):
        one = booked()
        seen = one.version
        take(managers(one.instrument), one, "cancel", reason="维护")
        answer = hers.post(f"/bookings/{one.id}/cancel", data={"csrf_token": _token(hers), "version": str(seen)})
        assert answer.status_code == 409
        assert "It is now: Cancelled, Tue 24 Nov, 09:00-11:00" in answer.text
        assert "维护" in answer.text

    @pytest.mark.parametrize("version", ["x", "-1", "9" * 30])
    def test_a_senseless_version_changes_nothing(self, hers, booked, take, bookings, version):
        assert take(hers, booked(), "cancel", version=version).status_code == 422
        assert [each.status for each in bookings()] == ["confirmed"]

    def test_pressed_twice_the_second_is_told(self, hers, booked, take, bookings):
        one = booked()
        take(hers, one, "cancel", version="")
        assert take(hers, one, "cancel", version="").status_code == 409


class TestTheWayBack:
    def test_it_goes_back_to_the_page_it_was_taken_from(self, hers, booked, take):
        assert take(hers, booked(), "cancel", next="/bookings?show=upcoming").location == "/bookings?show=upcoming"

    @pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/%09/evil.example"])
    def test_but_never_elsewhere(self, hers, booked, take, target):
        one = booked()
        assert take(hers, one, "cancel", next=target).location == f"/bookings/{one.id}"


def _token(browser):
    return browser.get("/bookings/several").text.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_every_state_has_its_colour():
    assert set(KINDS) == set(STATUSES)
