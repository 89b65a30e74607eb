"""Prove the figures: months are the sums of their days, years of their months, and what a sample of raw rows comes to is what is kept.

`run.py check` runs this; it reads and changes nothing. What changes meanwhile leaves a note, and what is noted is not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from random import Random
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from scheduling.accounting.proof import Finding
from scheduling.statistics.calendar import first_of_month, month_later, months_between
from scheduling.statistics.figures import SHAPE, DayFigure, DayUse, YearFigure, YearPeople
from scheduling.statistics.keeping import FigureState, first_days, waiting_notes
from scheduling.statistics.people import bits, home_number, unpack
from scheduling.statistics.rollup import SUMS, counts_of, month_of, year_of
from scheduling.statistics.touched import TouchedSpan

SAMPLE, MOST = 20, 1000
Place = tuple[date, int]  # a month or a year, and the instrument


def check_figures(session: Session, *, seed: int | None = None) -> list[Finding]:
    """Look at all figures."""
    waiting = waiting_notes(session)
    months, years = list(_wrong_sums(session, is_month=True)), list(_wrong_sums(session, is_month=False))
    return [
        Finding("figures waiting", True, f"{waiting} notes to be worked off"),
        Finding("months are the sums of their days", not months, _told(months)),
        Finding("years are the sums of their months", not years, _told(years)),
        _sampled(session, months, seed),
    ]


def _told(wrong: Sequence[Place]) -> str:
    return "in order" if not wrong else f"{len(wrong)} wrong, the first is {wrong[0][0]:%Y-%m} of instrument {wrong[0][1]}"


def _wrong_sums(session: Session, *, is_month: bool) -> Iterator[Place]:
    """Give where sums are not those of what they are made of."""
    found: set[Place] = set()
    for day, month, year, shape, summed in SUMS:
        source, target, begins = (
            (day, month, month_of(session, day.starts_on)) if is_month else (month, year, year_of(session, month.starts_on))
        )
        keys = [begins, source.instrument_id, *(getattr(source, name) for name in shape)]
        added = select(*keys, *(func.sum(getattr(source, name)) for name in summed)).group_by(*keys)
        kept = select(*(getattr(target, name) for name in ("starts_on", "instrument_id", *shape, *summed)))
        found |= _difference(session, added, kept) | _difference(session, kept, added)
    if not is_month:
        used = select(YearFigure.starts_on, YearFigure.instrument_id).where(YearFigure.uses > 0)
        known = select(YearPeople.starts_on, YearPeople.instrument_id)
        found |= _difference(session, used, known) | _difference(session, known, used)
    yield from sorted(found)


def _difference(session: Session, these: Any, those: Any) -> set[Place]:
    rows = session.execute(these.except_(those).limit(MOST))
    return {(row[0] if isinstance(row[0], date) else date.fromisoformat(row[0]), row[1]) for row in rows}


def _sampled(session: Session, suspects: Sequence[Place], seed: int | None) -> Finding:
    """Count the raw rows of some instruments' months again, and of those whose sums are wrong; name the first day that differs."""
    name, reach = "figures are those of the rows", session.scalar(select(FigureState.noted_at))
    if reach is None or session.scalar(select(TouchedSpan.id).where(TouchedSpan.instrument_id.is_(None)).limit(1)) is not None:
        return Finding(name, True, "not looked at: all figures are still to be made")
    places = [*suspects[:SAMPLE], *_sample(session, reach, Random(seed))]
    wrong = [(place, day) for place in places if (day := _wrong_day(session, place, reach)) and (day := _wrong_day(session, place, reach))]
    if not wrong:
        return Finding(name, True, f"{len(places)} months of instruments counted again")
    (_, instrument_id), first = wrong[0]
    return Finding(name, False, f"{len(wrong)} of {len(places)} months differ, the first is {first} of instrument {instrument_id}")


def _sample(session: Session, reach: datetime, chance: Random) -> Iterator[Place]:
    ids = session.scalars(select(Instrument.id)).all()
    chosen = chance.sample(ids, min(SAMPLE, len(ids)))
    for instrument_id, begin in sorted(first_days(session, chosen).items()):
        first = first_of_month(begin)
        yield month_later(first, chance.randrange(max(1, months_between(first, reach.date()) + 1))), instrument_id


def _wrong_day(session: Session, place: Place, reach: datetime) -> date | None:
    """Give the first day of an instrument's month whose figures are not what the rows come to; None too where something of it is noted."""
    first, instrument_id = place
    results, _ = counts_of(session, [instrument_id], first, month_later(first), now=reach)
    counted: dict[tuple[Any, ...], tuple[int, ...]] = {
        (days.dates[number], *shape): tuple(counts)
        for _, days, one in results
        for number, shape, counts in (
            *((number, (), counts) for number, counts in one.days.items()),
            *((number, shape, counts) for (number, shape), counts in one.shapes.items()),
        )
    } | {(first, person, home_number(home, outside)): () for _, _, one in results for _, person, home, outside in one.users}
    kept = _kept(session, place)
    differing = sorted(key[0] for key in {*counted, *kept} if counted.get(key) != kept.get(key))
    return differing[0] if differing and not _is_noted(session, [instrument_id]) else None


def _kept(session: Session, place: Place) -> dict[tuple[Any, ...], tuple[int, ...]]:
    first, instrument_id = place
    found: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for table, shape, summed in ((DayFigure, (), SUMS[0][4]), (DayUse, SHAPE, SUMS[1][4])):
        mine = table.instrument_id == instrument_id, table.starts_on >= first, table.starts_on < month_later(first)
        for row in session.execute(select(table.starts_on, *(getattr(table, name) for name in (*shape, *summed))).where(*mine)):
            found[tuple(row[: 1 + len(shape)])] = tuple(row[1 + len(shape) :])
    who = session.scalar(select(YearPeople.who).where(YearPeople.instrument_id == instrument_id, YearPeople.starts_on == first.replace(month=1)))
    month = bits(first, month_later(first), first.year)
    return found | {(first, person, home): () for person, home, months in zip(*unpack(who or b""), strict=True) if months & month}


def _is_noted(session: Session, ids: Collection[int]) -> bool:
    noted = or_(TouchedSpan.instrument_id.in_(ids), TouchedSpan.instrument_id.is_(None))
    return session.scalar(select(TouchedSpan.id).where(noted).limit(1)) is not None
