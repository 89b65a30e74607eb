"""Weeks for the tests of the calendars: times by the clock on the wall, and what must hold of every table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from instruments.timespan import TimeSpan, at_wall, zone
from portal.stretches import Times
from portal.weekgrid import Cell, WeekGrid, build

MONDAY = date(2026, 11, 23)
SHANGHAI = "Asia/Shanghai"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(days: int, hour: float, tz: str = SHANGHAI, first: date = MONDAY) -> datetime:
    """Give the instant of an hour on the clock, some days after the first."""
    return at_wall(first + timedelta(days=days), round(hour * 60), zone(tz))


def hours(days: int, start: float, end: float, tz: str = SHANGHAI, first: date = MONDAY) -> TimeSpan:
    """Give a span on one day by the hours of the clock."""
    return TimeSpan(at(days, start, tz, first), at(days, end, tz, first))


def week(tz: str = SHANGHAI, first: date = MONDAY, days: int = 7) -> TimeSpan:
    """Give the whole of some days."""
    return TimeSpan(at(0, 0, tz, first), at(days, 0, tz, first))


def table(
    step: int = 60, now: datetime = LONG_AGO, window: TimeSpan | None = None, tz: str = SHANGHAI, only_on_step: bool = False, **known
) -> WeekGrid:
    """Lay out the week of an instrument that is open from 8 to 12 every day."""
    given_times = Times(**{"open_spans": [hours(day, 8, 12) for day in range(7)], **known})
    return build(given_times, window or week(), tz, step, now, only_on_step)


def told(cells: tuple[Cell, ...]) -> list[tuple[str, str, int, int]]:
    """Give kind, label, first row and number of rows."""
    return [(cell.kind, cell.label, cell.row, cell.rows) for cell in cells]


def check_cover(grid: WeekGrid) -> None:
    """Every column covers every row exactly once, and the rows hold the same cells as the columns."""
    for column in grid.days:
        row = 0
        for cell in column.cells:
            assert cell.row == row
            assert cell.rows > 0
            row += cell.rows
        assert row == len(grid.rows)
    assert sum(row.header_rows for row in grid.rows) == len(grid.rows)
    assert sorted(id(cell) for row in grid.rows for cell in row.cells) == sorted(id(cell) for column in grid.days for cell in column.cells)
