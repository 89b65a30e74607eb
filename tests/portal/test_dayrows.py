"""Weeks in which the clocks change, and what holds of every week."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.timespan import TimeSpan, at_wall, zone
from portal.language import in_language
from portal.stretches import Mark, Times
from portal.weekgrid import WeekGrid, build, shown_step
from tests.portal.weeks import LONG_AGO, MONDAY, SHANGHAI, at, check_cover, week


@pytest.fixture(autouse=True)
def _in_english():
    with in_language("en"):
        yield


class TestWhenTheClocksChange:
    BERLIN = "Europe/Berlin"
    AUTUMN, SPRING = date(2026, 10, 19), date(2026, 3, 23)

    def all_open(self, first: date, step: int = 60, tz: str = BERLIN, days: int = 7, **known) -> WeekGrid:
        window = week(tz, first, days)
        return build(Times([window], **known), window, tz, step, LONG_AGO)

    def test_an_hour_that_comes_twice_has_two_rows(self) -> None:
        grid = self.all_open(self.AUTUMN)
        assert len(grid.rows) == 25
        assert [row.header for row in grid.rows][1:5] == ["01:00", "02:00", "02:00 (again)", "03:00"]
        check_cover(grid)

    def test_both_hours_can_be_booked_on_that_day_and_are_different_instants(self) -> None:
        cells = self.all_open(self.AUTUMN).days[6].cells
        assert [cell.label for cell in cells[1:5]] == ["01:00", "02:00", "02:00", "03:00"]
        assert [cell.start for cell in cells[2:4]] == [datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]

    def test_on_the_other_days_the_hour_before_reaches_over_the_extra_row(self) -> None:
        grid = self.all_open(self.AUTUMN)
        assert [(cell.label, cell.row, cell.rows) for cell in grid.days[0].cells[1:4]] == [
            ("01:00", 1, 1),
            ("02:00", 2, 2),
            ("03:00", 4, 1),
        ]

    def test_a_booking_through_that_night_is_one_cell_and_has_its_true_length(self) -> None:
        night = TimeSpan(at(5, 22, self.BERLIN, self.AUTUMN), at(6, 6, self.BERLIN, self.AUTUMN))
        grid = self.all_open(self.AUTUMN, mine=[Mark(night, "night")])
        cell = grid.days[6].cells[0]
        assert (cell.kind, cell.rows, cell.end - cell.start) == ("mine", 7, timedelta(hours=7))

    def test_an_hour_that_is_jumped_over_cannot_be_pressed(self) -> None:
        grid = self.all_open(self.SPRING)
        sunday = grid.days[6].cells
        assert [(cell.kind, cell.label) for cell in sunday[1:4]] == [("free", "01:00"), ("none", ""), ("free", "03:00")]
        assert sunday[2].words == "the clock jumps over this time"
        assert sunday[1].end == sunday[3].start
        assert len(grid.rows) == 24
        check_cover(grid)

    def test_that_day_alone_has_no_row_for_it(self) -> None:
        grid = self.all_open(date(2026, 3, 29), days=1)
        assert [row.header for row in grid.rows][:4] == ["00:00", "01:00", "03:00", "04:00"]
        check_cover(grid)

    def test_steps_keep_to_the_clock_after_the_change(self) -> None:
        for first in (self.AUTUMN, self.SPRING):
            labels = [cell.label for cell in self.all_open(first, step=120).days[6].cells if cell.kind == "free"]
            assert labels[-3:] == ["18:00", "20:00", "22:00"]

    @pytest.mark.parametrize(
        ("tz", "first"),
        [
            ("Australia/Lord_Howe", date(2026, 3, 30)),
            ("Australia/Lord_Howe", date(2026, 9, 28)),
            ("America/Havana", date(2026, 10, 26)),
            ("America/Havana", date(2026, 3, 2)),
            ("Asia/Beirut", date(2026, 3, 23)),
            ("Asia/Beirut", date(2026, 10, 19)),
            ("Asia/Kathmandu", MONDAY),
            ("America/St_Johns", date(2026, 10, 26)),
            ("Pacific/Apia", date(2011, 12, 26)),
            ("America/Scoresbysund", date(2026, 3, 23)),
        ],
    )
    def test_half_hours_and_midnights_are_laid_out_too(self, tz: str, first: date) -> None:
        for step in (30, 60, 90):
            grid = self.all_open(first, step=step, tz=tz)
            check_cover(grid)
            cells = [cell for column in grid.days for cell in column.cells if cell.kind != "none"]
            assert all(one.end == two.start for one, two in pairwise(cells))
            assert cells[0].start == week(tz, first).start
            assert cells[-1].end == week(tz, first).end


minutes = st.integers(-2 * 1440, 9 * 1440).map(lambda n: n // 5 * 5)
spans = st.tuples(minutes, st.integers(5, 3 * 1440)).map(lambda pair: (pair[0], pair[0] + pair[1]))
some = st.lists(spans, max_size=5)


class TestAlways:
    @settings(max_examples=150)
    @given(
        opened=some,
        busy=some,
        mine=some,
        holds=some,
        closures=some,
        capacity=st.integers(1, 3),
        step=st.sampled_from([5, 15, 20, 25, 30, 45, 60, 120, 1440]),
        now=minutes,
        place=st.sampled_from(
            [
                (SHANGHAI, MONDAY),
                ("Europe/Berlin", date(2026, 10, 19)),
                ("Europe/Berlin", date(2026, 3, 23)),
                ("Australia/Lord_Howe", date(2026, 3, 30)),
            ]
        ),
        strict=st.booleans(),
    )
    def test_a_free_cell_is_free_and_nothing_of_mine_is_lost(
        self, opened, busy, mine, holds, closures, capacity, step, now, place, strict
    ) -> None:
        tz, first = place
        window = week(tz, first)

        def span(edges: tuple[int, int]) -> TimeSpan:
            return TimeSpan(*(window.start + timedelta(minutes=edge) for edge in edges))

        marks = [Mark(span(each), str(number)) for number, each in enumerate(mine)]
        stops = [Mark(span(each), "closed") for each in closures]
        times = Times(
            [span(each) for each in opened], [span(each) for each in busy], marks, [span(each) for each in holds], stops, capacity
        )
        at_now = window.start + timedelta(minutes=now)
        grid = build(times, window, tz, step, at_now, strict)
        check_cover(grid)
        for cell in (cell for column in grid.days for cell in column.cells if cell.kind == "free"):
            here = TimeSpan(cell.start, cell.end)
            assert cell.start >= at_now
            assert not any(mark.span.overlaps(here) for mark in (*marks, *stops))
            assert cell.start.astimezone(zone(tz)).strftime("%H:%M") == cell.label
            taken = [each for each in (*times.busy, *times.holds) if each.overlaps(here)]
            assert all(
                sum(each.has(start) for each in taken) < capacity
                for start in [cell.start, *(each.start for each in taken if here.has(each.start))]
            )
            if strict:
                local = cell.start.astimezone(zone(tz))
                assert (local.hour * 60 + local.minute) % shown_step(step) == 0
        for column in grid.days:
            day = TimeSpan(at_wall(column.on, 0, zone(tz)), at_wall(column.on + timedelta(days=1), 0, zone(tz)))
            shown = {mark.label for cell in column.cells for mark in cell.marks if cell.kind == "mine"}
            assert shown == {mark.label for mark in marks if mark.span.overlaps(day)}
