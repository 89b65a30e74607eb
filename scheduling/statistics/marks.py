"""What a list of attention is made of: what is looked at, the kinds, the instruments marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, func, select

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from scheduling.statistics.figures import MonthFigure, YearFigure
from scheduling.statistics.thresholds import Thresholds

IN_SERVICE = ("published", "suspended")


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at: months [first, until) of a year, the twelve months [year_ago, until), the year's limits, and whose instruments."""

    year: int
    first: date
    until: date
    year_ago: date
    limits: Thresholds
    mine: ColumnElement[bool]
    now: datetime

    @property
    def months(self) -> int:
        """Give how many months of the year are over."""
        return 12 if self.until.year > self.year else max(self.until.month - 1, 0)


@dataclass(frozen=True, slots=True)
class Marked:
    """An instrument with the figures for which it is marked, in words."""

    instrument: Instrument
    words: Sentence


class Kind(Protocol):
    """Something an instrument may be marked for."""

    code: str
    title: Sentence

    def sentence(self, look: Look) -> Sentence:
        """Say what it means, with the limit it goes by."""

    def words(self, look: Look, figures: Sequence[int]) -> Sentence:
        """Put an instrument's figures into words."""


class Queried(Kind, Protocol):
    """A kind whose instruments the database finds by itself."""

    def marked(self, look: Look) -> Select[Any]:
        """Select the instruments marked: (id,)."""

    def figures(self, look: Look, ids: Sequence[int]) -> Select[Any]:
        """Select the figures of some instruments that are marked: (id, figure, ...)."""


def in_scope(look: Look) -> ColumnElement[bool]:
    """Give the SQL for instruments of the look that are in service and worth enough to be in scope."""
    return and_(look.mine, Instrument.publication.in_(IN_SERVICE), Instrument.original_value >= look.limits.least_value)


def columns(*figures: Any) -> list[Any]:
    """Give the columns of the figures of a kind."""
    return [Instrument.id, *(figure.label(f"figure_{number}") for number, figure in enumerate(figures))]


def summed(look: Look, *names: str) -> Any:
    """Give the sums of instruments over the months of the year that are over, as a subquery: the year's, less those of months that are not."""
    year, month = YearFigure, MonthFigure
    columns = [getattr(month, name) for name in names]
    later = select(month.instrument_id, *(func.sum(one).label(one.name) for one in columns)).where(
        month.starts_on >= look.until, month.starts_on < date(look.year + 1, 1, 1)
    )
    rest = later.group_by(month.instrument_id).subquery("rest")
    sums = [(getattr(year, name) - func.coalesce(rest.c[name], 0)).label(name) for name in names]
    whole = select(year.instrument_id, *sums).outerjoin(rest, rest.c.instrument_id == year.instrument_id)
    return whole.where(year.starts_on == look.first).subquery("summed")


def hours(minutes: int) -> str:
    """Write minutes as hours with one place where it is not whole."""
    return f"{minutes / 60:,.1f}".removesuffix(".0")
