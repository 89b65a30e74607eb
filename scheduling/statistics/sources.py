"""Where a report's figures come from: the rollups as they are now, or a year as it was published (publishing.py)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Select, cast, func, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.database import is_sqlite
from scheduling.statistics import scope as scopes
from scheduling.statistics.figures import MonthFigure, MonthUser, YearFigure, YearUser
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

    def users(self, period: Period) -> Select[Any]:
        """Select who used which instrument over a period: instrument_id, person_id, is_external."""
        table: Any = YearUser if period.is_year else MonthUser
        within = table.starts_on >= period.first, table.starts_on < period.until
        return select(table.instrument_id, table.person_id, table.is_external).where(*within)

    def monthly_users(self, period: Period) -> Select[Any]:
        """Select who used which instrument in each month."""
        within = MonthUser.starts_on >= period.first, MonthUser.starts_on < period.until
        columns: list[Any] = [MonthUser.starts_on, MonthUser.instrument_id, MonthUser.person_id, MonthUser.is_external]
        return select(*columns).where(*within)

    def month_of(self, session: Session, at: Any) -> Any:
        """Give the SQL for the first of the month in which an instant lies, by the clock of the network."""
        if is_sqlite(session):
            return func.strftime("%Y-%m-01", at, "+8 hours")
        return cast(func.date_trunc("month", func.timezone("Asia/Shanghai", at)), Date)


LIVE = Source()
