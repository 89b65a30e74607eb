"""When rules say no: the nearest times that would work on this instrument, and on equivalent ones this person can reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from scheduling.availability import availability_of, next_on_grid
from scheduling.bookings import LONGEST
from scheduling.cases import Facts, judge_case, read_facts
from scheduling.reserving import Wish

BEFORE, AFTER = timedelta(days=3), timedelta(days=14)
MOST_EQUIVALENT = 12
TRIED_PER_INSTRUMENT = 40


@dataclass(frozen=True, slots=True)
class Alternative:
    """A time that would work, on this instrument or an equivalent one."""

    instrument: Instrument
    span: TimeSpan
    needs_approval: bool


def alternatives(session: Session, wish: Wish, *, viewer: Viewer, now: datetime, most: int = 5) -> list[Alternative]:
    """Give up to five alternatives, nearest in time first, this instrument's first. Reads only, nine statements at most."""
    if len(set(wish.instrument_ids)) != 1 or wish.span.duration > LONGEST or wish.span.end <= now - AFTER:
        return []
    own = session.get(Instrument, wish.instrument_ids[0], options=(joinedload(Instrument.organisation),))
    if own is None:
        return []
    instruments = [own, *equivalents(session, own, viewer)]
    window = _window(wish.span, now)
    facts = read_facts(session, wish, instruments, window, viewer=viewer)
    here = list(_working(own, wish, facts, window, viewer, now, most=3))
    there = [one for other in instruments[1:] for one in _working(other, wish, facts, window, viewer, now, most=1)]
    there.sort(key=lambda one: (abs(one.span.start - wish.span.start), one.instrument.id))
    return here + there[: most - len(here)]


def equivalents(session: Session, own: Instrument, viewer: Viewer) -> Sequence[Instrument]:
    """Give published instruments of the same class, in the same city first, that are shared with this person; one statement."""
    if own.category_code is None:
        return []
    shared = Instrument.sharing_mode == "external"
    return session.scalars(
        select(Instrument)
        .options(joinedload(Instrument.organisation))
        .where(
            Instrument.category_code == own.category_code,
            Instrument.id != own.id,
            Instrument.publication == "published",
            Instrument.accepts_bookings,
            shared | (Instrument.organisation_id == viewer.organisation_id),
        )
        .order_by(Instrument.city != own.city, Instrument.id)
        .limit(MOST_EQUIVALENT)
    ).all()


def _window(span: TimeSpan, now: datetime) -> TimeSpan:
    start = max(span.start - BEFORE, now)
    return TimeSpan(start, max(span.end, start) + AFTER)


def _working(
    instrument: Instrument, wish: Wish, facts: Facts, window: TimeSpan, viewer: Viewer, now: datetime, *, most: int
) -> Iterator[Alternative]:
    found = 0
    tried = 0
    for start in _nearest_starts(instrument, wish, facts, window, now):
        span = wish.span.moved_to(start)
        if span == wish.span and instrument.id == wish.instrument_ids[0]:
            continue
        tried += 1
        case = judge_case(instrument, span, wish, facts, viewer=viewer, now=now)
        if not case.refusals:
            yield Alternative(instrument, span, case.judgement.needs_approval)
            found += 1
        if found == most or tried == TRIED_PER_INSTRUMENT:
            return


def _nearest_starts(instrument: Instrument, wish: Wish, facts: Facts, window: TimeSpan, now: datetime) -> Iterable[datetime]:
    """Give starts within free time, nearest to the wished one first: the same time of other days, and the edges of free spans."""
    schedule = schedule_of(instrument)
    free = availability_of(schedule, window, facts.openings[instrument.id], facts.held.get(instrument.id, {})).free_spans
    step, length = timedelta(minutes=min(schedule.step_minutes, 1440)), wish.span.duration
    starts: set[datetime] = set()
    for span in free:
        first = next_on_grid(max(span.start, now), schedule.step_minutes, schedule.time_zone)
        last = span.end - length
        if first > last:
            continue
        nearest = next_on_grid(min(max(wish.span.start, first), last), schedule.step_minutes, schedule.time_zone)
        starts.update(one for one in (first, nearest, nearest + step, nearest + 2 * step) if first <= one <= last)
        starts.update(one for day in range(-3, 15) if first <= (one := wish.span.start + timedelta(days=day)) <= last)
    return sorted(starts, key=lambda one: (abs(one - wish.span.start), one))
