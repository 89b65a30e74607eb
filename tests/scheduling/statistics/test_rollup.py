"""The rollups: what happened at an instrument, by local day, month and year, exactly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from instruments.closures import close, lift
from instruments.timespan import TimeSpan
from scheduling.changing import cancel
from scheduling.statistics.figures import DayFigure, DayUse, MonthFigure, YearFigure, YearPeople
from scheduling.statistics.keeping import note_new_day, rebuild, waiting_notes, work_off
from scheduling.statistics.people import unpack
from scheduling.usageproblems import open_problem, resolve_problem, void

HOUR = timedelta(hours=1)
WORKDAYS = tuple((weekday, 480, 1080) for weekday in range(5))  # 08:00-18:00


@pytest.fixture
def keep_up(session, now):
    def worked_off(at=None):
        session.flush()
        while work_off(session, now=at or now):
            session.flush()

    return worked_off


@pytest.fixture
def on(session):
    """What a day came to, as a dictionary without the zeros."""

    def counted(instrument, day, table=DayFigure):
        row = session.execute(select(table.__table__).where(table.instrument_id == instrument.id, table.starts_on == day)).mappings().first()
        return {name: value for name, value in (row or {}).items() if value and name not in ("instrument_id", "starts_on")}

    return counted


def local(day, hour=0, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - 8 * HOUR


class TestADay:
    def test_hours_offered_are_those_of_the_plan_less_closures(self, session, an_instrument, keep_up, on, now):
        instrument = an_instrument(hours=WORKDAYS, lanes=2)
        close(
            session, instrument, TimeSpan(local(20, 9), local(20, 12)), kind="fault", reason="真空泵", time_zone="Asia/Shanghai", now=now, by=None
        )
        keep_up()
        assert on(instrument, date(2026, 11, 19)) == {"opening": 2 * 600}
        assert on(instrument, date(2026, 11, 20)) == {"opening": 2 * 420, "down": 180, "down_open": 2 * 180}
        assert on(instrument, date(2026, 11, 21)) == {}

    def test_a_use_across_midnight_is_split_and_its_parts_make_the_whole(self, session, an_instrument, a_usage, keep_up, on):
        instrument = an_instrument(hours=None)
        a_usage(instrument=instrument, span=TimeSpan(local(20, 22, 30), local(21, 1)), effective_minutes=100, samples=3)
        keep_up()
        assert on(instrument, date(2026, 11, 20)) == {
            "used": 90, "effective": 60, "external": 60, "uses": 1, "external_uses": 1, "samples": 3
        }  # fmt: skip
        assert on(instrument, date(2026, 11, 21)) == {"used": 60, "effective": 40, "external": 40}

    def test_what_waits_in_the_problem_queue_counts_once_it_is_resolved(
        self, session, an_instrument, a_usage, a_manager, keep_up, on, now
    ):
        instrument = an_instrument(hours=None)
        manager = a_manager(instrument)
        one = a_usage(instrument=instrument, manager=manager, span=TimeSpan(local(20, 9), local(20, 11)))
        problem = open_problem(session, "disagreement", instrument_id=instrument.id, usage_id=one.id, now=now)
        keep_up()
        assert on(instrument, date(2026, 11, 20)) == {}
        resolve_problem(session, problem.id, viewer=manager, now=now, resolution="accepted", reason="核对无误")
        keep_up()
        assert on(instrument, date(2026, 11, 20))["used"] == 120

    def test_maintenance_is_no_use_but_down_time(self, an_instrument, a_usage, keep_up, on):
        instrument = an_instrument(hours=WORKDAYS)
        a_usage(instrument=instrument, mode="maintenance", span=TimeSpan(local(20, 9), local(20, 10)))
        keep_up()
        assert on(instrument, date(2026, 11, 20)) == {"opening": 600, "down": 60, "down_open": 60}

    def test_a_void_record_does_not_count(self, session, an_instrument, a_usage, keep_up, on, now):
        instrument = an_instrument(hours=None)
        one = a_usage(instrument=instrument, span=TimeSpan(local(20, 9), local(20, 11)))
        keep_up()
        void(session, one, "误登", one.start_by, now)
        keep_up()
        assert on(instrument, date(2026, 11, 20)) == {}
        assert on(instrument, date(2026, 11, 1), MonthFigure) == {}

    def test_a_late_cancellation_is_lost_time_unless_booked_again(self, session, an_instrument, a_booking, a_viewer, keep_up, on, now):
        instrument = an_instrument(hours=None)
        viewer = a_viewer()
        instrument2 = an_instrument()
        booked = a_booking(instrument=instrument2, viewer=viewer, span=TimeSpan(local(23, 12), local(23, 16)))
        cancel(session, booked.id, viewer=viewer, now=now)
        a_booking(instrument=instrument2, span=TimeSpan(local(23, 12), local(23, 13)))
        keep_up()
        assert on(instrument2, date(2026, 11, 23)) == {"opening": 1440, "booked": 60, "late_cancel": 180, "bookings": 1}
        assert on(instrument, date(2026, 11, 23)) == {}


class TestSums:
    def test_months_and_years_are_the_sums_of_days_and_people_count_once(self, session, an_instrument, a_person, a_usage, keep_up, on):
        instrument, person = an_instrument(hours=WORKDAYS), a_person()
        for day in (18, 19, 20):
            a_usage(instrument=instrument, person=person, span=TimeSpan(local(day, 9), local(day, 11)))
        keep_up()
        month = on(instrument, date(2026, 11, 1), MonthFigure)
        assert (month["used"], month["uses"]) == (360, 3)
        days = session.execute(select(func.sum(DayFigure.opening)).where(DayFigure.instrument_id == instrument.id)).scalar()
        years = session.execute(select(func.sum(YearFigure.opening)).where(YearFigure.instrument_id == instrument.id)).scalar()
        assert days == years > 0
        assert [list(unpack(who)[0]) for who in session.scalars(select(YearPeople.who))] == [[person.id]]
        shapes = session.execute(select(DayUse.audience, DayUse.mode, DayUse.purpose, DayUse.used).order_by(DayUse.starts_on)).all()
        assert [tuple(row) for row in shapes] == [("academic", "self", "research", 120)] * 3

    def test_a_rebuild_gives_the_same_rows(self, session, an_instrument, a_usage, keep_up, now):
        instrument = an_instrument(hours=WORKDAYS)
        a_usage(instrument=instrument, span=TimeSpan(local(20, 22, 30), local(21, 1)))
        keep_up()
        before = session.execute(select(DayFigure.__table__).order_by(DayFigure.starts_on)).all()
        rebuild(session, [instrument.id], now=now)
        assert session.execute(select(DayFigure.__table__).order_by(DayFigure.starts_on)).all() == before


class TestKeepingUp:
    def test_figures_reach_into_each_new_day(self, session, an_instrument, keep_up, on, now):
        instrument = an_instrument(hours=WORKDAYS)
        note_new_day(session, now=now)
        keep_up()
        assert on(instrument, date(2026, 11, 24)) == {}
        tomorrow = now + 24 * HOUR
        assert note_new_day(session, now=tomorrow)
        keep_up(tomorrow)
        assert on(instrument, date(2026, 11, 24)) == {"opening": 600}

    def test_a_closure_taken_back_gives_its_hours_back(self, session, an_instrument, keep_up, on, now):
        instrument = an_instrument(hours=WORKDAYS)
        span = TimeSpan(local(23, 12), local(23, 18))
        closure = close(session, instrument, span, kind="maintenance", reason="换灯丝", time_zone="Asia/Shanghai", now=now, by=None)
        keep_up()
        assert on(instrument, date(2026, 11, 23))["opening"] == 240
        lift(session, closure, now=now)
        keep_up()
        assert on(instrument, date(2026, 11, 23)) == {"opening": 600}

    def test_nothing_is_left_to_do_afterwards(self, session, an_instrument, keep_up):
        an_instrument()
        keep_up()
        assert waiting_notes(session) == 0
