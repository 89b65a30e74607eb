"""When instruments are free."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from instruments.closures import close
from instruments.errors import Invalid
from instruments.opening import Opening
from instruments.schedules import Schedule, schedule_of
from instruments.timespan import TimeSpan
from scheduling.availability import availabilities, availability, availability_of, free_between, last_on_grid, next_free, next_on_grid
from scheduling.cases import free_lane

HOUR = timedelta(hours=1)
ORIGIN = datetime(2026, 11, 23, tzinfo=UTC)


def free_of(session, instrument, window):
    return availability(session, schedule_of(instrument), window).free_spans


class TestFreeTime:
    def test_an_open_instrument_is_free(self, session, an_instrument, a_span):
        assert free_of(session, an_instrument(), a_span(0, 8)) == (a_span(0, 8),)

    def test_one_without_hours_is_not(self, session, an_instrument, a_span):
        assert free_of(session, an_instrument(hours=None), a_span(0, 8)) == ()

    def test_a_booking_cuts_it(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(2))
        assert free_of(session, instrument, a_span(0, 8)) == (a_span(0, 2), a_span(3, 5))

    def test_the_buffers_of_both_neighbours_are_kept(self, session, an_instrument, a_booking, a_span, now):
        instrument = an_instrument(setup_minutes=30, cleanup_minutes=15, step_minutes=15)
        a_booking(instrument=instrument, span=a_span(3))
        before, after = free_of(session, instrument, a_span(0, 8))
        # held 2:30-4:15; a new use ends its own clean-up before, and begins its own set-up after
        assert (before.end, after.start) == (now + 2.25 * HOUR, now + 4.75 * HOUR)

    def test_a_second_lane_keeps_it_free(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument(lanes=2)
        a_booking(instrument=instrument, span=a_span(2))
        assert free_of(session, instrument, a_span(0, 8)) == (a_span(0, 8),)
        a_booking(instrument=instrument, span=a_span(2))
        assert free_of(session, instrument, a_span(0, 8)) == (a_span(0, 2), a_span(3, 5))

    def test_two_lanes_that_are_free_in_turn_are_not_one_long_time(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument(lanes=2)
        a_booking(instrument=instrument, span=a_span(0.5, 3))
        a_booking(instrument=instrument, span=a_span(4, 4))  # the first lane again
        found = availability(session, schedule_of(instrument), a_span(0, 8))
        assert found.free_spans == (a_span(0, 8),)
        a_booking(instrument=instrument, span=a_span(5, 1))  # the second
        found = availability(session, schedule_of(instrument), a_span(0, 8))
        assert found.lane_for(a_span(0, 5)) == 2
        assert found.lane_for(a_span(3, 3)) is None
        assert found.busy_spans == (a_span(5, 1),)

    def test_a_closure_is_not_free(self, session, an_instrument, a_span, now):
        instrument = an_instrument()
        close(session, instrument, a_span(1), kind="fault", reason="故障", time_zone="Asia/Shanghai", now=now, by=None)
        session.flush()
        assert free_of(session, instrument, a_span(0, 3)) == (a_span(0, 1), a_span(2, 1))

    def test_what_was_given_up_is_free(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument()
        one = a_booking(instrument=instrument)
        one.status, one.holds = "cancelled", False
        session.flush()
        assert free_of(session, instrument, a_span(0, 3)) == (a_span(0, 3),)

    def test_a_use_of_weeks_is_seen_from_its_middle(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(1, 24 * 92))
        assert free_of(session, instrument, a_span(24 * 50, 24)) == ()

    def test_a_window_too_wide_is_refused(self, session, an_instrument, a_span):
        with pytest.raises(Invalid) as caught:
            availability(session, schedule_of(an_instrument()), a_span(0, 24 * 92 + 1))
        assert caught.value.field == "until"

    def test_the_statements_are_as_many_however_many_instruments(self, session, an_instrument, a_booking, a_span):
        instruments = [an_instrument() for _ in range(12)]
        for instrument in instruments:
            a_booking(instrument=instrument)
        seen = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *told: seen.append(told[2]))
        availabilities(session, [schedule_of(one) for one in instruments], a_span(0, 48))
        assert len(seen) == 4


class TestFreeBetween:
    def test_the_earliest_time_of_each_is_given(self, session, an_instrument, a_booking, a_span):
        free, busy, full = an_instrument(), an_instrument(), an_instrument()
        a_booking(instrument=busy, span=a_span(0.5))
        a_booking(instrument=full, span=a_span(0.5, 9))
        found = free_between(session, [one.id for one in (free, busy, full)], a_span(0, 5), 2 * HOUR)
        assert found == {free.id: a_span(0, 2), busy.id: a_span(1.5, 2)}

    @pytest.mark.parametrize("hours", [0, -1, 6])
    def test_a_length_that_cannot_be_is_refused(self, session, a_span, hours):
        with pytest.raises(Invalid):
            free_between(session, [], a_span(0, 5), hours * HOUR)

    def test_starts_lie_on_the_grid(self, session, an_instrument, a_span, now):
        instrument = an_instrument(step_minutes=60)
        window = TimeSpan(now + timedelta(minutes=10), now + 5 * HOUR)
        assert free_between(session, [instrument.id], window, HOUR)[instrument.id].start == now + HOUR


class TestNextFree:
    def test_it_lasts_to_the_end_of_the_free_time(self, session, an_instrument, a_booking, a_span, now):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(0.5))
        a_booking(instrument=instrument, span=a_span(4))
        assert next_free(session, [instrument.id], now=now, duration=HOUR)[instrument.id] == a_span(1.5, 2.5)

    def test_what_is_never_open_has_none(self, session, an_instrument, now):
        assert next_free(session, [an_instrument(hours=None).id], now=now) == {}


class TestGrid:
    @pytest.mark.parametrize(
        ("zone", "step", "offset", "instant", "expected"),
        [
            ("Asia/Shanghai", 30, 0, "2026-11-23T01:10", "2026-11-23T01:30"),
            ("Asia/Shanghai", 30, 0, "2026-11-23T01:30", "2026-11-23T01:30"),
            ("Asia/Shanghai", 60, 30, "2026-11-23T01:00", "2026-11-23T01:30"),
            ("Asia/Shanghai", 50, 0, "2026-11-23T15:30", "2026-11-23T16:00"),  # 23:30 -> midnight, where the grid begins anew
            ("Europe/Berlin", 60, 0, "2026-03-29T00:30", "2026-03-29T01:00"),  # 01:30 -> 03:00, the clock jumps
            ("Australia/Lord_Howe", 60, 0, "2026-10-03T15:10", "2026-10-03T16:00"),  # half an hour is missing: 01:40 -> 03:00
            ("Australia/Lord_Howe", 60, 0, "2026-04-04T14:20", "2026-04-04T15:30"),  # half an hour comes twice: 01:20 -> 02:00
        ],
    )
    def test_the_next_place_on_it(self, zone, step, offset, instant, expected):
        found = next_on_grid(datetime.fromisoformat(instant).replace(tzinfo=UTC), step, zone, offset)
        assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)

    @given(
        zone=st.sampled_from(["Asia/Shanghai", "Asia/Kathmandu", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
        minutes=st.integers(0, 366 * 1440),
        step=st.integers(1, 1440),
        offset=st.integers(0, 1439),
    )
    def test_it_is_on_the_wall_clocks_grid_and_nothing_lies_between(self, zone, minutes, step, offset):
        instant = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)

        def is_on_grid(at):
            local = at.astimezone(ZoneInfo(zone))
            return (local.hour * 60 + local.minute - offset) % step == 0

        found, last = next_on_grid(instant, step, zone, offset), last_on_grid(instant, step, zone, offset)
        assert found >= instant
        assert is_on_grid(found)
        passed = range(int((found - instant) / timedelta(minutes=1)))
        assert not any(is_on_grid(instant + timedelta(minutes=n)) for n in passed)
        assert last <= instant
        assert not any(is_on_grid(last + timedelta(minutes=n)) for n in range(1, min(step, int((instant - last) / timedelta(minutes=1)) + 1)))


HOLDINGS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 60), st.integers(1, 20)), max_size=8)


@given(lanes=st.integers(1, 3), held=HOLDINGS, setup=st.integers(0, 6), cleanup=st.integers(0, 6), start=st.integers(0, 60), length=st.integers(1, 20))
def test_a_use_fits_into_the_free_time_exactly_when_a_lane_can_hold_it(lanes, held, setup, cleanup, start, length):
    """What the calendar shows as free is what booking takes: minute by minute, buffers and lanes included."""
    minute = timedelta(minutes=1)
    by_lane = {}
    for lane, begin, minutes in held:
        by_lane.setdefault(lane, []).append(TimeSpan(ORIGIN + begin * minute, ORIGIN + (begin + minutes) * minute))
    window = TimeSpan(ORIGIN - 60 * minute, ORIGIN + 140 * minute)
    schedule = Schedule(1, None, "UTC", lanes, setup, cleanup, 1)
    found = availability_of(schedule, window, Opening((window,)), by_lane)
    use = TimeSpan(ORIGIN + start * minute, ORIGIN + (start + length) * minute)
    occupied = use.widened(setup * minute, cleanup * minute)
    lane = free_lane(lanes, occupied, by_lane)
    assert found.lane_for(use) == lane
    assert any(span.contains(use) for span in found.free_spans) == (lane is not None)
    assert all(one.start < two.start for one, two in pairwise(found.free_spans))
