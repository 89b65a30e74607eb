"""The week of one instrument as a table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from instruments.timespan import TimeSpan
from portal.language import in_language
from portal.stretches import Mark
from portal.weekgrid import shown_step
from tests.portal.weeks import MONDAY, at, check_cover, hours, table, told, week


@pytest.fixture(autouse=True)
def _in_english():
    with in_language("en"):
        yield


class TestFreeTime:
    def test_each_step_is_a_cell_that_says_how_long_it_is_free(self) -> None:
        column = table().days[1]
        assert told(column.cells) == [("free", "08:00", 0, 1), ("free", "09:00", 1, 1), ("free", "10:00", 2, 1), ("free", "11:00", 3, 1)]
        assert [cell.words for cell in column.cells][:2] == ["Tue 24 Nov 2026 08:00, free for 4 h", "Tue 24 Nov 2026 09:00, free for 3 h"]
        assert table(now=at(0, 7)).days[1].cells[1].words == "Tue 24 Nov 09:00, free for 3 h"

    def test_chinese_readers_read_the_same_in_chinese(self) -> None:
        with in_language("zh"):
            assert table(now=at(0, 7)).days[1].cells[1].words == "11月24日 周二 09:00，可用 3 小时"

    def test_a_start_is_the_very_instant(self) -> None:
        cell = table().days[1].cells[1]
        assert (cell.start, cell.end) == (at(1, 9), at(1, 10))

    @pytest.mark.parametrize(
        ("step", "shown"),
        [(1, 30), (5, 30), (10, 30), (15, 30), (20, 60), (25, 50), (30, 30), (45, 45), (60, 60), (240, 240), (1440, 1440)],
    )
    def test_buttons_are_half_an_hour_apart_or_more(self, step: int, shown: int) -> None:
        assert shown_step(step) == shown

    def test_steps_longer_than_an_hour_are_high_cells(self) -> None:
        assert told(table(step=120).days[0].cells) == [("free", "08:00", 0, 2), ("free", "10:00", 2, 2)]

    def test_a_step_that_does_not_divide_the_hour_has_finer_rows(self) -> None:
        grid = table(step=45)
        assert grid.unit_minutes == 15
        assert [(cell.label, cell.rows) for cell in grid.days[0].cells] == [
            ("08:00", 4),
            ("09:00", 3),
            ("09:45", 3),
            ("10:30", 3),
            ("11:15", 3),
        ]
        check_cover(grid)

    def test_a_short_rest_belongs_to_the_step_before(self) -> None:
        cells = table(step=30, busy=[hours(0, 9.25, 9.75)]).days[0].cells
        assert [(cell.kind, cell.start, cell.end) for cell in cells] == [
            ("free", at(0, 8), at(0, 8.5)),
            ("free", at(0, 8.5), at(0, 9.25)),
            ("busy", at(0, 9.25), at(0, 9.75)),
            ("free", at(0, 9.75), at(0, 10.5)),
            ("free", at(0, 10.5), at(0, 11)),
            ("free", at(0, 11), at(0, 11.5)),
            ("free", at(0, 11.5), at(0, 12)),
        ]

    def test_where_starts_must_be_on_the_step_nothing_else_can_be_pressed(self) -> None:
        cells = table(step=60, busy=[hours(0, 8, 9.5)], only_on_step=True).days[0].cells
        assert [(cell.kind, cell.start) for cell in cells] == [
            ("busy", at(0, 8)),
            ("open", at(0, 9.5)),
            ("free", at(0, 10)),
            ("free", at(0, 11)),
        ]
        assert "no booking may begin here" in cells[1].words

    def test_what_is_over_cannot_be_pressed(self) -> None:
        assert [(cell.kind, cell.start) for cell in table(now=at(0, 9.3)).days[0].cells] == [
            ("past", at(0, 8)),
            ("free", at(0, 10)),
            ("free", at(0, 11)),
        ]

    def test_free_for_reaches_over_midnight(self) -> None:
        cells = table(open_spans=[TimeSpan(at(0, 20), at(1, 4))]).days[0].cells
        assert cells[-1].words.endswith("23:00, free for 5 h")

    def test_free_for_reaches_over_a_change_of_places(self) -> None:
        cells = table(busy=[hours(0, 9, 10)], capacity=3).days[0].cells
        assert [cell.words.partition(", ")[2] for cell in cells[:2]] == ["free for 4 h, 3 of 3 places", "free for 3 h, 2 of 3 places"]

    def test_a_table_knows_whether_anything_is_left(self) -> None:
        assert table().has_free
        assert not table(busy=[week()]).has_free
        assert not table(now=at(7, 0)).has_free


class TestMarks:
    def test_a_booking_of_mine_has_its_name_and_its_true_times(self) -> None:
        mark = Mark(TimeSpan(at(0, 9), at(0, 10) + timedelta(minutes=20)), "XRD", "/bookings/1")
        cell = next(cell for cell in table(mine=[mark], now=at(0, 7)).days[0].cells if cell.kind == "mine")
        assert cell.marks[0].span == mark.span
        assert (cell.start, cell.end) == (at(0, 9), at(0, 10.5))
        assert cell.words == "XRD Mon 23 Nov, 09:00-10:20"

    def test_a_booking_over_midnight_stands_on_both_days(self) -> None:
        grid = table(open_spans=[week()], mine=[Mark(TimeSpan(at(0, 22), at(1, 6)), "night")])
        kinds = [[(cell.kind, cell.row, cell.rows) for cell in column.cells if cell.kind == "mine"] for column in grid.days[:3]]
        assert kinds == [[("mine", 22, 2)], [("mine", 0, 6)], []]

    def test_a_booking_longer_than_the_week_fills_it(self) -> None:
        grid = table(open_spans=[week()], mine=[Mark(TimeSpan(at(-9, 3), at(20, 5)), "aging", "/bookings/2")])
        assert [told(column.cells) for column in grid.days] == [[("mine", "aging", 0, 24)]] * 7

    def test_bookings_of_two_places_at_once_share_a_cell(self) -> None:
        marks = [Mark(hours(0, 9, 11), "a"), Mark(hours(0, 10, 12), "b")]
        cell = next(cell for cell in table(mine=marks, capacity=2).days[0].cells if cell.kind == "mine")
        assert [mark.label for mark in cell.marks] == ["a", "b"]
        assert cell.label == "a / b"

    def test_short_bookings_within_one_row_are_all_there(self) -> None:
        marks = [Mark(TimeSpan(at(0, 9) + timedelta(minutes=5 * n), at(0, 9) + timedelta(minutes=5 * n + 5)), str(n)) for n in range(6)]
        cells = table(mine=marks).days[0].cells
        assert [mark.label for cell in cells for mark in cell.marks] == list("012345")

    def test_a_closure_gives_its_reason(self) -> None:
        cell = table(closures=[Mark(hours(0, 9, 11), "calibration")], now=at(0, 7)).days[0].cells[1]
        assert (cell.kind, cell.label, cell.words) == ("closure", "calibration", "calibration Mon 23 Nov, 09:00-11:00")

    def test_a_request_is_held_and_says_so(self) -> None:
        cell = table(holds=[hours(0, 9, 11)]).days[0].cells[1]
        assert (cell.kind, cell.words) == ("hold", "09:00-11:00 requested")

    def test_busy_times_hold_nobodys_name(self) -> None:
        cell = table(busy=[hours(0, 9, 11)]).days[0].cells[1]
        assert (cell.kind, cell.words, cell.marks) == ("busy", "09:00-11:00 busy", ())


class TestRows:
    def test_the_rows_reach_from_the_first_to_the_last_open_hour_of_the_week(self) -> None:
        grid = table(open_spans=[hours(0, 9, 12), hours(3, 13.5, 17.25)])
        assert [row.header for row in grid.rows if row.header][::8] == ["09:00", "17:00"]
        assert grid.rows[0].header_rows == 60 // grid.unit_minutes

    def test_a_booking_outside_the_hours_widens_them(self) -> None:
        grid = table(open_spans=[hours(0, 9, 12)], mine=[Mark(hours(1, 19, 21), "late")])
        assert [row.header for row in grid.rows if row.header][-1] == "20:00"

    def test_around_the_clock_is_all_day(self) -> None:
        grid = table(open_spans=[week()])
        assert len(grid.rows) == 24
        assert [cell.label for cell in grid.days[6].cells] == [f"{hour:02}:00" for hour in range(24)]

    def test_a_week_in_which_nothing_is_open_shows_working_hours_as_closed(self) -> None:
        grid = table(open_spans=[])
        assert len(grid.rows) == 10
        assert [told(column.cells) for column in grid.days] == [[("closed", "closed", 0, 10)]] * 7

    def test_a_closed_day_is_one_cell(self) -> None:
        assert told(table(open_spans=[hours(0, 8, 12)]).days[2].cells) == [("closed", "closed", 0, 4)]

    def test_a_lunch_break_is_closed(self) -> None:
        grid = table(open_spans=[hours(0, 8, 9), hours(0, 11, 12)])
        assert [cell.kind for cell in grid.days[0].cells] == ["free", "closed", "free"]

    def test_now_is_a_line_in_the_cell_of_today(self) -> None:
        grid = table(now=at(2, 9.25), busy=[hours(2, 8, 10)])
        assert [column.is_today for column in grid.days] == [False, False, True, False, False, False, False]
        assert [[cell.now_at for cell in column.cells if cell.now_at is not None] for column in grid.days] == [[], [], [62], [], [], [], []]

    def test_now_outside_the_shown_hours_is_no_line(self) -> None:
        assert not any(cell.now_at is not None for column in table(now=at(2, 22)).days for cell in column.cells)

    def test_a_single_day_is_a_table_of_one_column(self) -> None:
        grid = table(window=hours(1, 0, 24))
        assert [column.on for column in grid.days] == [date(2026, 11, 24)]
        check_cover(grid)

    def test_a_window_within_a_day_is_widened_to_the_day(self) -> None:
        assert table(window=hours(1, 9, 10)) == table(window=hours(1, 0, 24))

    def test_a_window_that_ends_at_midnight_does_not_begin_the_next_day(self) -> None:
        assert [column.on for column in table(window=week(days=2)).days] == [MONDAY, date(2026, 11, 24)]
