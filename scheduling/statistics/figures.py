"""The rollups: an instrument's quantities by local day, by month and by year, in whole minutes and fen; made of the raw rows by rollup.py only.

No foreign keys: what they are made of has them, and looking them up again would take longer than all the rest of a rebuild.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from instruments.database import DERIVED, Base
from scheduling.statistics.people import People

MADE = {"sqlite_with_rowid": False, "info": {DERIVED: True}}
HEAVY = {"info": {DERIVED: True}}  # without rowids SQLite would cut such rows up


class Counted:
    """The columns that add up (quantities.SUMMED)."""

    opening: Mapped[int] = mapped_column(default=0)
    booked: Mapped[int] = mapped_column(default=0)
    used: Mapped[int] = mapped_column(default=0)
    effective: Mapped[int] = mapped_column(default=0)
    external: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)
    down_open: Mapped[int] = mapped_column(default=0)
    no_show: Mapped[int] = mapped_column(default=0)
    late_cancel: Mapped[int] = mapped_column(default=0)
    bookings: Mapped[int] = mapped_column(default=0)
    uses: Mapped[int] = mapped_column(default=0)
    external_uses: Mapped[int] = mapped_column(default=0)
    samples: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    income: Mapped[int] = mapped_column(BigInteger, default=0)
    external_income: Mapped[int] = mapped_column(BigInteger, default=0)
    rated: Mapped[int] = mapped_column(default=0)
    satisfied: Mapped[int] = mapped_column(default=0)


class Used:
    """How a use was: who stood how to the instrument, in what mode, for what; and what came of it."""

    audience: Mapped[str] = mapped_column(String(12), primary_key=True)
    is_external: Mapped[bool] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(String(12), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(12), primary_key=True)
    used: Mapped[int] = mapped_column(default=0)
    effective: Mapped[int] = mapped_column(default=0)
    uses: Mapped[int] = mapped_column(default=0)
    samples: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    income: Mapped[int] = mapped_column(BigInteger, default=0)


USED = ("used", "effective", "uses", "samples", "runs", "income")
SHAPE = ("audience", "is_external", "mode", "purpose")


class OfDay:
    """Of an instrument and a local day, found by instrument."""

    __audited__ = False
    __table_args__ = (MADE,)

    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-2)
    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-1)


class OfTime:
    """Of an instrument and a month or a calendar year, found by time: reports read all instruments of one time."""

    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)

    @declared_attr.directive
    def __table_args__(self) -> tuple[Any, ...]:
        """Find them by instrument too, as making them anew does."""
        return (Index(None, "instrument_id"), MADE)


class DayFigure(OfDay, Counted, Base):
    """An instrument's quantities of one local day; there is a row for each day on which it was open, closed, booked or used."""

    __tablename__ = "day_figure"


class MonthFigure(OfTime, Counted, Base):
    """An instrument's quantities of one month: the sums of its days."""

    __tablename__ = "month_figure"


class YearFigure(OfTime, Counted, Base):
    """An instrument's quantities of one calendar year: the sums of its months."""

    __tablename__ = "year_figure"


class DayUse(OfDay, Used, Base):
    """What an instrument's uses of one local day came to, by audience, mode and purpose."""

    __tablename__ = "day_use"


class MonthUse(OfTime, Used, Base):
    """What an instrument's uses of one month came to, by audience, mode and purpose: the sums of its days."""

    __tablename__ = "month_use"


class YearUse(OfTime, Used, Base):
    """What an instrument's uses of one calendar year came to, by audience, mode and purpose: the sums of its months."""

    __tablename__ = "year_use"


class YearPeople(OfTime, People, Base):
    """The people who used an instrument in a calendar year, with the months in which they did (people.py)."""

    __tablename__ = "year_people"
    __table_args__ = (Index(None, "instrument_id"), HEAVY)


DAYS, MONTHS, YEARS = DayFigure, MonthFigure, YearFigure
FIGURES = (DayFigure, DayUse, MonthFigure, MonthUse, YearFigure, YearUse, YearPeople)
