"""Rules about the time itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from instruments.errors import Sentence
from instruments.opening import Opening, Shut
from instruments.timespan import TimeSpan
from scheduling.rules.base import When
from scheduling.rules.times import Horizon, Longest, Notice, OpenHours, Shortest, TimeGrid

ALWAYS = When()


class TestNotice:
    rule = Notice(minutes=60)

    def test_exactly_in_time_is_in_time(self, an_ask, between):
        assert self.rule.check(an_ask(between("10:00", "11:00")), ALWAYS) is None

    def test_a_minute_late_is_refused_with_the_earliest_time(self, an_ask, between, at):
        refusal = self.rule.check(an_ask(between("09:59", "11:00")), ALWAYS)
        assert refusal.code == "notice"
        assert refusal.allowed == {"earliest": at("10:00")}

    def test_no_notice_lets_even_what_has_just_begun_pass(self, an_ask, now):
        assert Notice(minutes=0).check(an_ask(TimeSpan(now - timedelta(seconds=30), now + timedelta(hours=1))), ALWAYS) is None

    def test_it_is_said_as_people_do(self):
        assert Notice(minutes=2880).sentence() == Sentence("至少提前 2 天预约。", "Book at least 2 days ahead.")
        assert Notice(minutes=90).sentence().en == "Book at least 1 h 30 min ahead."


class TestHorizon:
    rule = Horizon(days=7)

    def test_the_last_instant_can_be_booked(self, an_ask, now):
        assert self.rule.check(an_ask(TimeSpan(now + timedelta(days=7), now + timedelta(days=8))), ALWAYS) is None

    def test_what_lies_beyond_is_refused(self, an_ask, now):
        start = now + timedelta(days=7, minutes=1)
        refusal = self.rule.check(an_ask(TimeSpan(start, start + timedelta(hours=1))), ALWAYS)
        assert (refusal.code, refusal.allowed) == ("horizon", {"latest": now + timedelta(days=7)})


class TestShortest:
    rule = Shortest(minutes=60)

    def test_as_long_as_it_must_be_is_accepted(self, an_ask, between):
        assert self.rule.check(an_ask(between("10:00", "11:00")), ALWAYS) is None

    def test_shorter_is_refused(self, an_ask, between):
        refusal = self.rule.check(an_ask(between("10:00", "10:59")), ALWAYS)
        assert (refusal.code, refusal.allowed) == ("shortest", {"minutes": 60})


class TestLongest:
    rule = Longest(minutes=120)

    def test_as_long_as_it_may_be_is_accepted(self, an_ask, between):
        assert self.rule.check(an_ask(between("10:00", "12:00")), ALWAYS) is None

    def test_longer_is_refused(self, an_ask, between):
        refusal = self.rule.check(an_ask(between("10:00", "12:01")), ALWAYS)
        assert (refusal.code, refusal.allowed) == ("longest", {"minutes": 120})

    def test_with_a_band_only_the_part_inside_it_counts(self, an_ask, between):
        daytime = When(from_minute=8 * 60, until_minute=18 * 60)
        assert self.rule.check(an_ask(between("16:00", "23:00")), daytime) is None
        assert self.rule.check(an_ask(between("15:59", "23:00")), daytime).code == "longest"


class TestTimeGrid:
    rule = TimeGrid(step_minutes=30)

    @pytest.mark.parametrize(("start", "end"), [("10:00", "10:30"), ("23:30", "24:00")])
    def test_what_lies_on_the_steps_is_accepted(self, an_ask, between, start, end):
        assert self.rule.check(an_ask(between(start, end)), ALWAYS) is None

    @pytest.mark.parametrize(("start", "end"), [("10:10", "11:00"), ("10:00", "10:40")], ids=["start", "end"])
    def test_what_begins_or_ends_between_them_is_refused(self, an_ask, between, start, end):
        assert self.rule.check(an_ask(between(start, end)), ALWAYS).code == "time_grid"

    def test_seconds_are_between_the_steps(self, an_ask, between):
        ten = between("10:00", "11:00")
        assert self.rule.check(an_ask(TimeSpan(ten.start + timedelta(seconds=1), ten.end)), ALWAYS).code == "time_grid"

    def test_the_grid_may_begin_off_midnight(self, an_ask, between):
        rule = TimeGrid(step_minutes=180, offset_minutes=150)
        assert rule.check(an_ask(between("17:30", "20:30")), ALWAYS) is None
        assert rule.check(an_ask(between("18:00", "21:00")), ALWAYS).code == "time_grid"

    def test_it_is_the_wall_clock_that_counts(self, an_ask):
        # 04:00 UTC is 09:45 in Kathmandu, which is no half hour.
        span = TimeSpan(datetime(2026, 11, 24, 4, 0, tzinfo=UTC), datetime(2026, 11, 24, 5, 0, tzinfo=UTC))
        assert self.rule.check(an_ask(span, tz=ZoneInfo("Asia/Kathmandu")), ALWAYS).code == "time_grid"
        assert self.rule.check(an_ask(span), ALWAYS) is None


class TestOpenHours:
    rule = OpenHours()

    @pytest.fixture
    def opening(self, between):
        return Opening((between("08:00", "18:00"), between("08:00", "12:00", 1)))

    def test_inside_the_hours_is_accepted_to_the_last_minute(self, an_ask, between, opening):
        assert self.rule.check(an_ask(between("08:00", "18:00"), opening=opening), ALWAYS) is None

    @pytest.mark.parametrize(("start", "end"), [("07:30", "09:00"), ("17:00", "18:30"), ("19:00", "20:00")])
    def test_whatever_reaches_outside_is_refused(self, an_ask, between, opening, start, end):
        assert self.rule.check(an_ask(between(start, end), opening=opening), ALWAYS).code == "opening_hours"

    def test_a_night_between_two_open_days_is_outside(self, an_ask, between, opening):
        assert self.rule.check(an_ask(between("17:00", "09:00", 0, 1), opening=opening), ALWAYS).code == "opening_hours"

    def test_an_instrument_that_is_not_open_at_all_says_so(self, an_ask):
        assert "not open around that time" in self.rule.check(an_ask(opening=Opening(())), ALWAYS).sentence.en

    @pytest.mark.parametrize(("grade", "is_refused"), [(2, True), (3, False), (4, False)])
    def test_a_high_grade_may_work_outside(self, an_ask, between, opening, grade, is_refused):
        ask = an_ask(between("20:00", "22:00"), opening=opening, grade=grade)
        assert (OpenHours(grade_outside=3).check(ask, ALWAYS) is not None) == is_refused

    def test_a_closure_is_not_told_as_closing_time(self, an_ask, between):
        closure = Shut(between("12:00", "13:00"), "maintenance", "换灯丝", 1)
        opening = Opening((between("08:00", "12:00"), between("13:00", "18:00")), (closure,))
        assert self.rule.check(an_ask(between("11:00", "14:00"), opening=opening), ALWAYS) is None

    def test_with_a_band_only_the_part_inside_it_counts(self, an_ask, between, opening):
        evening = When(from_minute=18 * 60, until_minute=22 * 60)
        assert self.rule.check(an_ask(between("17:00", "19:00"), opening=opening), evening).code == "opening_hours"
        assert self.rule.check(an_ask(between("06:00", "09:00"), opening=opening), evening) is None

    def test_both_sentences_exist(self):
        assert OpenHours(grade_outside=3).sentence().en.startswith("People of grade 3")
        assert OpenHours().sentence().zh == "只能在开放时间内预约。"
