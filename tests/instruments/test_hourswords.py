"""Opening hours as people say them."""

from __future__ import annotations

from datetime import date

import pytest

from instruments.hourswords import plan_on, say_plan
from instruments.opening import AROUND_THE_CLOCK, Plan

NEW_YEAR = date(2026, 1, 1)


def said(*weekly, on_holidays="closed"):
    sentences = say_plan(Plan(NEW_YEAR, weekly, on_holidays))[:-1]
    return [sentence.zh for sentence in sentences], [sentence.en for sentence in sentences]


class TestSaying:
    @pytest.mark.parametrize(
        ("weekly", "zh", "en"),
        [
            ([(day, 480, 1080) for day in range(5)], ["周一至周五 08:00-18:00"], ["Mon-Fri 08:00-18:00"]),
            ([(day, 480, 1080) for day in range(7)], ["每天 08:00-18:00"], ["Every day 08:00-18:00"]),
            ([(0, 540, 720), (0, 840, 1020)], ["周一 09:00-12:00、14:00-17:00"], ["Mon 09:00-12:00, 14:00-17:00"]),
            ([(4, 1080, 1560)], ["周五 18:00-次日 02:00"], ["Fri 18:00-02:00"]),
            ([(0, 0, 1440)], ["周一 00:00-24:00"], ["Mon 00:00-24:00"]),
            (
                [(0, 480, 720), (2, 480, 720), (3, 480, 720), (5, 600, 660)],
                ["周一、周三至周四 08:00-12:00", "周六 10:00-11:00"],
                ["Mon, Wed-Thu 08:00-12:00", "Sat 10:00-11:00"],
            ),
            (AROUND_THE_CLOCK, ["每天 24 小时"], ["Every day, around the clock"]),
        ],
    )
    def test_days_with_the_same_hours_are_said_together(self, weekly, zh, en):
        assert said(*weekly) == (zh, en)

    def test_what_happens_on_holidays_comes_last(self):
        assert say_plan(Plan(NEW_YEAR, AROUND_THE_CLOCK, "as_usual"))[-1].en == "Open on holidays as on other days"

    def test_an_empty_week_is_not_open(self):
        assert [sentence.en for sentence in say_plan(Plan(NEW_YEAR, (), "closed"))] == ["Not open"]


class TestPlanInForce:
    def test_the_latest_that_has_begun_counts(self):
        plans = [Plan(date(2026, month, 1), (), "closed") for month in (1, 6, 12)]
        assert plan_on(plans, date(2026, 11, 23)) == plans[1]
        assert plan_on(plans, date(2026, 12, 1)) == plans[2]

    def test_before_the_first_there_is_none(self):
        assert plan_on([Plan(NEW_YEAR, (), "closed")], date(2025, 12, 31)) is None
