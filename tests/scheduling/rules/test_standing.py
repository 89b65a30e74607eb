"""Rules that hold for every instrument without being written down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.opening import Opening, Shut
from instruments.timespan import TimeSpan
from scheduling.rules.standing import (
    default_rules,
    refuse_closed,
    refuse_mode,
    refuse_past,
    refuse_unbookable,
    refuse_unshared,
)


class TestUnbookable:
    def test_a_published_instrument_is_bookable(self, an_ask):
        assert refuse_unbookable(an_ask()) is None

    @pytest.mark.parametrize("publication", ["draft", "submitted", "refused", "suspended", "retired"])
    def test_no_other_is(self, an_ask, publication):
        assert refuse_unbookable(an_ask(instrument={"publication": publication})).code == "not_published"

    def test_one_that_takes_no_bookings_says_whom_to_ask(self, an_ask):
        refusal = refuse_unbookable(an_ask(instrument={"accepts_bookings": False}))
        assert refusal.code == "no_bookings"
        assert "ask its manager" in refusal.sentence.en


class TestPast:
    def test_now_is_not_the_past(self, an_ask, now):
        assert refuse_past(an_ask(TimeSpan(now, now + timedelta(hours=1)))) is None

    def test_a_slow_click_is_forgiven(self, an_ask, now):
        assert refuse_past(an_ask(TimeSpan(now - timedelta(seconds=60), now + timedelta(hours=1)))) is None

    def test_what_is_over_is_refused(self, an_ask, now):
        assert refuse_past(an_ask(TimeSpan(now - timedelta(seconds=61), now + timedelta(hours=1)))).code == "past"


class TestUnshared:
    @pytest.mark.parametrize("mode", ["internal", "none"])
    @pytest.mark.parametrize(("audience", "is_refused"), [("group", False), ("internal", False), ("academic", True), ("enterprise", True)])
    def test_what_is_shared_inside_is_for_the_own_people(self, an_ask, mode, audience, is_refused):
        found = refuse_unshared(an_ask(instrument={"sharing_mode": mode}, audience=audience))
        assert (found is not None) == is_refused

    def test_what_is_shared_with_everybody_is_for_everybody(self, an_ask):
        assert refuse_unshared(an_ask(audience="enterprise")) is None

    def test_a_manager_from_elsewhere_is_no_stranger(self, an_ask):
        assert refuse_unshared(an_ask(instrument={"sharing_mode": "internal"}, audience="academic", is_manager=True)) is None


class TestMode:
    def test_who_cannot_operate_it_herself_is_told_what_she_can(self, an_ask):
        refusal = refuse_mode(an_ask(instrument={"self_operated": False}, mode="self"))
        assert (refusal.code, refusal.allowed) == ("mode", {"modes": ["assisted"]})
        assert refuse_mode(an_ask(instrument={"self_operated": False}, mode="assisted")) is None

    def test_maintenance_is_for_managers(self, an_ask):
        assert refuse_mode(an_ask(mode="maintenance")).code == "mode"
        assert refuse_mode(an_ask(mode="maintenance", is_manager=True)) is None


class TestClosed:
    @pytest.fixture
    def closed(self, between):
        return Opening((between("08:00", "12:00"),), (Shut(between("12:00", "14:00"), "fault", "更换灯丝。", 5),))

    def test_a_closure_is_told_with_its_reason(self, an_ask, between, closed):
        refusal = refuse_closed(an_ask(between("11:00", "13:00"), opening=closed, is_manager=True, grade=4))
        assert refusal.code == "closed"
        assert refusal.sentence.zh == "该时段停机：更换灯丝。"
        assert refusal.allowed == {"start": between("12:00", "14:00").start, "end": between("12:00", "14:00").end}

    def test_what_ends_when_it_begins_is_accepted(self, an_ask, between, closed):
        assert refuse_closed(an_ask(between("11:00", "12:00"), opening=closed)) is None


def test_the_defaults_are_the_instruments_step_its_hours_and_where_needed_a_qualification(an_ask):
    assert [rule.kind for rule in default_rules(an_ask().instrument)] == ["time_grid", "opening_hours"]
    trained = an_ask(instrument={"needs_qualification": True, "step_minutes": 20}).instrument
    assert [rule.kind for rule in default_rules(trained)] == ["time_grid", "opening_hours", "qualification"]
    assert default_rules(trained)[0].step_minutes == 20
