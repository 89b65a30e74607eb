"""Closing what is booked, and booking what is being closed: nobody ends up with a time in which the instrument is shut, untold."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from instruments.closures import Closure, plan_closure
from instruments.errors import Changed, Forbidden, Refused
from scheduling import closing
from scheduling.bookings import Booking
from scheduling.desk import start
from scheduling.reserving import Wish, book

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 24, "holds_slot": False}}
PATIENCE = 1.5  # seconds: longer than a booking takes when nothing holds it up


@pytest.fixture
def asking(an_instrument):
    return an_instrument(rules=[APPROVAL])


@pytest.fixture
def manager(a_manager, asking):
    return a_manager(asking)


def planned(target, span, now, reason="停电"):
    return plan_closure(target, span, kind="other", reason=reason, time_zone="Asia/Shanghai", now=now, by=None)


class TestShut:
    def test_it_cancels_what_it_meets_and_lets_the_rest_be(self, session, asking, manager, a_booking, a_span, now):
        hit, free = a_booking(instrument=asking, span=a_span(30)), a_booking(instrument=asking, span=a_span(40))
        done = closing.shut(session, planned(asking, a_span(30, 2), now), viewer=manager, now=now, cancels=True)
        assert ([one.id for one in done.cancelled], done.kept) == ([hit.id], ())
        assert (hit.status, hit.reason, free.status) == ("cancelled", "停电", "requested")

    def test_it_may_let_them_stand(self, session, asking, manager, a_booking, a_span, now):
        hit = a_booking(instrument=asking, span=a_span(30))
        done = closing.shut(session, planned(asking, a_span(30, 2), now), viewer=manager, now=now, cancels=False)
        assert ([one.id for one in done.kept], hit.status) == ([hit.id], "requested")

    def test_a_running_use_stands_whatever_was_wished(self, session, an_instrument, a_manager, a_booking, a_span, now):
        one = a_booking(instrument=an_instrument(), span=a_span(0, 3))
        manager = a_manager(one.instrument)
        start(session, one.id, viewer=manager, now=now)
        done = closing.shut(session, planned(one.instrument, a_span(1, 2), now), viewer=manager, now=now, cancels=True)
        assert ([each.id for each in done.kept], one.status) == ([one.id], "running")

    def test_what_was_not_shown_stops_it(self, session, asking, manager, a_booking, a_span, now):
        a_booking(instrument=asking, span=a_span(30))
        with pytest.raises(Changed):
            closing.shut(session, planned(asking, a_span(30, 2), now), viewer=manager, now=now, cancels=True, expected=[])

    def test_only_those_who_manage_all_of_it(self, session, asking, a_facility, an_instrument, manager, a_viewer, a_span, now):
        facility = a_facility(organisation=asking.organisation)
        asking.facility_id = facility.id
        an_instrument(organisation=asking.organisation, facility_id=facility.id)
        session.flush()
        for target, viewer in ((facility, manager), (asking, a_viewer())):
            with pytest.raises(Forbidden):
                closing.shut(session, planned(target, a_span(30), now), viewer=viewer, now=now, cancels=True)

    def test_a_plan_that_is_only_looked_at_leaves_nothing(self, session, asking, a_booking, a_span, now):
        one = a_booking(instrument=asking, span=a_span(30))
        planned(asking, a_span(30), now)
        session.flush()
        assert session.scalars(select(Closure)).all() == []
        assert one.status == "requested"


class TestRace:
    """Somebody books into the time while the closure is on its way: made, but not committed yet."""

    @pytest.fixture
    def session(self, clean_engine: Engine) -> Iterator[Session]:
        with Session(clean_engine, expire_on_commit=False) as session:
            yield session

    @pytest.fixture
    def race(self, clean_engine, session, an_instrument, a_manager, a_viewer, a_span, now):
        """Give what became of the booking: its row, or the refusal."""
        instrument = an_instrument()
        manager, person = a_manager(instrument), a_viewer()
        session.commit()
        made, booked = Event(), Event()

        def close_it():
            with Session(clean_engine) as own:
                closing.shut(own, planned(instrument, a_span(30, 3), now), viewer=manager, now=now, cancels=True)
                own.flush()
                made.set()
                booked.wait(PATIENCE)
                own.commit()

        def book_it():
            made.wait(20)
            with Session(clean_engine, expire_on_commit=False) as own:
                try:
                    (found,) = book(own, Wish((instrument.id,), a_span(31)), viewer=person, now=now)
                    own.commit()
                except Refused as error:
                    return error
                finally:
                    booked.set()
                return found

        def run():
            with ThreadPoolExecutor(2) as pool:
                closed, result = pool.submit(close_it), pool.submit(book_it)
                closed.result(30)
                return result.result(30)

        return run

    def test_whoever_books_waits_for_the_closure_and_is_refused_by_it(self, race):
        outcome = race()
        assert isinstance(outcome, Refused)
        assert "closed" in [refusal.code for refusal in outcome.refusals]

    def test_without_the_lock_the_booking_gets_through(self, race, backend, monkeypatch):
        monkeypatch.setattr(closing, "lock_instruments", lambda session, ids: [])
        # SQLite lets one write at a time: there the file itself is the lock
        assert isinstance(race(), Booking if backend == "postgresql" else Refused)
