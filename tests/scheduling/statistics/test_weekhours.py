"""The week hour by hour, and what is seen in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from instruments.closures import close
from instruments.errors import Invalid
from instruments.timespan import TimeSpan, zone
from scheduling.bookings import Booking
from scheduling.statistics.weekhours import Band, WeekHours, missed_bands, spread, unused_bands, week_hours
from tests.portal.costs import counted

HOUR = timedelta(hours=1)
WORKDAYS = tuple((weekday, 480, 1320) for weekday in range(5))  # 08:00-22:00


def local(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - 8 * HOUR


A_WEEK = TimeSpan(local(16), local(23))


def cells(values):
    return {(at // 24, at % 24): value for at, value in enumerate(values) if value}


class TestSpread:
    def test_minutes_go_to_the_hours_they_lie_in(self):
        found = [0] * 168
        spread(found, TimeSpan(local(16, 9, 30), local(16, 11, 15)), zone("Asia/Shanghai"))
        assert cells(found) == {(0, 9): 30, (0, 10): 60, (0, 11): 15}

    def test_a_night_goes_over_midnight_and_sunday_into_monday(self):
        found = [0] * 168
        spread(found, TimeSpan(local(22, 23), local(23, 1)), zone("Asia/Shanghai"))
        assert cells(found) == {(6, 23): 60, (0, 0): 60}

    @pytest.mark.parametrize("name", ["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
    def test_nothing_is_lost_where_clocks_change(self, name):
        found = [0] * 168
        spread(found, TimeSpan(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)), zone(name))
        assert sum(found) == 365 * 1440


class TestWeeks:
    def test_what_was_offered_less_closures_booked_used_and_missed(self, session, an_instrument, a_usage, a_person, now):
        one = an_instrument(hours=WORKDAYS, lanes=2)
        close(session, one, TimeSpan(local(16, 8), local(16, 10)), kind="fault", reason="真空泵", time_zone="Asia/Shanghai", now=now, by=None)
        a_usage(instrument=one, span=TimeSpan(local(17, 9), local(17, 10, 30)))
        span = TimeSpan(local(18, 14), local(18, 16))
        session.add(
            Booking(
                instrument_id=one.id, person_id=a_person().id, start_at=span.start, end_at=span.end, occupied_from=span.start,
                occupied_until=span.end, holds=True, status="no_show", audience="other", created_at=now, changed_at=now,
            )
        )  # fmt: skip
        session.flush()
        hours = week_hours(session, [one.id], A_WEEK)[one.id]
        assert sum(hours.offered) == 2 * (5 * 14 - 2) * 60
        assert hours.offered[8] == 0
        assert cells(hours.used) == {(1, 9): 60, (1, 10): 30}
        assert cells(hours.booked) == {(2, 14): 60, (2, 15): 60}
        assert cells(hours.missed) == cells(hours.bookings) == {(2, 14): 1}

    def test_the_window_and_the_number_of_instruments_are_bounded(self, session, now):
        with pytest.raises(Invalid):
            week_hours(session, [1], TimeSpan(now, now + timedelta(days=371)))
        with pytest.raises(Invalid):
            week_hours(session, range(51), A_WEEK)

    def test_no_more_statements_for_many_than_for_one(self, session, an_instrument):
        many = [an_instrument(hours=WORKDAYS).id for _ in range(10)]
        session.flush()
        counts = []
        for some in (many[:1], many):
            with counted(session.get_bind()) as seen:
                week_hours(session, some, A_WEEK)
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 10


class TestBands:
    def week(self, offered=range(8, 22), used=range(9, 17), weeks=10, days=range(5)):
        hours = WeekHours()
        for day in days:
            for hour in offered:
                hours.offered[day * 24 + hour] = weeks * 60
            for hour in used:
                hours.used[day * 24 + hour] = weeks * 30
        return hours

    def test_the_docstrings_example(self):
        assert unused_bands(self.week()) == [Band((0, 1, 2, 3, 4), 17, 22, 5 * 5 * 600, 0)]

    def test_a_tenth_is_use(self):
        hours = self.week(used=range(8, 22))
        hours.used = [value // 5 for value in hours.used]  # 10 % of what was offered
        assert unused_bands(hours) == []
        hours.used[0 * 24 + 20] -= 1
        hours.used[0 * 24 + 21] -= 1
        assert [(one.days, one.first, one.until) for one in unused_bands(hours)] == [((0,), 20, 22)]

    def test_missed_often_is_three_and_a_fifth(self):
        hours = WeekHours()
        hours.bookings[24 + 9], hours.missed[24 + 9] = 15, 3
        hours.bookings[48 + 9], hours.missed[48 + 9] = 16, 3
        hours.bookings[72 + 9], hours.missed[72 + 9] = 2, 2
        assert [(band.days, band.first, missed, bookings) for band, missed, bookings in missed_bands(hours)] == [((1,), 8, 3, 15)]
