"""What a rule book says of time to everybody alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.catalogue import Instrument
from scheduling.rules.book import read_entries
from scheduling.rules.bounds import bounds


@pytest.fixture
def bounded(now):
    return lambda *entries: bounds(read_entries(list(entries)), Instrument(step_minutes=30), now)


def notice(minutes, **more):
    return {"kind": "notice", "parameters": {"minutes": minutes}, **more}


class TestBounds:
    def test_without_rules_anything_from_now_on_goes_on_the_instruments_own_steps(self, bounded, now):
        found = bounded()
        assert (found.earliest, found.latest, found.step_minutes) == (now, None, 30)

    def test_the_longest_notice_and_the_nearest_horizon_count(self, bounded, now):
        horizons = [{"kind": "horizon", "parameters": {"days": days}} for days in (28, 14)]
        found = bounded(notice(60), notice(1440), *horizons)
        assert (found.earliest, found.latest) == (now + timedelta(days=1), now + timedelta(days=14))
        assert found.earliest_rule.en == "Book at least 1 day ahead."
        assert found.latest_rule.en == "Book at most 14 days ahead."

    @pytest.mark.parametrize(
        "narrowed",
        [{"who": {"audiences": ["enterprise"]}}, {"when": {"weekdays": [5, 6]}}, {"effect": "warn"}, {"effect": "approve"}],
    )
    def test_what_concerns_only_some_does_not(self, bounded, now, narrowed):
        assert bounded(notice(1440, **narrowed)).earliest == now

    def test_a_grid_that_is_shifted_is_shown_in_steps_that_meet_it(self, bounded):
        assert bounded({"kind": "time_grid", "parameters": {"step_minutes": 60, "offset_minutes": 45}}).step_minutes == 15
