"""Any history: the figures are those of a slow, obvious computation after each step, and a rebuild gives the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine, func, select, text

from instruments.opening import AROUND_THE_CLOCK
from scheduling.statistics.figures import DayFigure
from scheduling.statistics.touched import WATCHED
from scheduling.usage import UsageRecord
from tests.scheduling.statistics.history import OFFICE, WORLDS, History

A_USE = {
    "number": 0, "at": 90, "second": 29, "length": 95, "effective": 61, "person": 1, "mode": "self", "purpose": "research", "samples": 1, "rating": "",
}  # fmt: skip
A_CLOSURE = {
    "number": 0, "at": 4, "second": 0, "length": 180, "kind": "fault", "zone": True, "repeats": "daily", "every": 1, "days": 3,
}  # fmt: skip
A_BOOKING = {"number": 0, "at": 90, "length": 95, "person": 1, "warning": 2, "status": "confirmed"}


def test_the_figures_are_those_of_the_slow_way_whatever_happens(engine):
    wanted = settings(max_examples=settings().max_examples // 12, stateful_step_count=16, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(lambda: History(engine), settings=wanted)


@pytest.fixture
def history(engine: Engine) -> Iterator[History]:
    """A history told step by step; nothing of it stays."""
    told = History(engine)
    yield told
    told.teardown()


def compare(history: History) -> None:
    history.the_figures_are_those_of_the_slow_way()
    history.a_rebuild_gives_the_same_rows()


@pytest.mark.parametrize("world", sorted(WORLDS))
def test_a_use_over_an_odd_midnight_is_told_in_parts_that_make_the_whole(history, world):
    history.begin(world=world, plan=AROUND_THE_CLOCK, phased=False)
    for number, at in enumerate((4, 60, 120)):
        history.use(**A_USE | {"number": number, "at": at, "length": 2 * 1440 + 7, "effective": (None, 1000, 7)[number]})
    history.close(**A_CLOSURE)
    history.book(**A_BOOKING | {"at": 94})
    compare(history)


def leave(one: History) -> None:
    """The first instrument leaves its facility, which is closed every day, between two closures."""
    one.close(**A_CLOSURE | {"number": 2})
    one.move_to_another_facility(number=2, at=90, second=29)


# What each trigger notes, and something that only it tells of.
STEPS = {
    "usage_record_touched_insert": lambda one: one.use(**A_USE),
    "usage_record_touched_update": lambda one: one.describe_a_use(number=0, what="samples", amount=9),
    "usage_problem_touched_insert": lambda one: one.find_a_problem(number=0),
    "usage_problem_touched_update": lambda one: one.resolve_a_problem(number=0),
    "booking_touched_insert": lambda one: one.book(**A_BOOKING),
    "booking_touched_update": lambda one: one.step_a_booking(number=0, status="no_show", warning=2),
    "charge_touched_insert": lambda one: one.charge(number=0, fen=1200, of="manual", at=90, is_final=True),
    "charge_touched_update": lambda one: one.finalise_a_charge(number=0),
    "closure_touched_insert": lambda one: one.close(**A_CLOSURE),
    "closure_touched_update": lambda one: one.lift_a_day(number=0, at=100),
    "opening_hours_touched_insert": lambda one: one.plan(number=0, at=100, plan=OFFICE, on_holidays="closed"),
    "opening_hours_touched_delete": lambda one: one.take_a_plan_back(number=0),
    "holiday_touched_insert": lambda one: one.keep_a_holiday(at=100, is_workday=False, worked_as=0, clears=1),
    "holiday_touched_update": lambda one: one.keep_a_holiday(at=100, is_workday=True, worked_as=6, clears=1),
    "publication_phase_touched_insert": lambda one: one.publish(number=0, at=100, second=0, name="suspend"),
    "past_standing_touched_update": lambda one: one.date_a_move_otherwise(number=0, at=6, second=54),
    "past_standing_touched_delete": lambda one: one.take_a_move_back(number=0),
}
BEFORE = {
    "usage_record_touched_update": STEPS["usage_record_touched_insert"],
    "usage_problem_touched_insert": STEPS["usage_record_touched_insert"],
    "usage_problem_touched_update": lambda one: (one.use(**A_USE), one.find_a_problem(number=0)),
    "booking_touched_update": STEPS["booking_touched_insert"],
    "charge_touched_update": lambda one: one.charge(number=0, fen=1200, of="manual", at=90, is_final=False),
    "closure_touched_update": STEPS["closure_touched_insert"],
    "opening_hours_touched_delete": STEPS["opening_hours_touched_insert"],
    "holiday_touched_update": STEPS["holiday_touched_insert"],
    "past_standing_touched_update": leave,
    "past_standing_touched_delete": leave,
}


@pytest.mark.parametrize("trigger", sorted(STEPS))
@pytest.mark.parametrize("is_there", [True, False], ids=["there", "dropped"])
def test_without_its_trigger_a_change_is_not_seen(history, trigger, is_there):
    """The negative control: the comparison fails as soon as one trigger is missing, and only then."""
    history.begin(world="a year ends in Shanghai", plan=AROUND_THE_CLOCK, phased=False)
    BEFORE.get(trigger, lambda one: None)(history)
    compare(history)
    if not is_there:
        drop(history, trigger)
    STEPS[trigger](history)
    if is_there:
        compare(history)
    else:
        with pytest.raises(AssertionError):
            history.the_figures_are_those_of_the_slow_way()


def drop(history: History, trigger: str) -> None:
    (table,) = (one.table.__tablename__ for one in WATCHED if trigger.startswith(f"{one.table.__tablename__}_touched"))
    on = f" ON {table}" if history.connection.dialect.name == "postgresql" else ""
    history.connection.execute(text(f"DROP TRIGGER {trigger}{on}"))


def test_an_instrument_with_nothing_has_no_rows_at_all(history):
    history.begin(world="a year ends in Shanghai", plan=(), phased=False)
    compare(history)
    assert history.rows_kept() == 0
    history.use(**A_USE | {"mode": "maintenance"})
    compare(history)
    assert history.rows_kept() > 0
    assert history.pick(UsageRecord, 0) is not None


def test_a_facility_closes_an_instrument_only_while_it_belongs_there(history):
    history.begin(world="a year ends in Shanghai", plan=AROUND_THE_CLOCK, phased=False)
    history.close(**A_CLOSURE | {"number": 3, "repeats": "", "length": 180})  # of the other facility, from 9 o'clock on
    compare(history)
    whole = opening(history)
    history.move_to_another_facility(number=4, at=8, second=54)  # an hour after it began; two hours are left of it
    compare(history)
    assert whole - opening(history) == 120
    history.move_to_another_facility(number=2, at=12, second=0)  # and away again after another hour
    compare(history)
    assert whole - opening(history) == 60


def opening(history: History) -> int:
    """Give the opening minutes of the first instrument."""
    mine = DayFigure.instrument_id == history.instruments[0].id
    return history.session.scalar(select(func.sum(DayFigure.opening)).where(mine))
