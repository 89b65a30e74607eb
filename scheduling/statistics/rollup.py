"""The rollups made: months of instruments are made from the raw rows, days first, then the sums; the same way after a change and in a rebuild."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from instruments.bulk import Row, insert_rows
from instruments.database import Base, is_sqlite
from instruments.opening import days_around
from instruments.timespan import TimeSpan, zone
from scheduling.statistics import gathering
from scheduling.statistics.calendar import Days, local_days, month_later
from scheduling.statistics.counting import Counted, Plans, count
from scheduling.statistics.figures import (
    SHAPE,
    USED,
    DayFigure,
    DayUse,
    MonthFigure,
    MonthUse,
    MonthUser,
    YearFigure,
    YearUse,
    YearUser,
)
from scheduling.statistics.gathering import Subject, subjects
from scheduling.statistics.quantities import SUMMED

SUMS = ((DayFigure, MonthFigure, YearFigure, (), SUMMED), (DayUse, MonthUse, YearUse, SHAPE, USED))
USER = ("person_id", "organisation_id", "is_external")


Result = tuple[Subject, Days, Counted]


def recompute(session: Session, instrument_ids: Collection[int], first: date, until: date, *, now: datetime) -> int:
    """Make the figures of instruments anew, from one first of a month up to another, and give how many uses were read.

    The caller holds their locks, or the whole database. Days after today have no figures yet.
    """
    ids = sorted(set(instrument_ids))
    results, uses = counts_of(session, ids, first, until, now=now)
    _clear(session, ids, first, until)
    _write(session, results)
    _sum_up(session, ids, first, until)
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


def _clear(session: Session, ids: Collection[int], first: date, until: date) -> None:
    for table in (DayFigure, DayUse, MonthFigure, MonthUse, MonthUser):
        session.execute(
            delete(table)
            .where(table.instrument_id.in_(ids), table.starts_on >= first, table.starts_on < until)
            .execution_options(synchronize_session=False)
        )


def _write(session: Session, results: list[Result]) -> None:
    insert_rows(session, DayFigure, ("instrument_id", "starts_on", *SUMMED), _day_rows(results))
    insert_rows(session, DayUse, ("instrument_id", "starts_on", *SHAPE, *USED), _shape_rows(results))
    insert_rows(session, MonthUser, ("instrument_id", "starts_on", *USER), _user_rows(results))


def _day_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        for number in sorted(counted.days):
            yield (one.id, days.texts[number], *counted.days[number])


def _shape_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        for number, shape in sorted(counted.shapes):
            yield (one.id, days.texts[number], *shape, *counted.shapes[number, shape])


def _user_rows(results: list[Result]) -> Iterator[Row]:
    for one, days, counted in results:
        months = {(f"{days.texts[number][:7]}-01", person, organisation, outside) for number, person, organisation, outside in counted.users}
        for user in sorted(months):
            yield (one.id, *user)


def _sum_up(session: Session, ids: Collection[int], first: date, until: date) -> None:
    """Make months out of days, and years out of months."""
    years = (first.replace(month=1), date(month_later(until, -1).year + 1, 1, 1))
    for day, month, year, shape, summed in SUMS:
        _sum_into(session, day, month, month_of(session, day.starts_on), shape, summed, ids, first, until)
        _clear_years(session, year, ids, *years)
        _sum_into(session, month, year, year_of(session, month.starts_on), shape, summed, ids, *years)
    _clear_years(session, YearUser, ids, *years)
    names = ("starts_on", "instrument_id", *USER)
    distinct = select(
        year_of(session, MonthUser.starts_on), MonthUser.instrument_id, *(getattr(MonthUser, name) for name in USER)
    ).where(MonthUser.instrument_id.in_(ids), MonthUser.starts_on >= years[0], MonthUser.starts_on < years[1])  # fmt: skip
    session.execute(insert(YearUser).from_select(names, distinct.distinct()))


def _clear_years(session: Session, table: Any, ids: Collection[int], first: date, until: date) -> None:
    mine = table.instrument_id.in_(ids), table.starts_on >= first, table.starts_on < until
    session.execute(delete(table).where(*mine).execution_options(synchronize_session=False))


def _sum_into(
    session: Session, source: Any, target: type[Base], starts_on: Any, shape: tuple[str, ...], summed: tuple[str, ...], ids: Collection[int],
    first: date, until: date,
) -> None:  # fmt: skip
    keys = [starts_on, source.instrument_id, *(getattr(source, name) for name in shape)]
    sums = [func.sum(getattr(source, name)) for name in summed]
    rows = select(*keys, *sums).where(source.instrument_id.in_(ids), source.starts_on >= first, source.starts_on < until).group_by(*keys)
    session.execute(insert(target).from_select(("starts_on", "instrument_id", *shape, *summed), rows))


def month_of(session: Session, day: Any) -> Any:
    """Give the first of a day's month, in SQL."""
    return func.strftime("%Y-%m-01", day) if is_sqlite(session) else cast(func.date_trunc("month", day), Date)


def year_of(session: Session, day: Any) -> Any:
    """Give the first of a day's year, in SQL."""
    return func.strftime("%Y-01-01", day) if is_sqlite(session) else cast(func.date_trunc("year", day), Date)
