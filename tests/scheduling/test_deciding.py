"""Approve, decline, lapse."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Taken
from scheduling.deciding import approve, decline, expire_requests

HOLDS = {"kind": "approval", "parameters": {"decide_within_hours": 24}}
HOLDS_NOT = {"kind": "approval", "parameters": {"decide_within_hours": 24, "holds_slot": False}}


@pytest.fixture
def instrument(an_instrument):
    return an_instrument(rules=[HOLDS])


@pytest.fixture
def manager(a_manager, instrument):
    return a_manager(instrument)


class TestApprove:
    def test_a_request_becomes_a_booking(self, session, a_booking, instrument, manager, now):
        one = approve(session, a_booking(instrument=instrument).id, viewer=manager, now=now, note="请带样品")
        assert (one.status, one.reason, one.decided_by, one.decided_at, one.expires_at) == ("confirmed", "请带样品", manager.person_id, now, None)

    def test_one_that_did_not_hold_its_time_takes_a_lane_now(self, session, a_booking, an_instrument, a_manager, now):
        instrument = an_instrument(rules=[HOLDS_NOT], lanes=2)
        first, second, third = (a_booking(instrument=instrument) for _ in range(3))
        manager = a_manager(instrument)
        assert approve(session, first.id, viewer=manager, now=now).lane == 1
        assert approve(session, second.id, viewer=manager, now=now).lane == 2
        with pytest.raises(Taken):
            approve(session, third.id, viewer=manager, now=now)
        assert third.status == "requested"

    def test_only_its_manager_may(self, session, a_booking, instrument, a_viewer, now):
        asker = a_viewer()
        one = a_booking(instrument=instrument, viewer=asker)
        with pytest.raises(Forbidden):
            approve(session, one.id, viewer=asker, now=now)
        with pytest.raises(NotFound):
            approve(session, one.id, viewer=a_viewer(), now=now)

    def test_the_manager_of_another_instrument_does_not_know_of_it(self, session, a_booking, instrument, a_manager, an_instrument, now):
        with pytest.raises(NotFound):
            approve(session, a_booking(instrument=instrument).id, viewer=a_manager(an_instrument()), now=now)

    def test_a_time_that_has_passed_is_not_approved(self, session, a_booking, instrument, manager, now):
        one = a_booking(instrument=instrument)
        with pytest.raises(OutOfOrder):
            approve(session, one.id, viewer=manager, now=one.end_at)

    def test_nothing_is_approved_twice(self, session, a_booking, instrument, manager, now):
        one = approve(session, a_booking(instrument=instrument).id, viewer=manager, now=now)
        with pytest.raises(OutOfOrder):
            approve(session, one.id, viewer=manager, now=now)

    def test_a_note_too_long_is_refused(self, session, a_booking, instrument, manager, now):
        with pytest.raises(Invalid):
            approve(session, a_booking(instrument=instrument).id, viewer=manager, now=now, note="x" * 501)


class TestDecline:
    def test_it_gives_the_time_back_and_says_why(self, session, a_booking, instrument, manager, now):
        one = decline(session, a_booking(instrument=instrument).id, viewer=manager, now=now, reason="样品有磁性")
        assert (one.status, one.holds, one.reason) == ("declined", False, "样品有磁性")
        session.flush()
        assert a_booking(instrument=instrument).status == "requested"

    @pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
    def test_it_needs_a_reason_of_bounded_length(self, session, a_booking, instrument, manager, now, reason):
        with pytest.raises(Invalid) as caught:
            decline(session, a_booking(instrument=instrument).id, viewer=manager, now=now, reason=reason)
        assert caught.value.field == "reason"

    def test_what_is_confirmed_is_not_declined(self, session, a_booking, instrument, manager, now):
        one = approve(session, a_booking(instrument=instrument).id, viewer=manager, now=now)
        with pytest.raises(OutOfOrder):
            decline(session, one.id, viewer=manager, now=now, reason="anders überlegt")


class TestExpire:
    def test_what_nobody_decided_lapses_in_time_and_gives_back(self, session, a_booking, instrument, a_span, now):
        one = a_booking(instrument=instrument, span=a_span(48))
        assert expire_requests(session, now=now + timedelta(hours=24, minutes=-1)) == []
        assert expire_requests(session, now=now + timedelta(hours=24)) == [one]
        assert (one.status, one.holds) == ("expired", False)
        session.flush()
        assert expire_requests(session, now=now + timedelta(hours=25)) == []
        assert a_booking(instrument=instrument, span=a_span(48)).status == "requested"

    def test_what_was_decided_does_not(self, session, a_booking, instrument, manager, now):
        approve(session, a_booking(instrument=instrument).id, viewer=manager, now=now)
        session.flush()
        assert expire_requests(session, now=now + timedelta(days=9)) == []

    def test_it_is_done_in_portions(self, session, a_booking, an_instrument, now):
        for _ in range(3):
            a_booking(instrument=an_instrument(rules=[HOLDS]))
        later = now + timedelta(days=2)
        assert [len(expire_requests(session, now=later, most=2)) for _ in range(3) if session.flush() is None] == [2, 1, 0]
