"""Any order of the verbs of booking, against a small model: no overlap in a lane, no lost booking, states only by allowed steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from importlib import import_module
from itertools import pairwise

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.closures import close
from instruments.errors import OutOfOrder, PortalError, Taken
from instruments.opening import AROUND_THE_CLOCK, set_hours
from instruments.people import Organisation, Person
from instruments.roles import grant
from instruments.rulebooks import publish_rules
from scheduling.bookings import Booking
from scheduling.changing import cancel, move
from scheduling.deciding import approve, decline, expire_requests
from scheduling.desk import due_no_shows, finish, mark_no_show, start
from scheduling.reserving import Wish, book
from tests.scheduling.booking_model import KINDS, MINUTE, NO_SHOW, ORIGIN, Model

ACTORS = ("user", "other", "manager")
ACTOR = st.sampled_from(("herself", "herself", "manager", "manager", "user", "other"))
PICK, TIMES = st.integers(0, 500), {"begin": st.integers(-1, 10), "length": st.integers(1, 4)}


class Bookings(RuleBasedStateMachine):
    """Each rule does something in the database and in the model; the invariants compare."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.connection = engine.connect()
        self.everything = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        self.model = Model()
        self._furnish()

    def _furnish(self) -> None:
        home = Organisation(code="HOME", name_zh="某大学", kind="university")
        people = [Person(email=f"{who}@example.org", name=who, organisation=home, created_at=ORIGIN) for who in ACTORS]
        self.instruments = [
            Instrument(
                organisation=home, inner_id=str(n), name_zh=f"仪器{n}", publication="published", created_at=ORIGIN,
                lanes=kind.lanes, cleanup_minutes=kind.cleanup,
            )
            for n, kind in enumerate(KINDS)
        ]  # fmt: skip
        self.session.add_all([*people, *self.instruments])
        self.session.flush()
        for instrument, kind in zip(self.instruments, KINDS, strict=True):
            set_hours(self.session, instrument, AROUND_THE_CLOCK, valid_from=date(2020, 1, 1), now=ORIGIN, by=None, on_holidays="as_usual")
            publish_rules(self.session, instrument, list(kind.rules), valid_from=ORIGIN, by=None, now=ORIGIN)
            grant(self.session, people[2], "manager", now=ORIGIN, instrument=instrument)
        self.session.flush()
        self.viewers = {who: load_viewer(self.session, person) for who, person in zip(ACTORS, people, strict=True)}

    def teardown(self) -> None:
        self.session.close()
        self.everything.rollback()
        self.connection.close()

    def attempt(self, expected: type[PortalError] | None, verb: Callable[[], Booking]) -> Booking | None:
        """Run a verb; it must fail as expected and change nothing, or succeed."""
        try:
            with self.session.begin_nested():
                came = verb()
                self.session.flush()
        except PortalError as error:
            came = error
        assert type(came) is (expected or Booking), came
        return None if expected else came

    # The verbs

    @initialize(wishes=st.lists(st.tuples(st.integers(0, 2), st.sampled_from(ACTORS), TIMES["begin"], TIMES["length"]), min_size=4, max_size=6))
    def begin_with_some(self, wishes):
        for kind, who, begin, length in wishes:
            self.book(kind, who, begin, length)

    @rule(kind=st.integers(0, 2), who=st.sampled_from(ACTORS), **TIMES)
    def book_one(self, kind, who, begin, length):
        self.book(kind, who, begin, length)

    def book(self, kind, who, begin, length):
        span, instrument = self.model.span(begin, length), self.instruments[kind].id
        lane, expected = self.model.lane(kind, span), self.model.refusal(kind, span)
        made = self.attempt(expected, lambda: book(self.session, Wish((instrument,), span), viewer=self.viewers[who], now=self.model.now)[0])
        if made is not None:
            self.model.kept[made.id] = self.model.make(kind, who, span, asks=KINDS[kind].asks and who != "manager", lane=lane)

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR, **TIMES)
    def move(self, number, actor, begin, length):
        key, one, actor = self.model.pick(number, actor)
        span = self.model.span(begin, length)
        lane, expected = self.model.lane(one.kind, span, key), self.model.step(one, "moved", actor)
        if expected is None and one.span.start <= self.model.now and actor != "manager":
            expected = OutOfOrder
        if expected is None and span != one.span:
            expected = self.model.refusal(one.kind, span, key)
        made = self.attempt(expected, lambda: move(self.session, key, span, viewer=self.viewers[actor], now=self.model.now))
        if made is not None and span != one.span:
            asks = KINDS[one.kind].asks and one.who != "manager" and not (actor == "manager" and one.status == "confirmed")
            one.status, one.holds = "moved", False
            self.model.kept[made.id] = self.model.make(one.kind, one.who, span, asks=asks, lane=lane, previous=key)

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR)
    def cancel(self, number, actor):
        key, one, actor = self.model.pick(number, actor)
        expected = self.model.step(one, "cancelled", actor)
        if expected is None and one.span.start + MINUTE <= self.model.now and actor != "manager":
            expected = OutOfOrder
        if self.attempt(expected, lambda: cancel(self.session, key, viewer=self.viewers[actor], now=self.model.now, reason="x")):
            one.status, one.holds = "cancelled", False

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR)
    def approve(self, number, actor):
        key, one, actor = self.model.pick(number, actor, "requested")
        expected, lane = self.model.step(one, "confirmed", actor, only_manager=True), one.lane
        if expected is None and one.span.end <= self.model.now:
            expected = OutOfOrder
        if expected is None and not one.holds:
            lane = self.model.lane(one.kind, one.span)
            expected = Taken if lane is None else None
        if self.attempt(expected, lambda: approve(self.session, key, viewer=self.viewers[actor], now=self.model.now)):
            one.status, one.holds, one.lane, one.expires = "confirmed", True, lane, None

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR)
    def decline(self, number, actor):
        key, one, actor = self.model.pick(number, actor, "requested")
        expected = self.model.step(one, "declined", actor, only_manager=True)
        if self.attempt(expected, lambda: decline(self.session, key, viewer=self.viewers[actor], now=self.model.now, reason="x")):
            one.status, one.holds = "declined", False

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR, is_punctual=st.booleans())
    def start(self, number, actor, is_punctual):
        key, one, actor = self.model.pick(number, actor, "confirmed")
        if is_punctual:
            self.model.now = max(self.model.now, one.span.start)
        expected = self.model.step(one, "running", actor)
        runs = any(other.status == "running" and (other.kind, other.lane) == (one.kind, one.lane) for other in self.model.kept.values())
        if expected is None and (runs or not one.span.start - 15 * MINUTE <= self.model.now < one.span.end):
            expected = OutOfOrder
        if self.attempt(expected, lambda: start(self.session, key, viewer=self.viewers[actor], now=self.model.now)):
            one.status = "running"

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR)
    def finish(self, number, actor):
        key, one, actor = self.model.pick(number, actor, "running")
        if self.attempt(self.model.step(one, "finished", actor), lambda: finish(self.session, key, viewer=self.viewers[actor], now=self.model.now)):
            one.status = "finished"
            one.give_back(self.model.now + KINDS[one.kind].cleanup * MINUTE)

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK, actor=ACTOR)
    def miss(self, number, actor):
        key, one, actor = self.model.pick(number, actor, "confirmed")
        expected = self.model.step(one, "no_show", actor, only_manager=True)
        if expected is None and self.model.now < one.span.start:
            expected = OutOfOrder
        if self.attempt(expected, lambda: mark_no_show(self.session, key, viewer=self.viewers[actor], now=self.model.now)):
            one.status = "no_show"
            one.give_back(self.model.now)

    @rule(kind=st.integers(0, 2), begin=TIMES["begin"])
    def close(self, kind, begin):
        span = self.model.span(begin, 1)
        close(self.session, self.instruments[kind], span, kind="fault", reason="x", time_zone="Asia/Shanghai", now=self.model.now, by=None)
        self.session.flush()
        self.model.closed[kind].append(span)

    @rule()
    def expire(self):
        due = {key for key, one in self.model.kept.items() if one.status == "requested" and one.expires <= self.model.now}
        assert {one.id for one in expire_requests(self.session, now=self.model.now)} == due
        self.session.flush()
        for key in due:
            self.model.kept[key].status, self.model.kept[key].holds = "expired", False

    @rule()
    def give_up(self):
        watched = {key: one for key, one in self.model.kept.items() if NO_SHOW in KINDS[one.kind].rules and one.status == "confirmed"}
        due = {key for key, one in watched.items() if one.span.start + 30 * MINUTE <= self.model.now}
        assert {one.id for one in due_no_shows(self.session, now=self.model.now)} == due
        self.session.flush()
        for key in due:
            self.model.kept[key].status = "no_show"
            self.model.kept[key].give_back(self.model.now)

    @precondition(lambda self: self.model.kept)
    @rule(number=PICK)
    def it_is_time_for(self, number):
        self.model.now = max(self.model.now, self.model.pick(number)[1].span.start)

    @rule(minutes=st.sampled_from((5, 15, 30, 60)))
    def time_goes_by(self, minutes):
        self.model.now += minutes * MINUTE

    # What must always hold

    @invariant()
    def the_database_is_what_the_model_says(self):
        self.session.expire_all()
        rows = self.session.scalars(select(Booking)).all()
        found = {row.id: (row.status, row.holds, row.span, row.occupied_until, row.previous_id, row.lane if row.holds else 0) for row in rows}
        wanted = {
            key: (one.status, one.holds, one.span, one.until, one.previous, one.lane if one.holds else 0) for key, one in self.model.kept.items()
        }
        assert found == wanted

    @invariant()
    def nothing_overlaps_in_a_lane(self):
        rows = self.session.scalars(select(Booking).where(Booking.holds).order_by(Booking.instrument_id, Booking.lane, Booking.occupied_from)).all()
        for one, two in pairwise(rows):
            assert (one.instrument_id, one.lane) != (two.instrument_id, two.lane) or one.occupied_until <= two.occupied_from

    @invariant()
    def every_moved_booking_lives_on_in_exactly_one(self):
        followed = [one.previous for one in self.model.kept.values() if one.previous is not None]
        assert sorted(followed) == sorted(key for key, one in self.model.kept.items() if one.status == "moved")


def run(engine: Engine, **changes: object) -> None:
    run_state_machine_as_test(lambda: Bookings(engine), settings=settings(max_examples=settings().max_examples // 2, stateful_step_count=40, **changes))


def test_any_order_of_the_verbs_keeps_the_books(engine):
    run(engine)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("place", "name", "broken"),
    [
        ("scheduling.cases", "free_lane", lambda lanes, occupied, held: 1),
        ("scheduling.changing", "check_step", lambda one, target: None),
        ("scheduling.desk", "_give_back", lambda one, until: None),
    ],
    ids=["lanes not looked at", "steps not looked at", "nothing given back"],
)
def test_a_broken_verb_is_noticed(engine, monkeypatch, place, name, broken, backend):
    """The negative control: the model sees what the code gets wrong."""
    monkeypatch.setattr(import_module(place), name, broken)
    with pytest.raises((AssertionError, DBAPIError)):
        run(engine, phases=[Phase.generate])  # which steps show it is not asked
