"""Quotas, counted on the wall clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from instruments.timespan import TimeSpan
from scheduling.rules.base import Past, When
from scheduling.rules.quotas import Quota

ALWAYS = When()


@pytest.fixture
def past(now):
    """An earlier booking of the asker's own on the same instrument."""

    def make(span, *, person=7, group=None, instrument=1, made=None):
        return Past(instrument, person, group, span, made or now - timedelta(days=30))

    return make


class TestHours:
    rule = Quota(most=4, of="hours", per="person", period="week")

    def test_up_to_the_last_minute_is_accepted(self, an_ask, between, past):
        assert self.rule.check(an_ask(between("10:00", "12:00"), history=[past(between("08:00", "10:00", 2))]), ALWAYS) is None

    def test_a_minute_more_is_refused_and_what_is_used_is_told(self, an_ask, between, past):
        refusal = self.rule.check(an_ask(between("10:00", "12:01"), history=[past(between("08:00", "10:00", 2))]), ALWAYS)
        assert (refusal.code, refusal.allowed["used"]) == ("quota", "2")
        assert refusal.sentence.zh == "超出配额：每人每周最多 4 小时。已用 2 小时。"

    def test_the_week_begins_on_monday_at_midnight_of_the_wall_clock(self, an_ask, between, past):
        sunday_night = past(between("20:00", "24:00", -1))
        assert self.rule.check(an_ask(between("10:00", "14:00"), history=[sunday_night]), ALWAYS) is None

    def test_a_booking_over_the_end_of_the_week_counts_in_both(self, an_ask, between, past):
        over_midnight = between("22:00", "02:00", 6, 7)
        assert self.rule.check(an_ask(over_midnight, history=[past(between("08:00", "10:00"))]), ALWAYS) is None
        assert self.rule.check(an_ask(over_midnight, history=[past(between("08:00", "10:01"))]), ALWAYS).code == "quota"
        assert self.rule.check(an_ask(over_midnight, history=[past(between("08:00", "10:01", 8))]), ALWAYS).code == "quota"

    def test_other_people_and_other_instruments_do_not_count(self, an_ask, between, past):
        others = [past(between("08:00", "12:00", 1), person=8), past(between("08:00", "12:00", 2), instrument=2)]
        assert self.rule.check(an_ask(between("10:00", "14:00"), history=others), ALWAYS) is None

    def test_with_a_band_only_the_time_inside_it_counts(self, an_ask, between, past):
        daytime = When(from_minute=8 * 60, until_minute=18 * 60)
        evening = past(between("18:00", "23:00", 1))
        assert self.rule.check(an_ask(between("14:00", "22:00"), history=[evening]), daytime) is None
        assert self.rule.check(an_ask(between("13:30", "22:00"), history=[evening]), daytime).code == "quota"


class TestPeriods:
    def test_a_day_is_a_day_of_the_wall_clock(self, an_ask, between, past):
        rule = Quota(most=2, period="day")
        assert rule.check(an_ask(between("10:00", "12:00"), history=[past(between("22:00", "24:00", -1))]), ALWAYS) is None
        assert rule.check(an_ask(between("10:00", "12:00"), history=[past(between("00:00", "00:30"))]), ALWAYS).code == "quota"

    def test_a_day_of_25_hours_has_them_all(self, an_ask):
        berlin = ZoneInfo("Europe/Berlin")
        day = TimeSpan(datetime(2026, 10, 25, tzinfo=berlin), datetime(2026, 10, 26, tzinfo=berlin))
        assert Quota(most=24, period="day").check(an_ask(day, tz=berlin), ALWAYS).code == "quota"
        assert Quota(most=25, period="day").check(an_ask(day, tz=berlin), ALWAYS) is None

    def test_a_month_ends_with_the_month(self, an_ask, between, past):
        rule = Quota(most=2, period="month")
        last_of_november = past(between("10:00", "12:00", 7))
        assert rule.check(an_ask(between("10:00", "12:00", 8), history=[last_of_november]), ALWAYS) is None
        assert rule.check(an_ask(between("10:00", "12:00", 1), history=[last_of_november]), ALWAYS).code == "quota"

    def test_it_looks_back_over_the_whole_periods_that_are_touched(self, between, at):
        found = Quota(most=2, period="week").looks_back(between("10:00", "12:00", 2), ZoneInfo("Asia/Shanghai"))
        assert found == TimeSpan(at("00:00"), at("00:00", 7))


class TestBookings:
    rule = Quota(most=2, of="bookings", per="person", period="week")

    def test_so_many_and_no_more(self, an_ask, between, past):
        one, two = past(between("08:00", "09:00", 1)), past(between("08:00", "09:00", 2))
        assert self.rule.check(an_ask(history=[one]), ALWAYS) is None
        assert self.rule.check(an_ask(history=[one, two]), ALWAYS).allowed["used"] == "2"

    def test_a_booking_counts_where_it_begins(self, an_ask, between, past):
        begun_last_week = past(between("23:00", "01:00", -1, 0))
        assert self.rule.check(an_ask(history=[begun_last_week, past(between("08:00", "09:00", 1))]), ALWAYS) is None


class TestGroups:
    rule = Quota(most=4, per="group")

    def test_what_the_whole_group_booked_counts(self, an_ask, between, past):
        colleague = past(between("08:00", "11:00", 1), person=8, group=3)
        assert self.rule.check(an_ask(group_id=3, history=[colleague]), ALWAYS).code == "quota"

    def test_who_books_for_no_group_is_not_counted(self, an_ask, between, past):
        mine = past(between("08:00", "11:00", 1), group=3)
        assert self.rule.check(an_ask(group_id=None, history=[mine]), ALWAYS) is None


class TestWaiver:
    rule = Quota(most=2, waived_hours=2)

    def test_what_is_booked_at_the_last_moment_is_let_through(self, an_ask, between, past):
        history = [past(between("08:00", "10:00", 1))]
        assert self.rule.check(an_ask(between("11:00", "13:00"), history=history), ALWAYS) is None
        assert self.rule.check(an_ask(between("11:01", "13:00"), history=history), ALWAYS).code == "quota"

    def test_and_is_not_counted_later(self, an_ask, between, past, at):
        late = past(between("08:00", "10:00", 1), made=at("06:30", 1))
        assert self.rule.check(an_ask(between("14:00", "16:00"), history=[late]), ALWAYS) is None


def test_it_is_said_in_the_singular_where_there_is_one():
    assert Quota(most=1, of="bookings", per="group", period="day").sentence().en == "Each group has at most 1 booking a day."
