"""Whom and when an entry concerns."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from instruments.errors import Sentence
from instruments.holidays import SpecialDay
from instruments.timespan import TimeSpan, minus
from scheduling.rules.base import When, Who, hours_words
from tests.fixtures.asks import MONDAY, SHANGHAI


class TestWho:
    def test_an_empty_one_concerns_everybody(self, an_ask):
        assert Who().concerns(an_ask())

    @pytest.mark.parametrize(
        ("who", "is_meant"),
        [
            ({"audiences": ["internal"]}, True),
            ({"audiences": ["academic", "enterprise"]}, False),
            ({"modes": ["self"], "purposes": ["research"]}, True),
            ({"modes": ["self"], "purposes": ["teaching"]}, False),
            ({"grade_from": 2}, True),
            ({"grade_from": 3}, False),
            ({"grade_below": 3}, True),
            ({"grade_below": 2}, False),
        ],
    )
    def test_every_condition_must_hold(self, an_ask, who, is_meant):
        assert Who(**who).concerns(an_ask(grade=2)) == is_meant

    @pytest.mark.parametrize("who", [{"audiences": ["aliens"]}, {"grade_from": 5}, {"colour": "red"}])
    def test_what_does_not_exist_cannot_be_said(self, who):
        with pytest.raises(ValidationError):
            Who(**who)


class TestWhen:
    def test_an_empty_one_is_always(self, between):
        span = between("10:00", "12:00")
        assert When().part_of(span, SHANGHAI, {}) == [span]

    def test_a_band_cuts_each_day(self, between):
        band = When(from_minute=9 * 60, until_minute=17 * 60)
        assert band.part_of(between("16:00", "10:00", 0, 1), SHANGHAI, {}) == [between("16:00", "17:00"), between("09:00", "10:00", 1)]

    def test_a_night_belongs_to_the_day_it_begins_on(self, between):
        sunday_night = When(weekdays=(6,), from_minute=22 * 60, until_minute=30 * 60)
        assert sunday_night.part_of(between("00:00", "12:00"), SHANGHAI, {}) == [between("00:00", "06:00")]
        assert sunday_night.part_of(between("22:00", "24:00"), SHANGHAI, {}) == []

    def test_holidays_can_be_meant_or_left_out(self, between):
        holiday = {date(2026, 11, 23): SpecialDay(is_workday=False, worked_as=0)}
        span = between("10:00", "12:00")
        assert When(holidays="only").part_of(span, SHANGHAI, holiday) == [span]
        assert When(holidays="not").part_of(span, SHANGHAI, holiday) == []
        assert When(holidays="only").part_of(span, SHANGHAI, {}) == []

    def test_a_make_up_workday_is_the_weekday_it_stands_for(self, between):
        saturday_worked = {date(2026, 11, 28): SpecialDay(is_workday=True, worked_as=2)}
        span = between("10:00", "12:00", 5)
        assert When(weekdays=(2,)).part_of(span, SHANGHAI, saturday_worked) == [span]
        assert When(weekdays=(5,)).part_of(span, SHANGHAI, saturday_worked) == []

    @pytest.mark.parametrize(
        "when", [{"from_minute": 600, "until_minute": 600}, {"from_minute": 60, "until_minute": 1501}, {"weekdays": [7]}, {"holidays": "maybe"}]
    )
    def test_a_band_that_cannot_be_is_refused(self, when):
        with pytest.raises(ValidationError):
            When(**when)

    @given(
        weekdays=st.sets(st.integers(0, 6)), start=st.integers(0, 1439), length=st.integers(1, 1440),
        begin=st.integers(0, 10080), minutes=st.integers(1, 5000),
    )  # fmt: skip
    def test_an_instant_is_in_a_part_exactly_when_the_wall_clock_says_so(self, weekdays, start, length, begin, minutes):
        band = When(weekdays=tuple(weekdays), from_minute=start, until_minute=start + length)
        first = MONDAY + timedelta(minutes=begin)
        span = TimeSpan(first, first + timedelta(minutes=minutes))
        parts = band.part_of(span, SHANGHAI, {})
        for passed in range(0, minutes, 37):
            instant = first + timedelta(minutes=passed)
            assert any(part.has(instant) for part in parts) == is_in_band(instant, weekdays, start, length)
        assert minus(parts, [span]) == []

    def test_in_the_night_the_clocks_go_back_the_band_is_longer(self):
        berlin = ZoneInfo("Europe/Berlin")
        night = TimeSpan(datetime(2026, 10, 24, 20, tzinfo=berlin), datetime(2026, 10, 25, 12, tzinfo=berlin))
        (part,) = When(from_minute=22 * 60, until_minute=30 * 60).part_of(night, berlin, {})
        assert part.duration == timedelta(hours=9)


def is_in_band(instant, weekdays, start, length):
    minute, weekday = instant.hour * 60 + instant.minute, instant.weekday()
    today = start <= minute < start + length and (not weekdays or weekday in weekdays)
    since_yesterday = start <= minute + 1440 < start + length and (not weekdays or (weekday - 1) % 7 in weekdays)
    return today or since_yesterday


@pytest.mark.parametrize(
    ("minutes", "zh", "en"),
    [
        (30, "30 分钟", "30 min"),
        (60, "1 小时", "1 h"),
        (90, "1 小时 30 分钟", "1 h 30 min"),
        (1440, "1 天", "1 day"),
        (4320, "3 天", "3 days"),
        (1500, "25 小时", "25 h"),
        (0, "0 小时", "0 h"),
    ],
)
def test_lengths_are_said_as_people_do(minutes, zh, en):
    assert hours_words(minutes) == Sentence(zh, en)
