"""What managers look at: what waits, what comes next, who is late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from instruments.access import load_viewer
from instruments.catalogue import Instrument
from instruments.timespan import TimeSpan
from scheduling.desk import start
from scheduling.overview import (
    LOOK_BACK,
    Record,
    bookings_ahead,
    conflicts_of,
    count_ahead,
    count_late,
    count_requests,
    desk_bookings,
    next_bookings,
    page_of_requests,
    records,
    requests_waiting,
)

APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 24, "holds_slot": False}}
ALL = Instrument.id > 0
HOUR = timedelta(hours=1)


@pytest.fixture
def asking(an_instrument):
    return an_instrument(rules=[APPROVAL])


class TestCounts:
    def test_requests_that_are_over_or_decided_wait_no_more(self, session, asking, a_booking, a_span, now):
        one, _ = a_booking(instrument=asking, span=a_span(2)), a_booking(instrument=asking, span=a_span(5))
        one.status, one.holds = "declined", False
        session.flush()
        assert count_requests(session, ALL, now) == 1
        assert requests_waiting(session, [asking.id], now) == {asking.id: 1}
        assert count_requests(session, ALL, now + 10 * HOUR) == 0

    def test_late_is_what_was_not_started_in_time_but_not_what_was_long_ago(self, session, a_booking, a_span, now):
        a_booking(span=a_span(1, 2))
        assert [count_late(session, ALL, now + after) for after in (HOUR, HOUR + timedelta(minutes=6), LOOK_BACK + 2 * HOUR)] == [0, 1, 0]

    def test_the_next_booking_of_each(self, session, an_instrument, a_booking, a_span, now):
        first, second, third = (an_instrument() for _ in range(3))
        a_booking(instrument=first, span=a_span(9))
        soon = a_booking(instrument=first, span=a_span(3))
        other = a_booking(instrument=second, span=a_span(5))
        assert {key: one.id for key, one in next_bookings(session, [first.id, second.id, third.id], now).items()} == {
            first.id: soon.id, second.id: other.id,
        }  # fmt: skip
        assert count_ahead(session, first.id, now) == 2
        assert [one.id for one in bookings_ahead(session, first.id, now + 5 * HOUR)][:1] != [soon.id]


class TestRequests:
    def test_pages_go_by_deadline_without_gap_or_repetition(self, session, asking, a_booking, a_span, now):
        made = [a_booking(instrument=asking, span=a_span(30 + number)).id for number in range(7)]
        seen, after = [], None
        while True:
            page = page_of_requests(session, ALL, now, limit=3, after=after)
            seen += [one.id for one in page.requests]
            after = page.next
            if after is None:
                break
        assert (sorted(seen), page.total) == (sorted(made), 7)

    def test_conflicts_are_the_open_bookings_of_the_same_time_and_instrument(self, session, asking, a_booking, a_span, an_instrument):
        one, other = a_booking(instrument=asking, span=a_span(30, 2)), a_booking(instrument=asking, span=a_span(31, 2))
        a_booking(instrument=asking, span=a_span(32, 1)), a_booking(instrument=an_instrument(), span=a_span(30, 2))
        found = conflicts_of(session, [one])
        assert {key: [each.id for each in rows] for key, rows in found.items()} == {one.id: [other.id]}

    def test_records_tell_what_a_person_did_on_an_instrument(self, session, asking, a_booking, a_span, now):
        one = a_booking(instrument=asking, span=a_span(30))
        pair = (one.person_id, asking.id)
        assert records(session, [pair]) == {pair: Record()}
        one.status, one.holds = "cancelled", False
        session.flush()
        assert records(session, [pair])[pair] == Record(cancelled=1)


class TestDesk:
    def test_today_keeps_what_still_runs_or_never_began_another_day_does_not(self, session, a_booking, a_span, now):
        running, missed = a_booking(span=a_span(0, 30)), a_booking(span=a_span(1, 1))
        start(session, running.id, viewer=load_viewer(session, running.person), now=now)
        tomorrow = TimeSpan(now + 24 * HOUR, now + 48 * HOUR)
        later = now + 25 * HOUR
        assert [one.id for one in desk_bookings(session, ALL, tomorrow, later)] == [running.id, missed.id]
        assert [one.id for one in desk_bookings(session, ALL, tomorrow, now)] == [running.id]
