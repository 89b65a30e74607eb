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
from instruments.timespan import TimeSpan, from_wall, zone
from scheduling.availability import availability_of, last_on_grid, next_on_grid
from scheduling.bookings import LONGEST, Booking
from scheduling.cases import Facts, judge_case, read_facts
from scheduling.reserving import Wish
from scheduling.rules.times import TimeGrid

BEFORE, AFTER = timedelta(days=3), timedelta(days=14)
MOST_EQUIVALENT = 12
TRIED_PER_INSTRUMENT = 40
# What is refused for these reasons is refused at any time.
AT_NO_TIME = frozenset({"not_published", "no_bookings", "sharing", "mode"})


@dataclass(frozen=True, slots=True)
class Alternative:
    """A time that would work, on this instrument or an equivalent one."""

    instrument: Instrument
    span: TimeSpan
    needs_approval: bool

    @property
    def instrument_id(self) -> int:
        """Give the id of the instrument."""
        return self.instrument.id


def alternatives(
    session: Session, wish: Wish, *, viewer: Viewer, now: datetime, most: int = 5, moved: Booking | None = None
) -> list[Alternative]:
    """Give up to five alternatives, nearest in time first, this instrument's first. Reads only, nine statements at most.

    Of a wish for several instruments none are given; `moved` is the booking that would give way.
    """
    if len(set(wish.instrument_ids)) != 1 or wish.span.duration > LONGEST or wish.span.end <= now - AFTER:
        return []
    own = session.get(Instrument, wish.instrument_ids[0], options=(joinedload(Instrument.organisation),))
    if own is None or not viewer.may_see(own):
        return []
    instruments = [own, *equivalents(session, own, viewer)]
    window = _window(wish.span, now)
    facts = read_facts(session, wish, instruments, window, viewer=viewer, moved=moved)
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
        if found == most or tried == TRIED_PER_INSTRUMENT or any(one.code in AT_NO_TIME for one in case.refusals):
            return


def _nearest_starts(instrument: Instrument, wish: Wish, facts: Facts, window: TimeSpan, now: datetime) -> Iterable[datetime]:
    """Give starts within free time, nearest to the wished one first: the same time of other days, and the edges of free spans."""
    schedule = schedule_of(instrument)
    free = availability_of(schedule, window, facts.openings[instrument.id], facts.held.get(instrument.id, {})).free_spans
    grid = _grid_of(instrument, facts, wish.span.start)
    step, length = timedelta(minutes=grid.step_minutes), wish.span.duration
    on_grid = (grid.step_minutes, schedule.time_zone, grid.offset_minutes)
    same_time = _on_other_days(wish.span.start, schedule.time_zone)
    starts: set[datetime] = set()
    for span in free:
        first, last = next_on_grid(max(span.start, now), *on_grid), last_on_grid(span.end - length, *on_grid)
        if first > last:
            continue
        nearest = next_on_grid(min(max(wish.span.start, first), last), *on_grid)
        tried = (first, nearest - step, nearest, nearest + step, nearest + 2 * step, last, *same_time)
        starts.update(one for one in tried if first <= one <= last)
    return sorted(starts, key=lambda one: (abs(one - wish.span.start), one))


def _grid_of(instrument: Instrument, facts: Facts, at: datetime) -> TimeGrid:
    """Give the grid its rule book names, or else its own step; whom the entry concerns is left to the judgement."""
    grids = (entry.rule for entry in facts.entries_at(instrument.id, at) if isinstance(entry.rule, TimeGrid))
    return next(grids, TimeGrid(step_minutes=instrument.step_minutes))


def _on_other_days(start: datetime, time_zone: str) -> list[datetime]:
    """Give the same time by the wall clock on the days around."""
    tz = zone(time_zone)
    local = start.astimezone(tz).replace(tzinfo=None)
    return [from_wall(local + timedelta(days=days), tz) for days in range(-BEFORE.days, AFTER.days + 1)]
