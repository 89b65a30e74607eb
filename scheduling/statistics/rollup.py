"""The rollups made: the days and months of instruments from the raw rows, then their years; the same way after a change and in a rebuild."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from instruments.bulk import Row, insert_rows
from instruments.database import is_sqlite
from instruments.opening import days_around
from instruments.timespan import TimeSpan, zone
from scheduling.statistics import gathering
from scheduling.statistics.calendar import Days, local_days, month_later
from scheduling.statistics.counting import Counted, Plans, Shape, count
from scheduling.statistics.figures import (
    SHAPE,
    USED,
    DayFigure,
    DayUse,
    MonthFigure,
    MonthUse,
    YearFigure,
    YearPeople,
    YearUse,
)
from scheduling.statistics.gathering import Subject, subjects
from scheduling.statistics.people import bits, home_number, pack, unpack
from scheduling.statistics.quantities import SUMMED

SUMS = ((DayFigure, MonthFigure, YearFigure, (), SUMMED), (DayUse, MonthUse, YearUse, SHAPE, USED))
Result = tuple[Subject, Days, Counted]


def recompute(session: Session, instrument_ids: Collection[int], first: date, until: date, *, now: datetime) -> int:
    """Make the figures of instruments anew, from one first of a month up to another, and give how many uses were read.

    The caller holds their locks, or the whole database. Days after today have no figures yet.
    """
    ids = sorted(set(instrument_ids))
    results, uses = counts_of(session, ids, first, until, now=now)
    for table in (DayFigure, DayUse, MonthFigure, MonthUse):
        _clear(session, table, ids, first, until)
    _write(session, results)
    _sum_up(session, ids, first, until)
    _join_people(session, results, ids, first, until)
    return uses


def counts_of(session: Session, ids: Collection[int], first: date, until: date, *, now: datetime) -> tuple[list[Result], int]:
    """Count the raw rows of instruments within some months, writing nothing; give the counts, and how many uses were read."""
    window = TimeSpan(local_days(first, until, "Etc/GMT-14").window.start, local_days(first, until, "Etc/GMT+12").window.end)
    plans = Plans(days_around(session, window))
    rows = _rows_by_instrument(session, ids, window)
    counted = [(one, _days_of(one, first, until, now)) for one in subjects(session, ids, window)]
    results = [(one, days, _counted(one, days, plans, rows)) for one, days in counted if days is not None]
    return results, sum(len(one) for one in rows["uses"].values())


def _days_of(subject: Subject, first: date, until: date, now: datetime) -> Days | None:
    """Give the days that have figures: those of the time asked for, up to the instrument's own today."""
    tomorrow = date.fromordinal(now.astimezone(zone(subject.time_zone)).date().toordinal() + 1)
    return local_days(first, min(until, tomorrow), subject.time_zone) if tomorrow > first else None


def _rows_by_instrument(session: Session, ids: Collection[int], window: TimeSpan) -> dict[str, dict[int, list[Any]]]:
    read = {"uses": gathering.uses, "bookings": gathering.bookings, "charges": gathering.income}
    sorted_out: dict[str, dict[int, list[Any]]] = {}
    for name, rows in read.items():
        mine: dict[int, list[Any]] = {}
        for row in rows(session, ids, window):
            mine.setdefault(row[0], []).append(row)
        sorted_out[name] = mine
    return sorted_out


def _counted(one: Subject, days: Days, plans: Plans, rows: dict[str, dict[int, list[Any]]]) -> Counted:
    return count(one, days, plans, **{name: mine.get(one.id, []) for name, mine in rows.items()})


def _write(session: Session, results: list[Result]) -> None:
    insert_rows(session, DayFigure, ("instrument_id", "starts_on", *SUMMED), _day_rows(results))
    insert_rows(session, DayUse, ("instrument_id", "starts_on", *SHAPE, *USED), _shape_rows(results))
    insert_rows(session, MonthFigure, ("instrument_id", "starts_on", *SUMMED), _month_rows(results))
    insert_rows(session, MonthUse, ("instrument_id", "starts_on", *SHAPE, *USED), _month_shape_rows(results))


def _day_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        for number, counts in sorted(counted.days.items()):
            yield (one.id, days.texts[number], *counts)


def _shape_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        for (number, shape), counts in sorted(counted.shapes.items()):
            yield (one.id, days.texts[number], *shape, *counts)


def _month_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        months: dict[str, list[list[int]]] = {}
        for number, counts in counted.days.items():
            months.setdefault(days.months[number], []).append(counts)
        for month, each in sorted(months.items()):
            yield (one.id, month, *map(sum, zip(*each, strict=True)))


def _month_shape_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        months: dict[tuple[str, Shape], list[list[int]]] = {}
        for (number, shape), counts in counted.shapes.items():
            months.setdefault((days.months[number], shape), []).append(counts)
        for (month, shape), each in sorted(months.items()):
            yield (one.id, month, *shape, *map(sum, zip(*each, strict=True)))


def _sum_up(session: Session, ids: Collection[int], first: date, until: date) -> None:
    """Make years out of months: of all their months, also of those that were not made anew."""
    first, until = first.replace(month=1), date(month_later(until, -1).year + 1, 1, 1)
    for table in (YearFigure, YearUse):
        _clear(session, table, ids, first, until)
    for _, month, year, shape, summed in SUMS:
        keys = [year_of(session, month.starts_on), month.instrument_id, *(getattr(month, name) for name in shape)]
        sums = [func.sum(getattr(month, name)) for name in summed]
        rows = select(*keys, *sums).where(*_within(month, ids, first, until)).group_by(*keys)
        session.execute(insert(year).from_select(("starts_on", "instrument_id", *shape, *summed), rows))


def _join_people(session: Session, results: list[Result], ids: Collection[int], first: date, until: date) -> None:
    """Make the people of some months anew in the rows of their years, whose other months stay as they are."""
    years = first.replace(month=1), date(month_later(until, -1).year + 1, 1, 1)
    kept = _other_months(session, ids, first, until) if (first, until) != years else {}
    _clear(session, YearPeople, ids, *years)
    for one, days, counted in results:
        for number, person, organisation, outside in counted.users:
            known = kept.setdefault((one.id, days.dates[number].year), {})
            who = (person, home_number(organisation, outside))
            known[who] = known.get(who, 0) | days.bits[number]
    rows = ((instrument_id, f"{year}-01-01", pack(known)) for (instrument_id, year), known in sorted(kept.items()) if any(known.values()))
    insert_rows(session, YearPeople, ("instrument_id", "starts_on", "who"), rows)


def _other_months(session: Session, ids: Collection[int], first: date, until: date) -> dict[tuple[int, int], dict[tuple[int, int], int]]:
    columns = YearPeople.instrument_id, YearPeople.starts_on, YearPeople.who
    rows = session.execute(select(*columns).where(*_within(YearPeople, ids, first.replace(month=1), until))).all()
    found = {}
    for instrument_id, starts_on, who in rows:
        others = ~bits(first, until, starts_on.year)
        found[instrument_id, starts_on.year] = {(person, home): months & others for person, home, months in zip(*unpack(who), strict=True)}
    return found


def _clear(session: Session, table: Any, ids: Collection[int], first: date, until: date) -> None:
    session.execute(delete(table).where(*_within(table, ids, first, until)).execution_options(synchronize_session=False))


def _within(table: Any, ids: Collection[int], first: date, until: date) -> tuple[ColumnElement[bool], ...]:
    return table.instrument_id.in_(ids), table.starts_on >= first, table.starts_on < until


def month_of(session: Session, day: Any) -> Any:
    """Give the first of a day's month, in SQL."""
    return func.strftime("%Y-%m-01", day) if is_sqlite(session) else cast(func.date_trunc("month", day), Date)


def year_of(session: Session, day: Any) -> Any:
    """Give the first of a day's year, in SQL."""
    return func.strftime("%Y-01-01", day) if is_sqlite(session) else cast(func.date_trunc("year", day), Date)
