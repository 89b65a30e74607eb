"""Rows made of the statistics: which instruments are reported for a period, and what they came to, as the rollups say once they are up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, joinedload

from instruments.catalogue import Instrument
from instruments.exchange.national import WAN
from instruments.money import from_fen
from instruments.people import Organisation
from instruments.standing import ever_in, standing_at
from scheduling.locks import take_locks
from scheduling.returning.formats import ReturnField
from scheduling.returning.periods import Period
from scheduling.returning.rowdrafts import in_hours, two_places
from scheduling.statistics.figures import MonthFigure
from scheduling.statistics.keeping import SPACE
from scheduling.statistics.quantities import MONEY, SUMMED
from scheduling.statistics.rollup import recompute
from scheduling.statistics.touched import TouchedSpan

AT_ONCE = 100
Counts = Mapping[str, int]
NOTHING: Counts = dict.fromkeys(SUMMED, 0)


def reported(session: Session, organisation: Organisation, period: Period) -> Iterator[list[Instrument]]:
    """Give the instruments to be reported, by inner id, a hundred at a time: published before the period's end and on the network, or used in it.

    An organisation reports what belonged to it at the end of the period, whatever has moved since.
    """
    used = exists().where(MonthFigure.instrument_id == Instrument.id, *_months(period), MonthFigure.used > 0)
    on_network = and_(
        Instrument.publication.in_(("published", "suspended")), Instrument.published_at < period.span(organisation.time_zone).end
    )
    key, after = tuple_(Instrument.inner_id, Instrument.id), ("", 0)
    while some := list(
        session.scalars(
            _belonging(select(Instrument), organisation, period)
            .options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
            .where(or_(on_network, used), key > after)
            .order_by(Instrument.inner_id, Instrument.id)
            .limit(AT_ONCE)
        )
    ):
        after = some[-1].inner_id, some[-1].id
        yield some


def _belonging(chosen: Select[Any], organisation: Organisation, period: Period) -> Select[Any]:
    """Narrow a selection of instruments to those that belonged to an organisation at the end of a period."""
    standing = standing_at(period.span(organisation.time_zone).end)
    reached = standing.reached("organisation_id", organisation.id)
    return chosen.outerjoin(standing.then, standing.joined).where(reached, standing.organisation_id == organisation.id)


def bring_up_to_date(session: Session, organisation: Organisation, period: Period, now: datetime) -> None:
    """Make the figures of a period anew for those of the organisation's instruments about which the statistics have notes that wait."""
    ids = list(session.scalars(_noted(organisation, period)))
    take_locks(session, ids, SPACE)
    for first, until in _within_years(period):
        for begin in range(0, len(ids), AT_ONCE):
            recompute(session, ids[begin : begin + AT_ONCE], first, until, now=now)


def is_waiting(session: Session, organisation: Organisation, period: Period) -> bool:
    """Say whether the statistics have notes about a period that wait to be worked off."""
    return session.scalar(_noted(organisation, period).limit(1)) is not None


def _noted(organisation: Organisation, period: Period) -> Select[int]:
    """Ask for the organisation's instruments about whose figures of a period there are notes."""
    span = period.span("UTC")
    meets = and_(
        or_(TouchedSpan.start_at.is_(None), TouchedSpan.start_at < span.end),
        or_(TouchedSpan.end_at.is_(None), TouchedSpan.end_at > span.start),
    )
    whose = or_(
        TouchedSpan.instrument_id == Instrument.id,
        and_(TouchedSpan.instrument_id.is_(None), or_(TouchedSpan.facility_id.is_(None), ever_in(TouchedSpan.facility_id))),
    )
    return _belonging(select(Instrument.id), organisation, period).where(exists().where(meets, whose)).order_by(Instrument.id)


def _within_years(period: Period) -> list[tuple[date, date]]:
    """Cut a period at New Year: the rollups are made within one year at a time."""
    new_year = date(period.end.year, 1, 1)
    return [(period.start, new_year), (new_year, period.end)] if period.start < new_year < period.end else [(period.start, period.end)]


def counts_of(session: Session, instrument_ids: Collection[int], period: Period) -> Mapping[int, Counts]:
    """Give what each instrument came to in a period: minutes, numbers and fen by the name of the quantity; one statement."""
    columns = [func.coalesce(func.sum(getattr(MonthFigure, name)), 0) for name in SUMMED]
    rows = session.execute(
        select(MonthFigure.instrument_id, *columns)
        .where(MonthFigure.instrument_id.in_(list(instrument_ids)), *_months(period))
        .group_by(MonthFigure.instrument_id)
    )
    return {row[0]: {name: int(value) for name, value in zip(SUMMED, row[1:], strict=True)} for row in rows}


def monthly_counts(session: Session, instrument_ids: Collection[int], period: Period) -> Mapping[tuple[int, date], Counts]:
    """Give what each instrument came to in each month of a period; one statement."""
    rows = session.scalars(select(MonthFigure).where(MonthFigure.instrument_id.in_(list(instrument_ids)), *_months(period)))
    return {(row.instrument_id, row.starts_on): {name: getattr(row, name) for name in SUMMED} for row in rows}


def _months(period: Period) -> tuple[Any, ...]:
    return MonthFigure.starts_on >= period.start, MonthFigure.starts_on < period.end


def figure(field: ReturnField, counts: Counts) -> str | int:
    """Write a quantity as a field asks: minutes as hours or as they are, money in yuan or in 万元.

    >>> from instruments.errors import Sentence
    >>> hours = ReturnField("runMachine", Sentence("", ""), "hours", True, "instrument", counts="effective")
    >>> figure(hours, {"effective": 100})
    '1.67'
    """
    value = counts[field.counts]
    if field.counts in MONEY:
        return two_places(from_fen(value) / (WAN if field.unit == "wan" else 1))
    return in_hours(value) if field.kind == "hours" else value
