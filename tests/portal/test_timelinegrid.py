"""Many instruments under one another."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.timespan import TimeSpan
from portal.language import in_language
from portal.stretches import Mark, Times
from portal.timelinegrid import Line, TimelineGrid, build
from tests.portal.weeks import LONG_AGO, SHANGHAI, at, hours, week


@pytest.fixture(autouse=True)
def _in_english():
    with in_language("en"):
        yield


def a_line(title: str = "SEM", **known) -> Line:
    """One instrument, open from 8 to 18."""
    times = Times(**{"open_spans": [hours(day, 8, 18) for day in range(7)], **known})
    return Line(title, f"/instruments/{title}", times, "Taiyuan", lambda span: f"/book?start={span.start:%dT%H}")


def told(grid: TimelineGrid, row: int = 0) -> list[tuple[str, int]]:
    """Give kind and width of the cells of a row."""
    return [(cell.kind, cell.columns) for cell in grid.rows[row].cells]


class TestOneDay:
    def test_a_quarter_of_an_hour_is_a_column(self) -> None:
        grid = build([a_line(busy=[hours(1, 9, 10.5)])], hours(1, 0, 24), SHANGHAI, LONG_AGO)
        assert told(grid) == [("closed", 32), ("free", 4), ("busy", 6), ("free", 30), ("closed", 24)]
        assert [head.columns for head in grid.hours] == [4] * 24

    def test_free_times_lead_to_the_booking_and_say_when(self) -> None:
        cell = build([a_line()], hours(1, 0, 24), SHANGHAI, at(0, 7)).rows[0].cells[1]
        assert (cell.url, cell.label, cell.words) == ("/book?start=24T00", "08:00-18:00", "Tue 24 Nov 08:00-18:00 free")

    def test_without_a_place_to_book_free_times_lead_nowhere(self) -> None:
        line = Line("SEM", "", Times([hours(1, 8, 18)]))
        assert [cell.url for cell in build([line], hours(1, 0, 24), SHANGHAI, LONG_AGO).rows[0].cells] == ["", "", ""]

    def test_only_some_hours_may_be_shown(self) -> None:
        grid = build([a_line()], hours(1, 0, 24), SHANGHAI, LONG_AGO, hours=(7, 20))
        assert told(grid) == [("closed", 4), ("free", 40), ("closed", 8)]
        assert [head.label for head in grid.hours][::12] == ["07:00", "19:00"]

    def test_my_booking_leads_to_itself_and_two_at_once_lead_nowhere(self) -> None:
        one, two = Mark(hours(1, 9, 11), "a", "/bookings/1"), Mark(hours(1, 10, 12), "b", "/bookings/2")
        alone = build([a_line(mine=[one])], hours(1, 0, 24), SHANGHAI, LONG_AGO).rows[0].cells[2]
        both = build([a_line(mine=[one, two])], hours(1, 0, 24), SHANGHAI, LONG_AGO).rows[0].cells[2]
        assert (alone.url, alone.label) == ("/bookings/1", "a")
        assert (both.url, both.label) == ("", "a / b")

    def test_now_is_at_the_same_place_in_every_row(self) -> None:
        grid = build([a_line(), a_line("XRD", busy=[hours(1, 9, 11)])], hours(1, 0, 24), SHANGHAI, at(1, 10.25))
        now = [[cell.now_at for cell in row.cells if cell.now_at is not None] for row in grid.rows]
        assert [len(each) for each in now] == [1, 1]
        assert now[1] == [62]


class TestManyDays:
    def test_a_week_has_a_head_for_each_day_and_four_for_its_hours(self) -> None:
        grid = build([a_line()], week(), SHANGHAI, at(2, 9))
        assert [head.columns for head in grid.days] == [48] * 7
        assert [head.is_now for head in grid.days] == [False, False, True, False, False, False, False]
        assert [head.label for head in grid.hours[:5]] == ["0", "6", "12", "18", "0"]
        assert [head.starts_day for head in grid.hours[:5]] == [True, False, False, False, True]

    def test_a_booking_over_midnight_is_cut_at_it(self) -> None:
        grid = build([a_line(mine=[Mark(TimeSpan(at(0, 20), at(1, 4)), "night")])], week(), SHANGHAI, LONG_AGO)
        assert told(grid)[2:6] == [("closed", 4), ("mine", 8), ("mine", 8), ("closed", 8)]

    def test_a_booking_of_another_day_is_not_named_on_this_one(self) -> None:
        marks = [Mark(hours(0, 9, 10), "short"), Mark(TimeSpan(at(0, 9), at(2, 9)), "long")]
        grid = build([a_line(mine=marks)], week(), SHANGHAI, LONG_AGO)
        assert [cell.label for cell in grid.rows[0].cells if cell.kind == "mine"] == ["short / long", "long", "long"]

    @pytest.mark.parametrize("first", [date(2026, 10, 19), date(2026, 3, 23)])
    def test_a_day_of_another_length_has_other_columns(self, first: date) -> None:
        window = week("Europe/Berlin", first)
        grid = build([Line("SEM", "", Times([window]))], window, "Europe/Berlin", LONG_AGO)
        assert grid.days[6].columns == (50 if first.month == 10 else 46)
        assert sum(cell.columns for cell in grid.rows[0].cells) == sum(head.columns for head in grid.hours)


class TestAlways:
    @given(
        st.lists(st.tuples(st.integers(-600, 11000), st.integers(1, 3000)), max_size=8),
        st.lists(st.tuples(st.integers(-600, 11000), st.integers(1, 3000)), max_size=8),
        st.sampled_from([(0, 24), (7, 22), (8, 9)]),
        st.sampled_from([week(), hours(2, 0, 24), week("Europe/Berlin", date(2026, 10, 19)), week("Europe/Berlin", date(2026, 3, 23))]),
        st.integers(0, 10000),
    )
    def test_every_row_is_as_wide_as_the_head(self, opened, busy, shown, window, now) -> None:
        def spans(pairs):
            return [TimeSpan(window.start + timedelta(minutes=a), window.start + timedelta(minutes=a + b)) for a, b in pairs]

        tz = SHANGHAI if window in (week(), hours(2, 0, 24)) else "Europe/Berlin"
        lines = [
            Line("a", "", Times(spans(opened), spans(busy))),
            Line("b", "", Times(spans(busy), (), [Mark(each) for each in spans(opened)])),
        ]
        grid = build(lines, window, tz, window.start + timedelta(minutes=now), shown)
        width = sum(head.columns for head in grid.hours)
        assert width == sum(head.columns for head in grid.days)
        assert [sum(cell.columns for cell in row.cells) for row in grid.rows] == [width, width]

    def test_no_instruments_are_an_empty_table_with_its_heads(self) -> None:
        grid = build([], week(), SHANGHAI, at(0, 7))
        assert (grid.rows, grid.days[0].label) == ((), "Mon 23 Nov")
