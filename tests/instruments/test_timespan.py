"""Spans and wall clocks, against zoneinfo in thousands of random cases (promise 9)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from instruments.errors import Invalid
from instruments.timespan import TimeSpan, at_wall, common, crowded, from_wall, local_days, merged, minus, zone
from tests.torture import right_time

MINUTE = timedelta(minutes=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")
wall = datetime.fromisoformat

walls = st.datetimes(wall("1902-01-01"), wall("2099-01-01")).map(lambda at: at.replace(microsecond=0))
instants = walls.map(lambda at: at.replace(tzinfo=UTC))
spans = st.builds(lambda start, minutes: TimeSpan(start, start + minutes * MINUTE), instants, st.integers(1, 60 * 24 * 40))
near = st.integers(0, 600).map(lambda minutes: datetime(2026, 11, 23, tzinfo=UTC) + minutes * MINUTE)
near_spans = st.lists(st.builds(lambda start, minutes: TimeSpan(start, start + minutes * MINUTE), near, st.integers(1, 120)), max_size=12)
zone_names = st.deferred(lambda: st.sampled_from(right_time.zones()))


def minutes_of(found: list[TimeSpan]) -> list[datetime]:
    """Every minute in spans that lie on whole minutes; one that is in two of them comes twice."""
    return [span.start + number * MINUTE for span in found for number in range(span.minutes)]


class TestSpan:
    def test_a_naive_time_is_refused(self):
        with pytest.raises(Invalid) as caught:
            TimeSpan(wall("2026-11-24T09:00"), datetime(2026, 11, 24, 10, tzinfo=UTC))
        assert caught.value.field == "start"

    @pytest.mark.parametrize("minutes", [0, -1])
    def test_an_empty_or_reversed_span_is_refused(self, minutes, now):
        with pytest.raises(Invalid) as caught:
            TimeSpan(now, now + minutes * MINUTE)
        assert caught.value.field == "end"

    def test_it_is_kept_in_utc(self):
        span = TimeSpan(datetime(2026, 11, 24, 9, tzinfo=SHANGHAI), datetime(2026, 11, 24, 2, tzinfo=UTC))
        assert span == TimeSpan(datetime(2026, 11, 24, 1, tzinfo=UTC), datetime(2026, 11, 24, 2, tzinfo=UTC))
        assert span.start.tzinfo is UTC

    def test_spans_that_touch_do_not_overlap(self, a_span):
        assert not a_span(1, 1).overlaps(a_span(2, 1))
        assert a_span(1, 2).overlaps(a_span(2, 1))

    def test_the_end_lies_outside(self, a_span):
        assert a_span(1, 1).has(a_span(1, 1).start)
        assert not a_span(1, 1).has(a_span(1, 1).end)

    def test_parts_that_do_not_meet_have_nothing_in_common(self, a_span):
        assert a_span(1, 1).clipped(a_span(2, 1)) is None
        assert a_span(1, 3).clipped(a_span(2, 1)) == a_span(2, 1)

    def test_a_time_at_the_end_of_the_calendar_is_refused_in_words(self):
        with pytest.raises(Invalid):
            TimeSpan(wall("0001-01-01").replace(tzinfo=SHANGHAI), datetime(2026, 1, 1, tzinfo=UTC))

    @pytest.mark.parametrize("name", ["Asia/Taiyuan", "", "../etc/passwd", "x" * 300, "\x00"])
    def test_an_unknown_zone_is_refused_in_words(self, name):
        with pytest.raises(Invalid) as caught:
            zone(name)
        assert caught.value.field == "time_zone"


class TestAlgebra:
    @given(near_spans)
    def test_joining_keeps_every_minute_once(self, found):
        joined = merged(found)
        assert minutes_of(joined) == sorted(set(minutes_of(found)))
        assert all(before.end < after.start for before, after in pairwise(joined))

    @given(near_spans, near_spans)
    def test_taking_out_and_keeping_share_the_minutes(self, found, others):
        inside, holes = set(minutes_of(found)), set(minutes_of(others))
        assert minutes_of(minus(found, others)) == sorted(inside - holes)
        assert minutes_of(common(found, others)) == sorted(inside & holes)

    @given(near_spans, st.integers(1, 4))
    def test_crowded_is_where_so_many_run_at_once(self, found, lanes):
        running = minutes_of(found)
        assert minutes_of(crowded(found, lanes)) == sorted({minute for minute in running if running.count(minute) >= lanes})


class TestWallClock:
    @given(instants, zone_names)
    @example(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin")
    @example(datetime(2011, 11, 6, 3, 30, tzinfo=UTC), "America/St_Johns")
    def test_an_instant_comes_back_from_the_wall_or_as_the_first_of_two(self, instant, name):
        tz = ZoneInfo(name)
        local = instant.astimezone(tz).replace(tzinfo=None, fold=0)
        found = from_wall(local, tz)
        assert found.astimezone(tz).replace(tzinfo=None, fold=0) == local
        assert found == instant or (found < instant and instant.astimezone(tz).fold == 1)

    @given(walls, zone_names)
    @example(wall("2026-03-29T02:30"), "Europe/Berlin")
    @example(wall("2011-12-30T12:00"), "Pacific/Apia")
    @example(wall("2026-10-04T02:15"), "Australia/Lord_Howe")
    def test_a_time_that_never_was_is_the_instant_of_the_jump(self, local, name):
        tz = ZoneInfo(name)
        found = from_wall(local, tz)
        if found.astimezone(tz).replace(tzinfo=None) != local:
            before, after = (found - timedelta(seconds=1)).astimezone(tz), found.astimezone(tz)
            assert before.replace(tzinfo=None) < local < after.replace(tzinfo=None)

    @given(walls, st.integers(1, 3 * 24 * 3600), zone_names)
    def test_later_on_the_wall_is_never_earlier_while_the_clocks_stay(self, local, seconds, name):
        tz = ZoneInfo(name)
        first, second = from_wall(local, tz), from_wall(local + timedelta(seconds=seconds), tz)
        assume(first.astimezone(tz).utcoffset() == second.astimezone(tz).utcoffset())
        assert first <= second

    def test_minutes_beyond_midnight_are_the_next_day(self):
        assert at_wall(date(2026, 12, 31), 1440, SHANGHAI) == at_wall(date(2027, 1, 1), 0, SHANGHAI) == datetime(2026, 12, 31, 16, tzinfo=UTC)
        assert at_wall(date(2028, 2, 28), 2880 - 1, SHANGHAI) == datetime(2028, 2, 29, 15, 59, tzinfo=UTC)

    def test_beyond_the_ends_of_the_calendar_is_refused_in_words(self):
        for convert in (
            lambda: from_wall(wall("0001-01-01"), SHANGHAI),
            lambda: from_wall(wall("9999-12-31T23:59"), ZoneInfo("America/New_York")),
            lambda: at_wall(date.max, 1440, SHANGHAI),
        ):
            with pytest.raises(Invalid):
                convert()


class TestTheWholeWorld:
    def test_wall_clocks_agree_with_zoneinfo_and_days_sum_to_the_whole(self):
        right_time.run(quick=True)

    def test_a_conversion_that_forgets_the_fold_is_noticed(self):
        def careless(local: datetime, tz: ZoneInfo) -> datetime:
            return local.replace(tzinfo=tz, fold=1).astimezone(UTC)

        assert right_time.disagreements(2_000, careless) != []

    def test_a_conversion_that_forgets_the_gap_is_noticed(self):
        gap, tz = wall("2026-03-29T02:30"), ZoneInfo("Europe/Berlin")
        assert from_wall(gap, tz) == datetime(2026, 3, 29, 1, tzinfo=UTC)
        assert gap.replace(tzinfo=tz).astimezone(UTC) != from_wall(gap, tz)


class TestLocalDays:
    @given(spans, zone_names)
    @example(TimeSpan(datetime(2011, 11, 5, 12, tzinfo=UTC), datetime(2011, 11, 8, tzinfo=UTC)), "America/St_Johns")
    @example(TimeSpan(datetime(2011, 11, 6, 3, tzinfo=UTC), datetime(2011, 11, 6, 4, tzinfo=UTC)), "America/St_Johns")
    @example(TimeSpan(datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 2, tzinfo=UTC)), "Pacific/Apia")
    @example(TimeSpan(datetime(2020, 12, 27, tzinfo=UTC), datetime(2021, 1, 5, tzinfo=UTC)), "Asia/Shanghai")
    def test_the_parts_follow_each_other_and_sum_to_the_whole(self, span, name):
        parts = list(local_days(span, ZoneInfo(name)))
        days = [day for day, _ in parts]
        assert (parts[0][1].start, parts[-1][1].end) == (span.start, span.end)
        assert all(before.end == after.start for (_, before), (_, after) in pairwise(parts))
        assert days == sorted(set(days))

    @given(spans, st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]))
    def test_where_no_clock_goes_back_over_midnight_each_part_is_its_own_day(self, span, name):
        tz = ZoneInfo(name)
        assume(span.start.year > 1970)
        for day, part in local_days(span, tz):
            assert part.start.astimezone(tz).date() == day == (part.end - timedelta(microseconds=1)).astimezone(tz).date()

    @pytest.mark.parametrize(
        ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)], ids=["spring", "autumn", "summer"]
    )
    def test_days_of_23_and_25_hours_are_that_long(self, day, hours):
        tz = ZoneInfo("Europe/Berlin")
        whole = TimeSpan(at_wall(day, 0, tz), at_wall(day, 1440, tz))
        assert [(on, part.duration) for on, part in local_days(whole, tz)] == [(day, timedelta(hours=hours))]

    def test_lord_howe_changes_by_half_an_hour(self):
        tz, day = ZoneInfo("Australia/Lord_Howe"), date(2026, 10, 4)
        assert at_wall(day, 1440, tz) - at_wall(day, 0, tz) == timedelta(hours=23, minutes=30)
