"""What an instrument's time is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.timespan import TimeSpan
from portal.stretches import Mark, Stretch, Times, free_until, stretches

DAY = datetime(2026, 11, 24, tzinfo=UTC)
BEFORE = DAY - timedelta(days=1)


def hours(first: float, last: float) -> TimeSpan:
    """Give a span of the day by its hours."""
    return TimeSpan(DAY + timedelta(hours=first), DAY + timedelta(hours=last))


def told(pieces: list[Stretch]) -> list[tuple[str, float, float]]:
    """Give kind, first and last hour of each stretch."""
    return [(piece.kind, *((edge - DAY) / timedelta(hours=1) for edge in (piece.span.start, piece.span.end))) for piece in pieces]


def cut(now: datetime = BEFORE, window: TimeSpan | None = None, **known) -> list[Stretch]:
    """Cut the day of an instrument that is open from 8 to 18."""
    return stretches(Times(**{"open_spans": [hours(8, 18)], **known}), window or hours(0, 24), now)


class TestKinds:
    def test_an_instrument_without_bookings_is_free_while_open(self) -> None:
        assert told(cut()) == [("closed", 0, 8), ("free", 8, 18), ("closed", 18, 24)]

    def test_a_booking_of_somebody_makes_it_busy_even_outside_hours(self) -> None:
        assert told(cut(busy=[hours(17, 19)])) == [("closed", 0, 8), ("free", 8, 17), ("busy", 17, 19), ("closed", 19, 24)]

    def test_touching_bookings_of_others_are_one_busy_time(self) -> None:
        assert ("busy", 9, 12) in told(cut(busy=[hours(9, 10), hours(10, 12)]))

    def test_a_pending_request_holds_its_time(self) -> None:
        assert ("hold", 9, 10) in told(cut(holds=[hours(9, 10)]))

    def test_a_closure_stands_over_bookings_and_mine_over_all(self) -> None:
        repair, mine = Mark(hours(9, 12), "repair"), Mark(hours(11, 13), "XRD", "/bookings/1")
        pieces = cut(busy=[hours(8, 10)], closures=[repair], mine=[mine])
        assert told(pieces)[1:5] == [("busy", 8, 9), ("closure", 9, 11), ("mine", 11, 13), ("free", 13, 18)]
        assert pieces[2].marks == (repair,)
        assert pieces[3].marks == (mine,)

    def test_free_time_that_is_over_is_past_and_busy_time_stays_busy(self) -> None:
        assert told(cut(now=DAY + timedelta(hours=9.5), busy=[hours(8, 9)]))[1:4] == [("busy", 8, 9), ("past", 9, 9.5), ("free", 9.5, 18)]

    def test_bookings_that_overlap_share_a_piece_and_touching_ones_do_not(self) -> None:
        first, second, third = Mark(hours(9, 11), "a"), Mark(hours(10, 12), "b"), Mark(hours(12, 13), "c")
        mine = [piece for piece in cut(mine=[third, second, first], capacity=2) if piece.kind == "mine"]
        assert [(piece.marks, piece.span) for piece in mine] == [((first, second), hours(9, 12)), ((third,), hours(12, 13))]

    def test_a_window_inside_one_state_is_one_stretch(self) -> None:
        assert told(cut(window=hours(10, 11))) == [("free", 10, 11)]


class TestPlaces:
    def test_it_is_busy_only_when_every_place_is_taken(self) -> None:
        pieces = cut(busy=[hours(9, 12), hours(10, 11)], capacity=2)
        assert [(kind, first, last) for kind, first, last in told(pieces) if kind == "busy"] == [("busy", 10, 11)]
        assert [piece.places for piece in pieces if piece.kind == "free"] == [2, 1, 1, 2]

    def test_a_request_on_the_last_place_holds_it(self) -> None:
        pieces = cut(busy=[hours(9, 12)], holds=[hours(10, 11)], capacity=2)
        assert ("hold", 10, 11) in told(pieces)

    def test_free_time_goes_on_when_the_number_of_places_changes(self) -> None:
        pieces = cut(busy=[hours(9, 12)], capacity=2)
        ends = free_until(pieces)
        assert [end for piece, end in zip(pieces, ends, strict=True) if piece.kind == "free"] == [DAY + timedelta(hours=18)] * 3
        assert ends[0] == DAY + timedelta(hours=8)


quarters = st.integers(-20, 116).map(lambda n: DAY + n * timedelta(minutes=15))
spans = st.tuples(quarters, st.integers(1, 60)).map(lambda pair: TimeSpan(pair[0], pair[0] + pair[1] * timedelta(minutes=15)))
some = st.lists(spans, max_size=6)


class TestAlways:
    @given(some, some, some, some, some, st.integers(1, 3), quarters)
    def test_the_window_is_covered_once_and_each_instant_is_what_it_should_be(
        self, opened, busy, mine, holds, closures, capacity, now
    ) -> None:
        times = Times(opened, busy, [Mark(each, "m") for each in mine], holds, [Mark(each, "c") for each in closures], capacity)
        pieces = stretches(times, hours(0, 24), now)
        assert pieces[0].span.start == DAY
        assert pieces[-1].span.end == DAY + timedelta(days=1)
        assert all(one.span.end == two.span.start for one, two in pairwise(pieces))
        for piece in pieces:
            assert piece.kind == expected(times, piece.span.start + timedelta(minutes=7), now)

    @pytest.mark.parametrize("capacity", [1, 4])
    def test_nothing_known_is_closed(self, capacity: int) -> None:
        assert told(stretches(Times([], capacity=capacity), hours(0, 24), BEFORE)) == [("closed", 0, 24)]


def expected(times: Times, at: datetime, now: datetime) -> str:
    """Say the same by counting, instant by instant."""
    busy, held = (sum(span.has(at) for span in spans) for spans in (times.busy, times.holds))
    if any(mark.span.has(at) for mark in times.mine):
        return "mine"
    if any(mark.span.has(at) for mark in times.closures):
        return "closure"
    if busy + held >= times.capacity:
        return "busy" if busy >= times.capacity else "hold"
    if not any(span.has(at) for span in times.open_spans):
        return "closed"
    return "past" if at < now else "free"
