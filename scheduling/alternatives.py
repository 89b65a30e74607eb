"""When rules say no: the nearest times that would work on this instrument, and on equivalent ones this person can reach."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import reduce

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan, common, from_wall, zone
from scheduling.availability import availability_of, last_on_grid, next_on_grid
from scheduling.bookings import LONGEST, Booking
from scheduling.cases import Case, Facts, judge_case, read_facts
from scheduling.rates import price_all, total_of_all
from scheduling.reserving import MOST_AT_ONCE, Wish, asked_of
from scheduling.rules.times import TimeGrid

BEFORE, AFTER = timedelta(days=14), timedelta(days=14)
MOST_EQUIVALENT = 12
MOST_ELSEWHERE = 2
TRIED_PER_INSTRUMENT = 60
# What is refused for these reasons is refused at any time.
AT_NO_TIME = frozenset({"not_published", "no_bookings", "sharing", "mode"})


@dataclass(frozen=True, slots=True)
class Alternative:
    """A time that would work, on this instrument or an equivalent one, and what it would cost where there are rates."""

    instrument: Instrument
    span: TimeSpan
    needs_approval: bool
    total: Decimal | None = None

    @property
    def instrument_id(self) -> int:
        """Give the id of the instrument."""
        return self.instrument.id


def alternatives(
    session: Session, wish: Wish, *, viewer: Viewer, now: datetime, most: int = 5, moved: Booking | None = None
) -> list[Alternative]:
    """Give up to five alternatives, nearest in time first, this instrument's first. Reads only, fourteen statements at most.

    Of a wish for several instruments they are times at which all are to be had, told of the first of them. `moved` is the booking that
    would give way.
    """
    if wish.span.duration > LONGEST or wish.span.end <= now - AFTER:
        return []
    wished = _wished(session, wish)
    if not wished or not all(viewer.may_see(one) for one in wished):
        return []
    others = equivalents(session, wished[0], viewer) if len(wished) == 1 else []
    window = _window(wish.span, now)
    search = _Search(read_facts(session, wish, [*wished, *others], window, viewer=viewer, moved=moved), window, viewer, now)
    nearest = replace(wish, span=search.possible(wished, wish))
    here = [one for one in search.working(wished, nearest, most=most + 1) if one.span != wish.span]
    there = [one for other in others for one in search.working([other], nearest, most=1)]
    there.sort(key=lambda one: (abs(one.span.start - wish.span.start), one.instrument.id))
    here = here[: most - min(MOST_ELSEWHERE, len(there))]
    return _priced(session, search, here + there[: most - len(here)], wished, wish, moved)


def _priced(
    session: Session, search: _Search, found: Sequence[Alternative], wished: Sequence[Instrument], wish: Wish, moved: Booking | None
) -> list[Alternative]:
    """Say what each would cost; of several instruments all of them together."""
    sets = [wished if one.instrument is wished[0] else [one.instrument] for one in found]
    asked = [
        asked_of(search.judge(instrument, one.span, wish), one.span, wish, search.viewer)
        for one, instruments in zip(found, sets, strict=True)
        for instrument in instruments
    ]
    prices = iter(price_all(session, asked, now=search.now, apart_from=[moved.id] if moved else [], is_strict=False) if asked else ())
    totals = [total_of_all([price for price in [next(prices) for _ in instruments] if price]) for instruments in sets]
    return [replace(one, total=total) for one, total in zip(found, totals, strict=True)]


def _wished(session: Session, wish: Wish) -> Sequence[Instrument]:
    """Read the instruments of a wish, the one named first first; none where any is not there."""
    ids = list(dict.fromkeys(wish.instrument_ids))[: MOST_AT_ONCE + 1]
    rows = session.scalars(select(Instrument).where(Instrument.id.in_(ids)).options(joinedload(Instrument.organisation))).all()
    found = sorted(rows, key=lambda one: ids.index(one.id))
    return found if len(found) == len(ids) <= MOST_AT_ONCE else []


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


@dataclass(frozen=True, slots=True)
class _Search:
    """The facts read once, and whom they are judged for. Everything below costs no statement."""

    facts: Facts
    window: TimeSpan
    viewer: Viewer
    now: datetime

    def working(self, instruments: Sequence[Instrument], wish: Wish, *, most: int) -> list[Alternative]:
        """Give times of the wished length that would work on all of the instruments, nearest to the wished one first."""
        found: list[Alternative] = []
        for start in self._nearest_starts(instruments, wish)[:TRIED_PER_INSTRUMENT]:
            span = wish.span.moved_to(start)
            cases = [self.judge(one, span, wish) for one in instruments]
            refusals = [refusal for case in cases for refusal in case.refusals]
            if not refusals:
                found.append(Alternative(instruments[0], span, any(case.judgement.needs_approval for case in cases)))
            if len(found) == most or any(one.code in AT_NO_TIME for one in refusals):
                break
        return found

    def possible(self, instruments: Sequence[Instrument], wish: Wish) -> TimeSpan:
        """Give the span nearest to the wished one that the rules on notice, horizon and length let pass."""
        (grid, tz), start, minutes = self._grid(instruments, wish.span.start), wish.span.start, wish.span.minutes
        for refusal in (refusal for one in instruments for refusal in self.judge(one, wish.span, wish).refusals):
            allowed = refusal.allowed
            if refusal.code == "shortest":
                minutes = max(minutes, int(allowed["minutes"]))
            elif refusal.code == "longest":
                minutes = min(minutes, int(allowed["minutes"]))
            elif refusal.code == "quota" and allowed["of"] == "hours":
                minutes = min(minutes, int((int(allowed["most"]) - float(allowed["used"])) * 60))
            elif "earliest" in allowed:
                start = max(start, next_on_grid(allowed["earliest"], *_on(grid, tz)))
            elif "latest" in allowed:
                start = min(start, last_on_grid(allowed["latest"], *_on(grid, tz)))
        return TimeSpan(start, start + _whole_steps(minutes, grid.step_minutes, up=minutes >= wish.span.minutes))

    def judge(self, instrument: Instrument, span: TimeSpan, wish: Wish) -> Case:
        """Judge one span of one instrument by what was read."""
        return judge_case(instrument, span, wish, self.facts, viewer=self.viewer, now=self.now)

    def _nearest_starts(self, instruments: Sequence[Instrument], wish: Wish) -> list[datetime]:
        """Give starts within free time, nearest first: one of each free span and the same time of other days, and then what is beside them."""
        grid, tz = self._grid(instruments, wish.span.start)
        same_time, step = _on_other_days(wish.span.start, tz), timedelta(minutes=grid.step_minutes)
        better: set[datetime] = set()
        beside: set[datetime] = set()
        for span in self._free(instruments):
            first = next_on_grid(max(span.start, self.now), *_on(grid, tz))
            last = last_on_grid(span.end - wish.span.duration, *_on(grid, tz))
            if first <= last:
                nearest = next_on_grid(min(max(wish.span.start, first), last), *_on(grid, tz))
                better.update(one for one in (nearest, *same_time) if first <= one <= last)
                beside.update(one for one in (first, nearest - step, nearest + step, nearest + 2 * step, last) if first <= one <= last)
        return [*_by_distance(better, wish.span.start), *_by_distance(beside - better, wish.span.start)]

    def _free(self, instruments: Sequence[Instrument]) -> Sequence[TimeSpan]:
        """Give the free spans of one instrument, or the times at which each of several has some."""
        opened, held = self.facts.openings, self.facts.held
        free = [availability_of(schedule_of(one), self.window, opened[one.id], held.get(one.id, {})).free_spans for one in instruments]
        return free[0] if len(free) == 1 else reduce(common, free)

    def _grid(self, instruments: Sequence[Instrument], at: datetime) -> tuple[TimeGrid, str]:
        """Give the coarsest grid their rule books name, or else their own steps, and its zone; whom an entry concerns the judgement says."""
        grids = [(self._grid_of(one, at), one.time_zone) for one in instruments]
        return max(grids, key=lambda grid: grid[0].step_minutes)

    def _grid_of(self, instrument: Instrument, at: datetime) -> TimeGrid:
        grids = (entry.rule for entry in self.facts.entries_at(instrument.id, at) if isinstance(entry.rule, TimeGrid))
        return next(grids, TimeGrid(step_minutes=instrument.step_minutes))


def _on(grid: TimeGrid, time_zone: str) -> tuple[int, str, int]:
    """Give the grid as next_on_grid and last_on_grid take it."""
    return grid.step_minutes, time_zone, grid.offset_minutes


def _whole_steps(minutes: int, step: int, *, up: bool) -> timedelta:
    return max(1, -(-minutes // step) if up else minutes // step) * timedelta(minutes=step)


def _by_distance(starts: Iterable[datetime], wished: datetime) -> list[datetime]:
    return sorted(starts, key=lambda one: (abs(one - wished), one))


def _on_other_days(start: datetime, time_zone: str) -> list[datetime]:
    """Give the same time by the wall clock on the days around."""
    tz = zone(time_zone)
    local = start.astimezone(tz).replace(tzinfo=None)
    return [from_wall(local + timedelta(days=days), tz) for days in range(-BEFORE.days, AFTER.days + 1)]
