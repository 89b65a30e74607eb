"""The holiday calendar with make-up workdays (调休): seeded from a library, edited by an administrator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from sqlalchemy import CheckConstraint, Date, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base
from instruments.errors import Invalid, Sentence


class Holiday(Base):
    """One day that is not what its weekday says: a holiday, or a weekend day worked instead of a weekday."""

    __tablename__ = "holiday"

    on_date: Mapped[date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool] = mapped_column(default=False)
    worked_as: Mapped[int] = mapped_column(default=0)
    name_zh: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60), default="")

    __table_args__ = (CheckConstraint("worked_as BETWEEN 0 AND 6", name="worked_as"),)


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A holiday, or a make-up workday with the weekday (0 = Monday) whose hours it takes."""

    is_workday: bool
    worked_as: int

    @property
    def is_working(self) -> bool:
        """Say whether offices work; a weekend day that goes by its own weekday's hours is none of theirs."""
        return self.is_workday and self.worked_as < 5


NAMES_ZH = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利七十周年纪念日",
}


def seed_holidays(session: Session, first_year: int, last_year: int) -> int:
    """Add the State Council's holidays and make-up workdays the library knows; days already there stay as they are. Give how many came."""
    known = set(session.scalars(select(Holiday.on_date)))
    added = 0
    for day, special in _known_days(first_year, last_year):
        if day not in known:
            session.add(special)
            added += 1
    return added


def _known_days(first_year: int, last_year: int) -> list[tuple[date, Holiday]]:
    days: list[tuple[date, Holiday]] = []
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        if day in chinese_calendar.holidays:
            english = str(chinese_calendar.holidays[day])
            days.append((day, Holiday(on_date=day, name_zh=NAMES_ZH.get(english, english), name_en=english)))
        elif day in chinese_calendar.workdays:
            english = str(chinese_calendar.workdays[day])
            name_zh, name_en = f"{NAMES_ZH.get(english, english)}调休上班", f"Workday for {english}"
            days.append((day, Holiday(on_date=day, is_workday=True, worked_as=0, name_zh=name_zh, name_en=name_en)))
        day += timedelta(days=1)
    return days


# Built once: on the way of every booking, building a statement costs as much as running it.
BETWEEN = select(Holiday.on_date, Holiday.is_workday, Holiday.worked_as).where(
    Holiday.on_date.between(bindparam("first", type_=Date), bindparam("last", type_=Date))
)


def special_days(session: Session, first: date, last: date) -> Mapping[date, SpecialDay]:
    """Give the special days between two dates, both included."""
    rows = session.execute(BETWEEN, {"first": first, "last": last})
    return {row.on_date: SpecialDay(row.is_workday, row.worked_as) for row in rows}


def set_day(session: Session, on_date: date, *, is_workday: bool, worked_as: int, name_zh: str, name_en: str) -> Holiday:
    """Add a special day or change the one that is there."""
    if not name_zh.strip() or len(name_zh.strip()) > 60:
        raise Invalid("name_zh", Sentence("请填写名称（不超过 60 字）。", "Please give the day a name of at most 60 characters."))
    if len(name_en.strip()) > 60:
        raise Invalid("name_en", Sentence("英文名称不超过 60 字。", "The English name has at most 60 characters."))
    if worked_as not in range(7):
        raise Invalid("worked_as", Sentence("请选择按星期几上班。", "Choose the weekday whose hours apply."))
    day = session.get(Holiday, on_date) or Holiday(on_date=on_date)
    day.is_workday, day.worked_as, day.name_zh, day.name_en = is_workday, worked_as, name_zh.strip(), name_en.strip()
    session.add(day)
    return day


def clear_day(session: Session, on_date: date) -> None:
    """Make a day an ordinary one again; one that the library knows of is kept as such, so that seeding does not bring it back."""
    found = session.get(Holiday, on_date)
    if on_date in chinese_calendar.holidays or on_date in chinese_calendar.workdays:
        set_day(session, on_date, is_workday=True, worked_as=on_date.weekday(), name_zh="平日", name_en="Ordinary day")
    elif found is not None:
        session.delete(found)
