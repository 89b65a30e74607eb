"""What an instrument is doing now, and what use of a free time to propose."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.closures import close
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from scheduling.availability import availability
from scheduling.present import LOOK_AHEAD, present, usual_use

HOUR = timedelta(hours=1)
OFFICE = [(day, 480, 1080) for day in range(5)]  # Monday to Friday, 08:00-18:00; now is Monday, 09:00


@pytest.fixture
def now_of(session, now):
    def look(instrument, at=None):
        at = at or now
        return present(availability(session, schedule_of(instrument), TimeSpan(at, at + LOOK_AHEAD)), at)

    return look


class TestPresent:
    def test_an_open_instrument_without_bookings_is_free_until_it_closes(self, an_instrument, now_of, now):
        state = now_of(an_instrument(hours=OFFICE))
        assert (state.kind, state.until) == ("free", now + 9 * HOUR)

    def test_one_that_is_never_taken_is_free_without_an_end(self, an_instrument, now_of):
        state = now_of(an_instrument())
        assert (state.kind, state.until) == ("free", None)

    def test_it_is_free_until_the_next_booking(self, an_instrument, a_booking, a_span, now_of, now):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(2))
        assert now_of(instrument).until == now + 2 * HOUR

    def test_it_is_in_use_until_the_last_of_several_bookings_in_a_row(self, an_instrument, a_booking, a_span, now_of, now):
        instrument = an_instrument()
        a_booking(instrument=instrument, span=a_span(0, 1))
        a_booking(instrument=instrument, span=a_span(1, 2))
        state = now_of(instrument)
        assert (state.kind, state.until) == ("busy", now + 3 * HOUR)

    def test_with_a_place_left_it_is_free(self, an_instrument, a_booking, a_span, now_of):
        instrument = an_instrument(lanes=2)
        a_booking(instrument=instrument, span=a_span(0, 1))
        assert now_of(instrument).kind == "free"

    def test_a_closure_is_told_with_its_reason_and_the_next_opening(self, session, an_instrument, a_span, now_of, now):
        instrument = an_instrument(hours=OFFICE)
        close(session, instrument, a_span(-1, 20), kind="fault", reason="换灯丝", time_zone="Asia/Shanghai", now=now, by=None)
        state = now_of(instrument)
        assert (state.kind, state.reason) == ("closed", "换灯丝")
        assert state.until == now + 23 * HOUR  # 08:00 on Tuesday, though the closure ends at 04:00

    def test_outside_its_hours_it_is_closed_until_it_opens(self, an_instrument, now_of, now):
        state = now_of(an_instrument(hours=OFFICE), at=now + 10 * HOUR)
        assert (state.kind, state.until, state.reason) == ("closed", now + 23 * HOUR, "")

    def test_without_opening_hours_there_is_nothing_to_say(self, an_instrument, now_of):
        assert now_of(an_instrument(hours=None)).kind == "unplanned"


class TestUsualUse:
    @pytest.mark.parametrize(
        ("step", "free_hours", "hours"),
        [(30, 9, 1), (30, 0.5, 0.5), (25, 9, 75 / 60), (120, 9, 2), (30, 0.75, 0.5)],
    )
    def test_about_an_hour_on_the_grid_is_proposed(self, an_instrument, a_span, step, free_hours, hours):
        free = a_span(0, free_hours) if step != 25 else TimeSpan(a_span(0).start + timedelta(minutes=10), a_span(0, 9).end)
        found = usual_use(free, schedule_of(an_instrument(step_minutes=step)))
        assert found == TimeSpan(free.start, free.start + hours * HOUR)
