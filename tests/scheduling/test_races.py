"""Many want the same time at once: one gets it, the others are told. And what happens when the lock or the promise is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from threading import Barrier

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import instruments.database
from instruments.database import make_engine
from instruments.errors import Refused, Taken
from scheduling import locks, reserving
from scheduling.bookings import Booking
from scheduling.reserving import Wish, book

CLIENTS = 8


@pytest.fixture
def session(clean_engine: Engine) -> Iterator[Session]:
    """The builders' session; what it made is committed before the race."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def race(clean_engine, session, now) -> Callable[..., list[object]]:
    """Let several people book at once, each over a connection of her own; give what came of each: a Booking, or the error."""

    def run(wishes: list[Wish], viewers: list[object]) -> list[object]:
        session.commit()

        def one(number: int) -> object:
            with Session(clean_engine, expire_on_commit=False) as own:
                try:
                    (made,) = book(own, wishes[number], viewer=viewers[number], now=now)
                    own.commit()
                except (Refused, OperationalError) as error:
                    own.rollback()
                    return error
                return made

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(one, range(len(wishes))))

    return run


@pytest.fixture
def people(a_viewer) -> list[object]:
    return [a_viewer() for _ in range(CLIENTS)]


@pytest.fixture
def judged_together(monkeypatch) -> Callable[[int], None]:
    """Hold everybody back until all have been judged: the worst moment there is."""

    def hold(how_many: int) -> None:
        barrier, gather = Barrier(how_many, timeout=20), reserving.gather

        def judged(*args, **kwargs):
            cases = gather(*args, **kwargs)
            barrier.wait()
            return cases

        monkeypatch.setattr(reserving, "gather", judged)

    return hold


def overlaps(session: Session) -> int:
    rows = session.execute(
        select(Booking.instrument_id, Booking.lane, Booking.occupied_from, Booking.occupied_until)
        .where(Booking.holds)
        .order_by(Booking.instrument_id, Booking.lane, Booking.occupied_from)
    ).all()
    return sum(one[:2] == two[:2] and two.occupied_from < one.occupied_until for one, two in pairwise(rows))


class TestRaces:
    def test_one_slot_has_one_winner(self, race, people, session, an_instrument, a_span):
        wish = Wish((an_instrument().id,), a_span())
        came = race([wish] * CLIENTS, people)
        assert sum(isinstance(each, Booking) for each in came) == 1
        assert sum(isinstance(each, Taken) for each in came) == CLIENTS - 1
        assert overlaps(session) == 0

    def test_every_lane_has_its_winner(self, race, people, session, an_instrument, a_span):
        wish = Wish((an_instrument(lanes=3).id,), a_span())
        came = race([wish] * CLIENTS, people)
        assert sorted(each.lane for each in came if isinstance(each, Booking)) == [1, 2, 3]

    def test_offset_spans_never_overlap(self, race, people, session, an_instrument, a_span):
        instruments = [an_instrument(step_minutes=15).id for _ in range(2)]
        wishes = [
            Wish((instruments[n % 2],), replace(a_span(), start=a_span().start + n * timedelta(minutes=15), end=a_span().end + n * timedelta(minutes=15)))
            for n in range(24)
        ]
        came = race(wishes, people * 3)
        assert all(isinstance(each, Booking | Taken) for each in came)
        assert overlaps(session) == 0

    def test_several_at_once_in_any_order_do_not_wait_for_each_other_for_ever(self, clean_engine, people, session, an_instrument, a_span, now):
        ids = [an_instrument(lanes=CLIENTS).id for _ in range(3)]
        session.commit()

        def one(number: int) -> int:
            with Session(clean_engine) as own:
                made = book(own, Wish(tuple(ids if number % 2 else reversed(ids)), a_span()), viewer=people[number], now=now)
                own.commit()
                return len(made)

        with ThreadPoolExecutor(CLIENTS) as pool:
            assert list(pool.map(one, range(CLIENTS))) == [3] * CLIENTS
        assert overlaps(session) == 0

    def test_a_quota_holds_when_everything_is_asked_for_at_once(self, race, people, session, an_instrument, a_span):
        rules = [{"kind": "quota", "parameters": {"most": 3, "of": "bookings", "period": "day"}}]
        instrument = an_instrument(rules=rules, hours=[(day, 0, 1440) for day in range(7)])
        wishes = [Wish((instrument.id,), a_span(1 + n)) for n in range(CLIENTS)]
        came = race(wishes, [people[0]] * CLIENTS)
        assert sum(isinstance(each, Booking) for each in came) == 3


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
class TestWithoutTheLock:
    """PostgreSQL, with the lock taken away: the promise of the database still stands; without that too, nothing does."""

    @pytest.fixture(autouse=True)
    def no_lock(self, monkeypatch):
        monkeypatch.setattr(locks, "take_locks", lambda session, ids: None)

    def test_the_promise_of_the_database_still_stands(self, race, people, session, an_instrument, a_span, judged_together, backend):
        judged_together(2)
        wish = Wish((an_instrument().id,), a_span())
        came = race([wish] * 2, people)
        assert sorted(type(each).__name__ for each in came) == ["Booking", "Taken"]

    def test_without_it_two_have_the_same_time(self, race, people, session, an_instrument, a_span, judged_together, backend):
        """The negative control: with lock and constraint off the race shows overlaps."""
        session.execute(text("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap"))
        judged_together(2)
        wish = Wish((an_instrument().id,), a_span())
        came = race([wish] * 2, people)
        assert all(isinstance(each, Booking) for each in came)
        assert overlaps(session) == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
class TestWithoutBeginImmediate:
    def test_the_second_writer_is_turned_away(self, people, database_url, session, an_instrument, a_span, judged_together, monkeypatch, now, backend):
        """The negative control on SQLite: who has read before another wrote cannot write any more."""
        monkeypatch.setattr(instruments.database, "_begin_sqlite", lambda connection: connection.exec_driver_sql("BEGIN"))
        engine = make_engine(database_url)
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=1000"))
        wish = Wish((an_instrument().id,), a_span())
        session.commit()
        judged_together(2)

        def one(number: int) -> object:
            with Session(engine, expire_on_commit=False) as own:
                try:
                    (made,) = book(own, wish, viewer=people[number], now=now)
                    own.commit()
                except OperationalError as error:
                    return error
                return made

        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(one, range(2)))
        engine.dispose()
        (error,) = [each for each in came if isinstance(each, OperationalError)]
        assert "database is locked" in str(error)
