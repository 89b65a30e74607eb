"""Where a report's figures come from: the rollups as they are now, or a year as it was published (publishing.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Select, cast, func, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.database import is_sqlite
from scheduling.statistics import scope as scopes
from scheduling.statistics.figures import SHAPE, USED, MonthFigure, MonthUse, YearFigure, YearPeople, YearUse
from scheduling.statistics.periods import Period
from scheduling.statistics.quantities import SUMMED
from scheduling.statistics.scope import Scope

KEYS = ("starts_on", "instrument_id")


@dataclass(frozen=True, slots=True)
class Source:
    """The rollups as they are now."""

    is_published: bool = False

    def facts(self, scope: Scope, period: Period, viewer: Viewer | None) -> Select[Any]:
        """Select the instruments in scope with what counts about them."""
        return scopes.facts(scope, period, viewer)

    def figures(self, period: Period) -> Select[Any]:
        """Select each instrument's quantities over a period: instrument_id and the columns that add up."""
        if period.is_year:
            columns = [getattr(YearFigure, name) for name in SUMMED]
            return select(YearFigure.instrument_id, *columns).where(YearFigure.starts_on == period.first)
        return summed(MonthFigure, period)

    def monthly(self, period: Period) -> Select[Any]:
        """Select each instrument's quantities of each month: starts_on, instrument_id and the columns that add up."""
        return within(MonthFigure, period, *KEYS, *SUMMED)

    def people(self, period: Period) -> Select[Any]:
        """Select who used each instrument in the years a period lies in: instrument_id, starts_on and who, as people.py counts them."""
        return people_of(YearPeople, period)

    def uses(self, period: Period) -> Select[Any]:
        """Select what each instrument's uses came to over a period, by how they were, one row or more a shape: instrument_id, SHAPE and USED."""
        return within(YearUse if period.is_year else MonthUse, period, "instrument_id", *SHAPE, *USED)

    def month_of(self, session: Session, at: Any) -> Any:
        """Give the SQL for the first of the month in which an instant lies, by the clock of the network."""
        if is_sqlite(session):
            return func.strftime("%Y-%m-01", at, "+8 hours")
        return cast(func.date_trunc("month", func.timezone("Asia/Shanghai", at)), Date)


def within(table: Any, period: Period, *names: str) -> Select[Any]:
    """Select columns of the rows of a table that begin within a period."""
    return select(*(getattr(table, name) for name in names)).where(table.starts_on >= period.first, table.starts_on < period.until)


def people_of(table: Any, period: Period) -> Select[Any]:
    """Select the people of each instrument in the years a period lies in."""
    years = table.starts_on >= period.first.replace(month=1), table.starts_on < period.until
    return select(table.instrument_id, table.starts_on, table.who).where(*years)


def summed(table: Any, period: Period) -> Select[Any]:
    """Select the sums of each instrument's months of a period."""
    sums = [func.sum(getattr(table, name)).label(name) for name in SUMMED]
    chosen = select(table.instrument_id, *sums).where(table.starts_on >= period.first, table.starts_on < period.until)
    return chosen.group_by(table.instrument_id)


LIVE = Source()
