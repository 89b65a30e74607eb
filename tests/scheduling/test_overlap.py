"""The database's own promise, whatever the application does: no two holding bookings of a lane overlap, and no range is senseless."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from instruments.database import is_sqlite
from scheduling.bookings import Booking
from scheduling.overlap import is_overlap, is_second_use

HOUR = timedelta(hours=1)


@pytest.fixture
def a_row(session, an_instrument, a_person, now):
    """A booking written straight into the table, past every rule; `start` and `hours` after now."""
    usual, person = an_instrument(lanes=3), a_person()

    def make(start=0.0, hours=1.0, **changes):
        begin = now + start * HOUR
        end = begin + hours * HOUR
        values = {
            "instrument_id": usual.id, "person_id": person.id, "lane": 1, "start_at": begin, "end_at": end, "occupied_from": begin,
            "occupied_until": end, "holds": True, "status": "confirmed", "audience": "internal", "created_at": now, "changed_at": now,
        }  # fmt: skip
        return Booking(**values | changes)

    return make


@pytest.fixture
def add(session):
    """Write rows; a refusal of the database leaves the transaction usable."""

    def written(*rows):
        with session.begin_nested():
            session.add_all(rows)
            session.flush()

    return written


@pytest.fixture
def without_the_promise(session):
    """Take the promise away, for a negative control."""
    if is_sqlite(session):
        session.execute(text("DROP TRIGGER booking_no_overlap_insert"))
        session.execute(text("DROP TRIGGER booking_no_overlap_update"))
    else:
        session.execute(text("ALTER TABLE booking DROP CONSTRAINT booking_no_overlap"))


class TestOverlap:
    @pytest.mark.parametrize(("start", "hours"), [(0, 1), (0.5, 1), (-0.5, 1), (0.25, 0.5), (-1, 3)], ids=["same", "later", "earlier", "inside", "around"])
    def test_it_is_refused(self, add, a_row, start, hours):
        add(a_row())
        with pytest.raises(DBAPIError) as refused:
            add(a_row(start, hours))
        assert is_overlap(refused.value)

    @pytest.mark.parametrize("start", [1, -1])
    def test_touching_is_not_overlapping(self, add, a_row, start):
        add(a_row(), a_row(start))

    def test_another_lane_is_free(self, add, a_row):
        add(a_row(), a_row(lane=2), a_row(lane=3))

    def test_another_instrument_is_free(self, add, a_row, an_instrument):
        add(a_row(), a_row(instrument_id=an_instrument().id))

    def test_what_holds_nothing_takes_nothing(self, add, a_row):
        add(a_row(), a_row(holds=False, status="requested"), a_row(holds=False, status="cancelled"))

    def test_the_buffers_count(self, add, a_row, now):
        add(a_row(occupied_until=now + 2 * HOUR))
        with pytest.raises(DBAPIError) as refused:
            add(a_row(1.5))
        assert is_overlap(refused.value)

    @pytest.mark.parametrize("change", ["time", "lane", "instrument", "hold"])
    def test_a_row_cannot_be_changed_into_an_overlap_either(self, session, add, a_row, an_instrument, now, change):
        add(a_row())
        other = {
            "time": a_row(5), "lane": a_row(lane=2), "instrument": a_row(instrument_id=an_instrument().id),
            "hold": a_row(holds=False, status="requested"),
        }[change]  # fmt: skip
        add(other)
        first = session.scalars(select(Booking).where(Booking.id != other.id)).one()
        other.start_at, other.end_at, other.occupied_from, other.occupied_until = now, now + HOUR, now, now + HOUR
        other.lane, other.instrument_id, other.holds = 1, first.instrument_id, True
        with pytest.raises(DBAPIError) as refused:
            session.flush()
        assert is_overlap(refused.value)

    def test_a_row_may_change_without_meeting_itself(self, session, add, a_row):
        row = a_row()
        add(row)
        row.occupied_until += HOUR
        session.flush()

    @pytest.mark.usefixtures("without_the_promise")
    def test_without_the_promise_the_overlap_is_there(self, add, a_row):
        """The negative control."""
        add(a_row(), a_row(0.5))


class TestSenselessRanges:
    @pytest.mark.parametrize(
        "changes",
        [
            {"hours": 0},
            {"hours": -1},
            {"occupied_from": None},
            {"occupied_until": None},
            {"start_at": None},
            {"lane": 0},
            {"lane": 501},
            {"status": "asleep"},
            {"status": "confirmed", "holds": False},
            {"status": "cancelled", "holds": True},
        ],
        ids=str,
    )
    def test_they_are_refused_by_the_database_itself(self, add, a_row, changes):
        with pytest.raises(IntegrityError):
            add(a_row(**changes))

    def test_an_occupied_time_shorter_than_the_use_is_refused(self, add, a_row, now):
        with pytest.raises(IntegrityError):
            add(a_row(occupied_until=now + HOUR / 2))
        with pytest.raises(IntegrityError):
            add(a_row(occupied_from=now + HOUR / 2))

    @pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
    @pytest.mark.parametrize("column", ["occupied_from", "occupied_until"])
    def test_an_unbounded_range_is_refused(self, session, add, a_row, backend, column):
        """SQLite knows no infinite time, and a text that is none does not come back as one."""
        row = a_row()
        add(row)
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"UPDATE booking SET {column} = '{'-' if column == 'occupied_from' else ''}infinity'"))


class TestSecondUse:
    def test_one_lane_runs_once(self, add, a_row):
        add(a_row(status="running"))
        with pytest.raises(IntegrityError) as refused:
            add(a_row(2, status="running"))
        assert is_second_use(refused.value)
        assert not is_overlap(refused.value)

    def test_two_lanes_run_side_by_side(self, add, a_row):
        add(a_row(status="running"), a_row(lane=2, status="running"))


def test_a_booking_moves_once(session, add, a_row):
    old = a_row(status="moved", holds=False)
    add(old)
    add(a_row(3, previous_id=old.id))
    with pytest.raises(IntegrityError):
        add(a_row(5, previous_id=old.id))
