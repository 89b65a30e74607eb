"""Closures: one-off and recurring, of an instrument or a facility, lifted whole or for a day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.catalogue import Instrument
from instruments.closures import Closure, close, closure_spans, closures_in, instances, lift, lift_day, plan_closure
from instruments.errors import Invalid, OutOfOrder
from instruments.opening import openings
from instruments.timespan import TimeSpan, at_wall, from_wall

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
FRIDAY = date(2026, 11, 27)


def on(day: date, start: int, end: int, tz: ZoneInfo = SHANGHAI) -> TimeSpan:
    return TimeSpan(at_wall(day, start * 60, tz), at_wall(day, end * 60, tz))


def weeks(first: date, count: int, tz: ZoneInfo = SHANGHAI) -> TimeSpan:
    return TimeSpan(at_wall(first, 0, tz), at_wall(first + timedelta(weeks=count), 0, tz))


@pytest.fixture
def a_closure(session, an_instrument, now):
    """A closure of an instrument on Friday from three to five; recurring when repeats= and repeat_until= say so."""

    def make(target=None, span=None, *, time_zone="Asia/Shanghai", kind="maintenance", reason="每周保养", at=None, **repeat) -> Closure:
        made = close(
            session, target or an_instrument(), span or on(FRIDAY, 15, 17), kind=kind, reason=reason, time_zone=time_zone,
            now=at or now, by=None, **repeat,
        )  # fmt: skip
        session.flush()
        return made

    return make


def an_unmade_one(now: datetime, span: TimeSpan | None = None, **changes) -> Closure:
    values = {"kind": "fault", "reason": "真空泵故障", "time_zone": "Asia/Shanghai", "now": now, "by": None}
    return plan_closure(Instrument(id=1), span or on(FRIDAY, 15, 17), **values | changes)


class TestOnce:
    def test_it_is_taken_out_of_the_opening_hours_with_its_reason(self, session, an_instrument, a_closure):
        instrument = an_instrument()
        made = a_closure(instrument, reason="更换灯丝")
        found = openings(session, [instrument], on(FRIDAY, 12, 20))[instrument.id]
        assert found.open_spans == (on(FRIDAY, 12, 15), on(FRIDAY, 17, 20))
        assert [(shut.span, shut.reason, shut.closure_id) for shut in found.shut] == [(on(FRIDAY, 15, 17), "更换灯丝", made.id)]

    def test_it_does_not_concern_another_instrument(self, session, an_instrument, a_closure):
        a_closure()
        other = an_instrument()
        assert openings(session, [other], on(FRIDAY, 12, 20))[other.id].shut == ()

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"kind": "party"}, "kind"), ({"reason": "  "}, "reason"), ({"reason": "x" * 301}, "reason"), ({"repeats": "yearly"}, "repeats"),
            ({"repeats": "weekly"}, "repeat_until"), ({"repeats": "weekly", "repeat_until": date(2026, 11, 26)}, "repeat_until"),
            ({"repeats": "weekly", "repeat_until": date(2037, 1, 1)}, "repeat_until"), ({"repeat_every": 0}, "repeats"),
            ({"repeat_every": 100}, "repeats"), ({"time_zone": "Moon/Base"}, "time_zone"),
        ],
    )  # fmt: skip
    def test_what_makes_no_sense_is_refused_with_its_field(self, changes, field, now):
        with pytest.raises(Invalid) as caught:
            an_unmade_one(now, **changes)
        assert caught.value.field == field

    @pytest.mark.parametrize(("years", "field"), [(11, "end"), (300, "end")])
    def test_longer_than_ten_years_is_refused(self, years, field, now):
        with pytest.raises(Invalid) as caught:
            an_unmade_one(now, TimeSpan(now, now + timedelta(days=366 * years)))
        assert caught.value.field == field

    @pytest.mark.parametrize("year", [1900, 2300])
    def test_a_start_in_another_century_is_refused(self, year, now):
        with pytest.raises(Invalid) as caught:
            an_unmade_one(now, on(date(year, 1, 1), 8, 9))
        assert caught.value.field == "start"


class TestRecurring:
    def test_every_week_at_the_same_hour_until_the_last_day(self, now):
        made = an_unmade_one(now, repeats="weekly", repeat_until=date(2026, 12, 18))
        assert list(instances(made)) == [on(FRIDAY + timedelta(weeks=number), 15, 17) for number in range(4)]
        assert made.last_end_at == on(date(2026, 12, 18), 15, 17).end

    def test_every_second_week(self, now):
        made = an_unmade_one(now, repeats="weekly", repeat_every=2, repeat_until=date(2026, 12, 31))
        assert [span.start.astimezone(SHANGHAI).day for span in instances(made)] == [27, 11, 25]

    def test_every_month_on_the_day_of_the_month_where_there_is_one(self, now):
        made = an_unmade_one(now, on(date(2026, 12, 31), 8, 12), repeats="monthly", repeat_until=date(2027, 5, 31))
        assert [f"{span.start.astimezone(SHANGHAI):%m-%d}" for span in instances(made)] == ["12-31", "01-31", "03-31", "05-31"]

    def test_it_stays_on_the_wall_when_the_clocks_change(self, now):
        made = an_unmade_one(
            now, on(date(2026, 10, 19), 8, 10, BERLIN), time_zone="Europe/Berlin", repeats="weekly", repeat_until=date(2026, 11, 2)
        )
        assert [(span.start.hour, span.duration) for span in instances(made)] == [(6, 2 * on(FRIDAY, 0, 1).duration)] + [
            (7, timedelta(hours=2))
        ] * 2

    def test_a_night_over_the_change_is_as_long_as_the_clocks_make_it(self, now):
        made = an_unmade_one(
            now, on(date(2026, 10, 23), 22, 30, BERLIN), time_zone="Europe/Berlin", repeats="daily", repeat_until=date(2026, 10, 25)
        )
        assert [span.duration // timedelta(hours=1) for span in instances(made)] == [8, 9, 8]

    def test_one_that_is_longer_than_its_step_meets_a_window_many_times(self, now):
        made = an_unmade_one(now, TimeSpan(on(FRIDAY, 0, 1).start, on(FRIDAY, 0, 60).end), repeats="daily", repeat_until=date(2026, 12, 31))
        assert len(closure_spans(made, on(date(2026, 12, 10), 13, 14))) == 2

    @given(
        st.sampled_from(["daily", "weekly", "monthly"]), st.integers(1, 5), st.integers(1, 80), st.integers(0, 4000), st.integers(1, 60 * 40),
        st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe"]),
    )  # fmt: skip
    def test_looking_into_a_window_finds_what_looking_at_all_of_it_finds(self, repeats, every, hours, after_days, minutes, name):
        tz = ZoneInfo(name)
        first = from_wall(datetime.fromisoformat("2026-01-31T21:30"), tz)
        closure = an_unmade_one(
            first, TimeSpan(first, first + timedelta(hours=hours)), time_zone=name,
            repeats=repeats, repeat_every=every, repeat_until=date(2035, 1, 1),
        )  # fmt: skip
        start = first + timedelta(days=after_days - 5)
        window = TimeSpan(start, start + timedelta(minutes=minutes))
        assert list(instances(closure, window)) == [span for span in instances(closure) if span.overlaps(window)]

    def test_many_instruments_and_their_facilities_are_read_at_once(self, session, an_instrument, a_facility, a_closure):
        facility = a_facility()
        inside, outside = an_instrument(facility_id=facility.id), an_instrument()
        whole, own = a_closure(facility, reason="停电"), a_closure(inside)
        found = closures_in(session, [inside, outside], on(FRIDAY, 0, 24))
        assert {key: sorted(one.id for one in rows) for key, rows in found.items()} == {inside.id: sorted([whole.id, own.id])}

    def test_a_facility_s_closure_raises_the_mark_of_each_of_its_instruments(self, session, an_instrument, a_facility, a_closure):
        facility = a_facility()
        inside, outside = an_instrument(facility_id=facility.id), an_instrument()
        marks = inside.schedule_version, outside.schedule_version
        a_closure(facility)
        session.expire_all()
        assert (inside.schedule_version, outside.schedule_version) == (marks[0] + 1, marks[1])


class TestLifting:
    def test_one_not_begun_is_as_if_never_made(self, session, an_instrument, a_closure, now):
        instrument = an_instrument()
        lift(session, a_closure(instrument), now=now)
        session.flush()
        assert openings(session, [instrument], on(FRIDAY, 12, 20))[instrument.id].open_spans == (on(FRIDAY, 12, 20),)

    def test_a_running_one_ends_now_and_what_was_stays(self, session, an_instrument, a_closure):
        instrument = an_instrument()
        made = a_closure(instrument)
        lift(session, made, now=on(FRIDAY, 16, 17).start)
        session.flush()
        assert [shut.span for shut in openings(session, [instrument], on(FRIDAY, 12, 20))[instrument.id].shut] == [on(FRIDAY, 15, 16)]

    def test_a_recurring_one_keeps_what_has_been(self, session, a_closure):
        made = a_closure(repeats="weekly", repeat_until=date(2026, 12, 31))
        lift(session, made, now=on(date(2026, 12, 7), 9, 10).start)
        assert [span.start.astimezone(SHANGHAI).day for span in closure_spans(made, weeks(date(2026, 11, 23), 6))] == [27, 4]

    def test_one_that_is_over_or_lifted_cannot_be_lifted(self, session, a_closure, now):
        over, gone = a_closure(), a_closure()
        lift(session, gone, now=now)
        for made, at in ((over, on(FRIDAY, 18, 19).start), (gone, now)):
            with pytest.raises(OutOfOrder):
                lift(session, made, now=at)

    def test_one_day_of_a_recurring_one_is_taken_out_and_the_others_stay(self, session, an_instrument, a_closure, now):
        instrument = an_instrument()
        made = a_closure(instrument, repeats="weekly", repeat_until=date(2026, 12, 11))
        lift_day(session, made, date(2026, 12, 4), now=now)
        session.flush()
        session.expire_all()
        shut = openings(session, [instrument], weeks(date(2026, 11, 23), 4))[instrument.id].shut
        assert [one.span.start.astimezone(SHANGHAI).day for one in shut] == [27, 11]
        assert instrument.schedule_version > 1

    @pytest.mark.parametrize("day", [date(2026, 12, 5), date(2026, 11, 20), date(2027, 1, 1)])
    def test_a_day_on_which_it_does_not_begin_is_refused(self, session, a_closure, now, day):
        with pytest.raises(Invalid) as caught:
            lift_day(session, a_closure(repeats="weekly", repeat_until=date(2026, 12, 11)), day, now=now)
        assert caught.value.field == "on"

    def test_a_day_that_is_over_or_lifted_already_is_refused(self, session, a_closure, now):
        made = a_closure(repeats="weekly", repeat_until=date(2026, 12, 11))
        lift_day(session, made, date(2026, 12, 4), now=now)
        for day, at in ((date(2026, 12, 4), now), (FRIDAY, on(FRIDAY, 16, 17).start)):
            with pytest.raises(Invalid):
                lift_day(session, made, day, now=at)

    def test_a_single_one_has_no_days_to_take_out(self, session, a_closure, now):
        with pytest.raises(OutOfOrder):
            lift_day(session, a_closure(), FRIDAY, now=now)
