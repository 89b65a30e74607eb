"""The figures of a manager's own instruments: in all, by month, by instrument, and what their users said; out of the monthly rollups.

They are those of the instruments she manages today, whoever had them before: what helps her is how each was used all along.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.timespan import at_wall, zone
from scheduling.statistics.calendar import month_later
from scheduling.statistics.figures import MonthFigure, YearPeople
from scheduling.statistics.people import Heads, heads
from scheduling.statistics.periods import Period
from scheduling.statistics.quantities import SUMMED, Quantities
from scheduling.usage import UsageRecord

MOST_COMMENTS = 20


@dataclass(frozen=True, slots=True)
class LabFigures:
    """What instruments came to over a period: all of them, and those of a page by id; and all of them by month."""

    total: Quantities
    by_instrument: Mapping[int, Quantities]
    by_month: Mapping[date, Quantities]


def lab_figures(session: Session, mine: ColumnElement[bool], ids: Collection[int], period: Period) -> LabFigures:
    """Read the figures of the instruments of a condition, and of some of them each; five statements."""
    own = MonthFigure.instrument_id.in_(list(ids))
    by_instrument = _sums(session, MonthFigure.instrument_id, own, period)
    users = _heads(session, YearPeople.instrument_id, YearPeople.instrument_id.in_(list(ids)), period).counts()
    chosen = MonthFigure.instrument_id.in_(select(Instrument.id).where(mine))
    by_month = _sums(session, MonthFigure.starts_on, chosen, period)
    people = _heads(session, literal(""), YearPeople.instrument_id.in_(select(Instrument.id).where(mine)), period)
    total = Quantities(instruments=session.scalar(select(func.count(Instrument.id)).where(mine)) or 0)
    for one in by_month.values():
        total = total + one
    return LabFigures(
        replace(total, **people.total()),
        {one: replace(by_instrument.get(one, Quantities()), **users.get(str(one), {})) for one in ids},
        {first: by_month.get(first, Quantities()) for first in _months(period)},
    )


def lost_minutes(q: Quantities) -> dict[str, int]:
    """Give what became of the hours offered but not used, by cause; what was never booked is what is left of the offer, at least 0.

    Example: of 2,400 min offered 1,500 were booked, 60 of them missed: {"never_booked": 900, "no_show": 60, ...}.
    """
    return {
        "no_show": q.no_show, "down_open": q.down_open, "late_cancel": q.late_cancel,
        "never_booked": max(q.opening - q.booked - q.late_cancel, 0),
    }  # fmt: skip


def comments(session: Session, ids: Collection[int], period: Period) -> Sequence[UsageRecord]:
    """Give what users of instruments said of their uses in a period, the latest first; one statement."""
    tz = zone("Asia/Shanghai")
    start, end = at_wall(period.first, 0, tz), at_wall(period.until, 0, tz)
    return session.scalars(
        select(UsageRecord)
        .where(UsageRecord.instrument_id.in_(list(ids)), UsageRecord.start_at >= start, UsageRecord.start_at < end)
        .where(UsageRecord.rating != "", UsageRecord.comment != "", UsageRecord.status != "void")
        .options(joinedload(UsageRecord.instrument), joinedload(UsageRecord.person))
        .order_by(UsageRecord.rated_at.desc(), UsageRecord.id.desc())
        .limit(MOST_COMMENTS)
    ).all()


def _sums(session: Session, key: Any, chosen: ColumnElement[bool], period: Period) -> dict[Any, Quantities]:
    sums = [func.sum(getattr(MonthFigure, name)).label(name) for name in SUMMED]
    within = MonthFigure.starts_on >= period.first, MonthFigure.starts_on < period.until
    rows = session.execute(select(key.label("key"), *sums).where(chosen, *within).group_by(key)).mappings()
    return {row["key"]: Quantities(**{name: int(row[name] or 0) for name in SUMMED}) for row in rows}


def _heads(session: Session, key: Any, chosen: ColumnElement[bool], period: Period) -> Heads:
    within = YearPeople.starts_on >= period.first.replace(month=1), YearPeople.starts_on < period.until
    return heads(period, session.execute(select(key, YearPeople.starts_on, YearPeople.who).where(chosen, *within)))


def _months(period: Period) -> list[date]:
    return [month_later(period.first, number) for number in range(period.months)]
