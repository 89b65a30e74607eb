"""Where a report's figures come from: the rollups as they are now, or a year as it was published (publishing.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Select, cast, func, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.database import is_sqlite
from scheduling.statistics import scope as scopes
from scheduling.statistics.figures import MonthFigure, YearFigure
from scheduling.statistics.people import MonthPeople, YearPeople
from scheduling.statistics.periods import Period
from scheduling.statistics.quantities import SUMMED
from scheduling.statistics.scope import Scope


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
        sums = [func.sum(getattr(MonthFigure, name)).label(name) for name in SUMMED]
        within = MonthFigure.starts_on >= period.first, MonthFigure.starts_on < period.until
        return select(MonthFigure.instrument_id, *sums).where(*within).group_by(MonthFigure.instrument_id)

    def monthly(self, period: Period) -> Select[Any]:
        """Select each instrument's quantities of each month: starts_on, instrument_id and the columns that add up."""
        columns = [getattr(MonthFigure, name) for name in SUMMED]
        within = MonthFigure.starts_on >= period.first, MonthFigure.starts_on < period.until
        return select(MonthFigure.starts_on, MonthFigure.instrument_id, *columns).where(*within)

    def people(self, period: Period) -> Select[Any]:
        """Select the sets of who used each instrument over a period, one row or more an instrument: instrument_id, people, outside."""
        table: Any = YearPeople if period.is_year else MonthPeople
        return select(table.instrument_id, table.people, table.outside).where(table.starts_on >= period.first, table.starts_on < period.until)

    def monthly_people(self, period: Period) -> Select[Any]:
        """Select the sets of who used each instrument in each month: starts_on, instrument_id, people, outside."""
        columns: list[Any] = [MonthPeople.starts_on, MonthPeople.instrument_id, MonthPeople.people, MonthPeople.outside]
        return select(*columns).where(MonthPeople.starts_on >= period.first, MonthPeople.starts_on < period.until)

    def month_of(self, session: Session, at: Any) -> Any:
        """Give the SQL for the first of the month in which an instant lies, by the clock of the network."""
        if is_sqlite(session):
            return func.strftime("%Y-%m-01", at, "+8 hours")
        return cast(func.date_trunc("month", func.timezone("Asia/Shanghai", at)), Date)


LIVE = Source()
