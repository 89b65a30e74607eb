"""What is held on a calendar, and the mark that changes with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.access import ANONYMOUS
from scheduling.changing import cancel, move
from scheduling.held import calendar_mark, count_begun, held_in

HOUR = timedelta(hours=1)
WAITING = {"kind": "approval", "parameters": {"holds_slot": False}}


class TestHeld:
    def test_bookings_in_the_window_are_given_in_order(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument()
        late, early = (a_booking(instrument=instrument, span=a_span(hours)) for hours in (4, 2))
        a_booking(instrument=instrument, span=a_span(30))
        assert [held.id for held in held_in(session, [instrument.id], a_span(0, 24), ANONYMOUS)] == [early.id, late.id]

    def test_a_cancelled_one_is_not_held(self, session, an_instrument, a_booking, a_viewer, a_span, now):
        instrument, viewer = an_instrument(), a_viewer()
        made = a_booking(instrument=instrument, viewer=viewer, span=a_span(2))
        cancel(session, made.id, viewer=viewer, now=now)
        assert held_in(session, [instrument.id], a_span(0, 24), viewer) == []

    def test_a_request_that_holds_nothing_is_seen_only_by_who_asked(self, session, an_instrument, a_booking, a_viewer, a_span):
        instrument, asker, other = an_instrument(rules=[WAITING]), a_viewer(), a_viewer()
        made = a_booking(instrument=instrument, viewer=asker, span=a_span(2))
        assert [held.id for held in held_in(session, [instrument.id], a_span(0, 24), asker)] == [made.id]
        assert held_in(session, [instrument.id], a_span(0, 24), other) == []
        assert held_in(session, [instrument.id], a_span(0, 24), ANONYMOUS) == []

    def test_buffers_count_as_held(self, session, an_instrument, a_booking, a_span):
        instrument = an_instrument(setup_minutes=60)
        a_booking(instrument=instrument, span=a_span(3))
        assert len(held_in(session, [instrument.id], a_span(0, 2.5), ANONYMOUS)) == 1


class TestMark:
    @pytest.fixture
    def instrument(self, an_instrument):
        return an_instrument()

    def test_it_stays_while_nothing_happens(self, session, instrument, a_booking, a_span):
        a_booking(instrument=instrument, span=a_span(2))
        assert calendar_mark(session, instrument.id, a_span(0, 24)) == calendar_mark(session, instrument.id, a_span(0, 24))

    def test_booking_moving_and_cancelling_change_it(self, session, instrument, a_booking, a_viewer, a_span, now):
        viewer, window = a_viewer(), a_span(0, 24)
        marks = [calendar_mark(session, instrument.id, window)]
        made = a_booking(instrument=instrument, viewer=viewer, span=a_span(2))
        marks.append(calendar_mark(session, instrument.id, window))
        moved = move(session, made.id, span=a_span(5), viewer=viewer, now=now)
        marks.append(calendar_mark(session, instrument.id, window))
        cancel(session, moved.id, viewer=viewer, now=now)
        marks.append(calendar_mark(session, instrument.id, window))
        assert len({*marks[:3]}) == 3
        assert marks[3] != marks[2]

    def test_other_weeks_and_instruments_leave_it(self, session, instrument, a_booking, a_span):
        before = calendar_mark(session, instrument.id, a_span(0, 24))
        a_booking(instrument=instrument, span=a_span(200))
        a_booking(span=a_span(2))
        assert calendar_mark(session, instrument.id, a_span(0, 24)) == before


def test_uses_that_began_are_counted_and_those_called_off_are_not(session, a_booking, a_viewer, a_span, now):
    viewer = a_viewer()
    a_booking(span=a_span(2))
    cancel(session, a_booking(viewer=viewer, span=a_span(3)).id, viewer=viewer, now=now)
    a_booking(span=a_span(30))
    assert count_begun(session, a_span(0, 24)) == 1
