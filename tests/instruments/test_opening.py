"""Opening hours: weekly plans, effective dates, midnight, clock changes, holidays and make-up workdays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.errors import Invalid, OutOfOrder
from instruments.holidays import SpecialDay, set_day
from instruments.hourswords import say_plan
from instruments.opening import (
    AROUND_THE_CLOCK,
    MOST_ROWS,
    OpeningHours,
    Plan,
    clean_weekly,
    openings,
    planned_spans,
    plans_of,
    set_hours,
    take_back_hours,
)
from instruments.timespan import TimeSpan, at_wall, local_days, minus

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
LONG_AGO = date(2020, 1, 1)
HOUR = timedelta(hours=1)
OFFICE = tuple((day, 540, 1080) for day in range(5))


def week_of(first: date, days: int = 7, tz: ZoneInfo = SHANGHAI) -> TimeSpan:
    return TimeSpan(at_wall(first, 0, tz), at_wall(first + timedelta(days=days), 0, tz))


def walls(spans, tz=SHANGHAI) -> list[str]:
    """Spans as "24 09:00-18:00", the day of the month first."""
    return [f"{s.start.astimezone(tz):%d %H:%M}-{s.end.astimezone(tz):%H:%M}" for s in spans]


def planned(weekly, window, tz=SHANGHAI, days=None, on_holidays="closed"):
    return planned_spans([Plan(LONG_AGO, tuple(weekly), on_holidays)], days or {}, window, tz)


class TestWeeklyPlan:
    MONDAY = date(2026, 11, 23)

    def test_several_spans_a_day_are_open_one_after_the_other(self):
        found = planned([(0, 540, 720), (0, 840, 1080)], week_of(self.MONDAY))
        assert walls(found) == ["23 09:00-12:00", "23 14:00-18:00"]

    def test_a_span_across_midnight_lasts_into_the_next_day(self):
        found = planned([(4, 1200, 1920)], week_of(self.MONDAY))
        assert walls(found) == ["27 20:00-08:00"]

    def test_a_night_of_the_week_before_reaches_into_the_window(self):
        found = planned([(6, 1320, 1800)], TimeSpan(at_wall(self.MONDAY, 60, SHANGHAI), at_wall(self.MONDAY, 720, SHANGHAI)))
        assert walls(found) == ["23 01:00-06:00"]

    def test_around_the_clock_is_one_span_without_seams(self):
        window = week_of(self.MONDAY, 30)
        assert planned(AROUND_THE_CLOCK, window) == [window]

    def test_touching_spans_are_joined(self):
        assert walls(planned([(0, 540, 720), (0, 720, 840)], week_of(self.MONDAY))) == ["23 09:00-14:00"]

    def test_without_a_plan_it_is_never_open(self):
        assert planned_spans([], {}, week_of(self.MONDAY), SHANGHAI) == []

    @pytest.mark.parametrize(
        "rows",
        [[(7, 0, 60)], [(-1, 0, 60)], [(0, 60, 60)], [(0, 120, 60)], [(0, 1440, 1500)], [(0, 0, 1441)], [(0, 600, 2041)], [(0, -1, 60)]],
    )
    def test_a_row_that_is_no_span_of_a_day_is_refused(self, rows):
        with pytest.raises(Invalid) as caught:
            clean_weekly(rows)
        assert caught.value.field == "weekly"

    def test_overlapping_rows_of_a_day_are_refused(self):
        with pytest.raises(Invalid):
            clean_weekly([(0, 540, 720), (0, 700, 800)])
        assert clean_weekly([(0, 720, 800), (0, 540, 720)]) == ((0, 540, 720), (0, 720, 800))

    def test_more_rows_than_anybody_needs_are_refused(self):
        with pytest.raises(Invalid):
            clean_weekly([(0, minute, minute + 1) for minute in range(MOST_ROWS + 1)])

    @given(
        st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1440)), max_size=8),
        st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(0, 2880), st.integers(1, 10_000),
    )  # fmt: skip
    def test_a_narrower_window_shows_the_same_hours(self, rows, first, offset, minutes):
        weekly = tuple((day, start, start + length) for day, start, length in rows)
        wide = week_of(first - timedelta(days=3), 16)
        window = TimeSpan(at_wall(first, offset, SHANGHAI), at_wall(first, offset, SHANGHAI) + timedelta(minutes=minutes))
        kept = [part for span in planned(weekly, wide) if (part := span.clipped(window))]
        assert planned(weekly, window) == kept


class TestClockChanges:
    def test_office_hours_stay_where_they_are_on_the_wall(self):
        found = planned(OFFICE, week_of(date(2026, 10, 19), 14, BERLIN), BERLIN)
        assert {f"{s.start.astimezone(BERLIN):%H:%M}-{s.end.astimezone(BERLIN):%H:%M}" for s in found} == {"09:00-18:00"}
        assert {s.start.hour for s in found} == {7, 8}

    @pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 28), 7), (date(2026, 10, 24), 9)], ids=["spring", "autumn"])
    def test_a_night_over_the_change_is_shorter_or_longer(self, day, hours):
        (night,) = planned([(5, 1320, 1800)], week_of(day, 2, BERLIN), BERLIN)
        assert night.duration == hours * HOUR

    def test_hours_that_lie_in_the_gap_are_not_there(self):
        assert planned([(6, 130, 170)], week_of(date(2026, 3, 28), 2, BERLIN), BERLIN) == []

    def test_hours_that_begin_in_the_gap_begin_when_the_clocks_jump(self):
        assert walls(planned([(6, 150, 300)], week_of(date(2026, 3, 28), 2, BERLIN), BERLIN), BERLIN) == ["29 03:00-05:00"]

    def test_around_the_clock_is_whole_on_days_of_23_and_25_hours(self):
        window = week_of(date(2026, 3, 20), 240, BERLIN)
        assert planned(AROUND_THE_CLOCK, window, BERLIN) == [window]
        assert {part.duration for _, part in local_days(window, BERLIN)} == {23 * HOUR, 24 * HOUR, 25 * HOUR}


class TestHolidays:
    """National Day 2026: the Thursday is off, the Saturday after is worked as a Monday."""

    WEEK = week_of(date(2026, 9, 28), 14)
    DAYS = {date(2026, 10, 1): SpecialDay(False, 0), date(2026, 10, 2): SpecialDay(False, 0), date(2026, 10, 10): SpecialDay(True, 0)}
    SHORT_MONDAY = ((0, 540, 600), *OFFICE[1:])

    def days(self, on_holidays):
        return [line[:2] for line in walls(planned(self.SHORT_MONDAY, self.WEEK, days=self.DAYS, on_holidays=on_holidays))]

    def test_closed_on_holidays_and_open_on_make_up_workdays(self):
        assert self.days("closed") == ["28", "29", "30", "05", "06", "07", "08", "09", "10"]

    def test_as_usual_minds_neither(self):
        assert self.days("as_usual") == ["28", "29", "30", "01", "02", "05", "06", "07", "08", "09"]

    def test_a_make_up_workday_keeps_the_hours_of_the_day_it_is_worked_as(self):
        found = planned(self.SHORT_MONDAY, self.WEEK, days=self.DAYS)
        assert walls(found)[-1] == "10 09:00-10:00"

    def test_a_night_that_began_on_a_workday_lasts_into_the_holiday(self):
        found = planned([(2, 1200, 1920)], self.WEEK, days=self.DAYS)
        assert walls(found) == ["30 20:00-08:00", "07 20:00-08:00"]


class TestEffectiveDates:
    def test_a_plan_counts_from_its_first_day_until_the_next_one_s(self, session, an_instrument, now):
        instrument = an_instrument(hours=OFFICE)
        set_hours(session, instrument, [(day, 600, 660) for day in range(5)], valid_from=date(2026, 11, 25), now=now, by=None)
        session.flush()
        found = openings(session, [instrument], week_of(date(2026, 11, 23), 4))[instrument.id].open_spans
        assert walls(found) == ["23 09:00-18:00", "24 09:00-18:00", "25 10:00-11:00", "26 10:00-11:00"]

    def test_the_last_night_of_the_old_plan_is_not_cut_off(self):
        old, new = Plan(LONG_AGO, ((1, 1200, 1920),), "closed"), Plan(date(2026, 11, 25), (), "closed")
        assert walls(planned_spans([old, new], {}, week_of(date(2026, 11, 23)), SHANGHAI)) == ["24 20:00-08:00"]

    def test_the_past_is_never_rewritten(self, session, an_instrument, now):
        instrument = an_instrument(hours=OFFICE)
        before = openings(session, [instrument], week_of(date(2026, 11, 16)))[instrument.id]
        set_hours(session, instrument, AROUND_THE_CLOCK, valid_from=date(2026, 11, 23), now=now, by=None)
        session.flush()
        assert openings(session, [instrument], week_of(date(2026, 11, 16)))[instrument.id] == before

    def test_a_plan_from_yesterday_is_refused(self, session, an_instrument, now):
        with pytest.raises(Invalid) as caught:
            set_hours(session, an_instrument(), OFFICE, valid_from=date(2026, 11, 22), now=now, by=None)
        assert caught.value.field == "valid_from"

    def test_today_is_the_instrument_s_today(self, session, an_instrument):
        instrument = an_instrument(time_zone="America/New_York")
        late = datetime(2026, 11, 24, 2, tzinfo=UTC)  # still Monday evening in New York
        assert set_hours(session, instrument, OFFICE, valid_from=date(2026, 11, 23), now=late, by=None).valid_from == date(2026, 11, 23)

    def test_only_the_first_plan_may_begin_in_the_past(self, session, an_instrument, now):
        instrument = an_instrument(hours=None)
        assert set_hours(session, instrument, OFFICE, valid_from=date(2026, 1, 1), now=now, by=None).valid_from == date(2026, 1, 1)

    @pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), date(2031, 1, 1)])
    def test_a_day_beyond_all_reason_is_refused(self, day, session, an_instrument, now):
        with pytest.raises(Invalid):
            set_hours(session, an_instrument(hours=None), OFFICE, valid_from=day, now=now, by=None)

    def test_a_second_plan_from_the_same_day_replaces_the_first(self, session, an_instrument, now):
        instrument = an_instrument(hours=OFFICE)
        for weekly in (AROUND_THE_CLOCK, OFFICE[:1]):
            set_hours(session, instrument, weekly, valid_from=date(2026, 12, 1), now=now, by=None)
            session.flush()
        assert [plan.weekly for plan in plans_of(session, [instrument.id])[instrument.id]] == [OFFICE, OFFICE[:1]]

    def test_a_plan_not_begun_may_be_taken_back_and_a_plan_in_force_may_not(self, session, an_instrument, now):
        instrument = an_instrument(hours=OFFICE)
        coming = set_hours(session, instrument, AROUND_THE_CLOCK, valid_from=date(2026, 12, 1), now=now, by=None)
        session.flush()
        take_back_hours(session, instrument, coming, now=now)
        session.flush()
        (left,) = session.query(OpeningHours).filter_by(instrument_id=instrument.id)
        assert [tuple(row) for row in left.weekly] == list(OFFICE)
        with pytest.raises(OutOfOrder):
            take_back_hours(session, instrument, left, now=now)

    def test_what_is_remembered_of_the_schedule_is_forgotten(self, session, an_instrument, now):
        instrument = an_instrument()
        before = instrument.schedule_version
        set_hours(session, instrument, OFFICE, valid_from=date(2026, 12, 1), now=now, by=None)
        assert instrument.schedule_version > before

    def test_an_unknown_word_for_holidays_is_refused(self, session, an_instrument, now):
        with pytest.raises(Invalid) as caught:
            set_hours(session, an_instrument(), OFFICE, valid_from=date(2026, 12, 1), now=now, by=None, on_holidays="perhaps")
        assert caught.value.field == "on_holidays"


class TestManyInstruments:
    def test_each_has_its_own_hours_by_its_own_clock(self, session, an_instrument):
        here, there = an_instrument(hours=OFFICE), an_instrument(hours=OFFICE, time_zone="Europe/Berlin")
        found = openings(session, [here, there], week_of(date(2026, 11, 23), 1))
        assert [span.start.hour for one in (here, there) for span in found[one.id].open_spans] == [1, 8]

    def test_holidays_of_the_calendar_close_those_that_mind_them(self, session, an_instrument):
        set_day(session, date(2026, 11, 24), is_workday=False, worked_as=0, name_zh="校庆", name_en="Founders' day")
        session.flush()
        strict, lax = an_instrument(hours=OFFICE, on_holidays="closed"), an_instrument(hours=OFFICE, on_holidays="as_usual")
        found = openings(session, [strict, lax], week_of(date(2026, 11, 23), 2))
        assert walls(found[strict.id].open_spans) == ["23 09:00-18:00"]
        assert walls(found[lax.id].open_spans) == ["23 09:00-18:00", "24 09:00-18:00"]
        assert minus(found[lax.id].open_spans, found[strict.id].open_spans) != []


class TestInWords:
    def test_days_with_the_same_hours_are_said_together(self):
        said = say_plan(Plan(LONG_AGO, ((0, 540, 720), (1, 540, 720), (2, 540, 720), (5, 1200, 1920)), "closed"))
        assert [sentence.zh for sentence in said][:2] == ["周一至周三 09:00-12:00", "周六 20:00-次日 08:00"]
        assert [sentence.en for sentence in said][:2] == ["Mon-Wed 09:00-12:00", "Sat 20:00-08:00"]

    def test_around_the_clock_and_never_have_words_of_their_own(self):
        assert say_plan(Plan(LONG_AGO, AROUND_THE_CLOCK, "as_usual"))[0].en == "Every day, around the clock"
        assert [said.en for said in say_plan(Plan(LONG_AGO, (), "closed"))] == ["Not open"]
