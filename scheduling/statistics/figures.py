"""The rollups: an instrument's quantities by local day, by month and by year, in whole minutes and fen; made of the raw rows by rollup.py only.

No foreign keys: what they are made of has them, and looking them up again would take longer than all the rest of a rebuild.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from instruments.database import DERIVED, Base


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


class _Used:
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


class DayFigure(Counted, Base):
    """An instrument's quantities of one local day; there is a row for each day on which it was open, closed, booked or used."""

    __tablename__ = "day_figure"
    __audited__ = False

    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-2)
    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-1)
    __table_args__ = ({"sqlite_with_rowid": False, "info": {DERIVED: True}},)


class MonthFigure(Counted, Base):
    """An instrument's quantities of one month: the sums of its days."""

    __tablename__ = "month_figure"
    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    __table_args__ = (Index(None, "instrument_id"), {"sqlite_with_rowid": False, "info": {DERIVED: True}})


class YearFigure(Counted, Base):
    """An instrument's quantities of one calendar year: the sums of its months."""

    __tablename__ = "year_figure"
    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    __table_args__ = (Index(None, "instrument_id"), {"sqlite_with_rowid": False, "info": {DERIVED: True}})


class DayUse(_Used, Base):
    """What an instrument's uses of one local day came to, by audience, mode and purpose."""

    __tablename__ = "day_use"
    __audited__ = False

    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-2)
    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-1)
    __table_args__ = ({"sqlite_with_rowid": False, "info": {DERIVED: True}},)


class MonthUse(_Used, Base):
    """What an instrument's uses of one month came to, by audience, mode and purpose: the sums of its days."""

    __tablename__ = "month_use"
    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    __table_args__ = (Index(None, "instrument_id"), {"sqlite_with_rowid": False, "info": {DERIVED: True}})


class YearUse(_Used, Base):
    """What an instrument's uses of one calendar year came to, by audience, mode and purpose: the sums of its months."""

    __tablename__ = "year_use"
    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    __table_args__ = (Index(None, "instrument_id"), {"sqlite_with_rowid": False, "info": {DERIVED: True}})


class MonthUser(Base):
    """Who used an instrument in a month, and from which organisation at that time: people are counted once, so they cannot be added up."""

    __tablename__ = "month_user"
    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    is_external: Mapped[bool] = mapped_column(primary_key=True)
    __table_args__ = (Index(None, "instrument_id"), {"sqlite_with_rowid": False, "info": {DERIVED: True}})


class YearUser(Base):
    """Who used an instrument in a calendar year."""

    __tablename__ = "year_user"
    __audited__ = False

    starts_on: Mapped[date] = mapped_column(primary_key=True, sort_order=-2)
    instrument_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-1)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    is_external: Mapped[bool] = mapped_column(primary_key=True)
    __table_args__ = (Index(None, "instrument_id"), {"sqlite_with_rowid": False, "info": {DERIVED: True}})


DAYS, MONTHS, YEARS = DayFigure, MonthFigure, YearFigure
FIGURES = (DayFigure, DayUse, MonthFigure, MonthUse, MonthUser, YearFigure, YearUse, YearUser)
