"""What a list of attention is made of: what is looked at, the kinds, the instruments marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, func, select

from instruments.catalogue import Instrument
from instruments.errors import Sentence
from scheduling.statistics.figures import MonthFigure
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
        """Select the instruments marked, each with its figures: (id, figure, ...)."""


def in_scope(look: Look) -> ColumnElement[bool]:
    """Give the SQL for instruments of the look that are in service and worth enough to be in scope."""
    return and_(look.mine, Instrument.publication.in_(IN_SERVICE), Instrument.original_value >= look.limits.least_value)


def columns(*figures: Any) -> list[Any]:
    """Give the columns of a kind's query."""
    return [Instrument.id, *(figure.label(f"figure_{number}") for number, figure in enumerate(figures))]


def summed(look: Look, first: date, *names: str) -> Any:
    """Give the sums of instruments over the months from one on, as a subquery."""
    sums = [func.sum(getattr(MonthFigure, name)).label(name) for name in names]
    within = MonthFigure.starts_on >= first, MonthFigure.starts_on < look.until
    return select(MonthFigure.instrument_id, *sums).where(*within).group_by(MonthFigure.instrument_id).subquery("summed")


def hours(minutes: int) -> str:
    """Write minutes as hours with one place where it is not whole."""
    return f"{minutes / 60:,.1f}".removesuffix(".0")
