"""Two processes at the figures of one instrument: the second takes what the first has not read; without the lock a stale figure stays."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from instruments.timespan import TimeSpan
from scheduling.locks import SPACE as OF_BOOKINGS
from scheduling.locks import lock_instruments
from scheduling.statistics import keeping, rollup
from scheduling.statistics.figures import DayFigure
from scheduling.statistics.keeping import SPACE, waiting_notes, work_off
from tests.fixtures.uses import HOUR


@pytest.fixture
def session(clean_engine):
    """The builders' session; what they make is committed."""
    with Session(clean_engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
def both(session, clean_engine, an_instrument, a_manager, a_usage, now, monkeypatch):
    """One process reads the rows; a use is recorded and another process works; then the first goes on. Gives the minutes kept in the end."""
    has_read, may_write = threading.Event(), threading.Event()
    count = rollup.counts_of

    def counts_of(*arguments, **named):
        counted = count(*arguments, **named)
        if threading.current_thread().name == "first" and not has_read.is_set():
            has_read.set()
            may_write.wait(30)
        return counted

    monkeypatch.setattr(rollup, "counts_of", counts_of)
    monkeypatch.setattr(keeping, "ids_of", lambda session, ids: set())  # the first does not look whether something came meanwhile
    monkeypatch.setattr(keeping, "TRIES", 1)

    def run():
        instrument = an_instrument(published_at=now - 24 * HOUR)
        manager = a_manager(instrument)
        use = lambda hours: a_usage(  # noqa: E731 - twice the same, and nowhere else
            instrument=instrument, manager=manager, span=TimeSpan(now - hours * HOUR, now - (hours - 1) * HOUR)
        )
        use(4)
        session.commit()
        first = threading.Thread(target=worked_off, args=(clean_engine, now), name="first")
        first.start()
        assert has_read.wait(30)
        use(2)
        session.commit()
        worked_off(clean_engine, now)
        may_write.set()
        first.join()
        worked_off(clean_engine, now)
        with Session(clean_engine) as own:
            assert waiting_notes(own) == 0
            return own.scalar(select(DayFigure.used).where(DayFigure.instrument_id == instrument.id, DayFigure.used > 0))

    return run


def worked_off(engine, now):
    done = 1
    while done:
        with Session(engine) as own:
            done = work_off(own, now=now)
            own.commit()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
class TestTheLock:
    def test_the_second_process_does_not_touch_what_the_first_is_at(self, both):
        assert both() == 120

    def test_without_it_the_first_writes_over_what_the_second_made(self, both, monkeypatch):
        monkeypatch.setattr(keeping, "try_locks", lambda session, ids, space: ids)
        assert both() == 60

    def test_nobody_who_books_waits_for_it(self, session, clean_engine, an_instrument, now):
        """Bookings and statistics lock in spaces of their own, and a note is a new row, which waits for none."""
        instrument = an_instrument()
        session.commit()
        with Session(clean_engine) as counting, Session(clean_engine) as booking:
            assert work_off(counting, now=now) > 0
            booking.execute(text("SET LOCAL lock_timeout = '1s'"))
            lock_instruments(booking, [instrument.id])
            booking.execute(text("UPDATE instrument SET lanes = 2"))
            booking.commit()
        assert SPACE != OF_BOOKINGS
