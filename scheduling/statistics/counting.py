"""Counting: the raw rows of one instrument made into its quantities by local day. Pure; rollup.py reads and writes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any

from instruments.holidays import SpecialDay
from instruments.lanes import lanes_on
from instruments.opening import Plan, planned_spans
from instruments.timespan import TimeSpan, common, merged, minus, zone
from scheduling.statistics.calendar import A_DAY, A_MICROSECOND, A_MINUTE, EPOCH, Days, local_days
from scheduling.statistics.figures import USED
from scheduling.statistics.gathering import Rows, Subject
from scheduling.statistics.quantities import SUMMED

AT = {name: number for number, name in enumerate(SUMMED)}
USED_AT, EFFECTIVE_AT, EXTERNAL_AT, USES_AT, EXTERNAL_USES_AT, SAMPLES_AT, RUNS_AT, RATED_AT, SATISFIED_AT = (
    AT[name] for name in ("used", "effective", "external", "uses", "external_uses", "samples", "runs", "rated", "satisfied")
)
BOOKED_AT, NO_SHOW_AT, BOOKINGS_AT, LATE_CANCEL_AT, INCOME_AT, EXTERNAL_INCOME_AT = (
    AT[name] for name in ("booked", "no_show", "bookings", "late_cancel", "income", "external_income")
)
MODE = 6  # where a use says how it was
DOWN_KINDS = frozenset({"fault", "maintenance"})
PUBLISHED = frozenset({"published"})
ON_NETWORK = frozenset({"published", "suspended"})  # what is broken before or after that keeps nobody from anything
SATISFIED = frozenset({"very_satisfied", "satisfied"})
Shape = tuple[str, bool, str, str]  # audience, is external, mode, purpose
Planned = tuple[tuple[TimeSpan, ...], tuple[int, ...]]  # open spans before closures, and their minutes by day


@dataclass(slots=True)
class Counted:
    """One instrument's counts: by day, by day and shape of use, and who used it: (number of the day, person, organisation, is external)."""

    days: dict[int, list[int]] = field(default_factory=dict)
    shapes: dict[tuple[int, Shape], list[int]] = field(default_factory=dict)
    users: set[tuple[int, int, int, bool]] = field(default_factory=set)

    def on(self, number: int) -> list[int]:
        """Give a day's counts, to be added to."""
        found = self.days.get(number)
        if found is None:
            found = self.days[number] = [0] * len(SUMMED)
        return found

    def shaped(self, number: int, shape: Shape) -> list[int]:
        """Give the counts of a day's uses of one shape, to be added to."""
        found = self.shapes.get((number, shape))
        if found is None:
            found = self.shapes[number, shape] = [0] * len(USED)
        return found


class Plans:
    """Open spans by plan: many instruments keep the same hours, so that they are worked out once, by this process and for as long as it lasts."""

    def __init__(self, special: Mapping[date, SpecialDay]) -> None:
        self._special = tuple(sorted(special.items(), key=itemgetter(0)))

    def of(self, subject: Subject, days: Days) -> Planned:
        """Give what a subject's plans offer within the days."""
        return _planned(subject.plans, subject.time_zone, days.dates[0], days.dates[-1] + A_DAY, self._special)


@lru_cache(maxsize=512)
def _planned(plans: tuple[Plan, ...], time_zone: str, first: date, until: date, special: tuple[tuple[date, SpecialDay], ...]) -> Planned:
    days = local_days(first, until, time_zone)
    spans = tuple(planned_spans(plans, dict(special), days.window, zone(time_zone)))
    return spans, _by_day(spans, days)


def count(subject: Subject, days: Days, plans: Plans, *, uses: Rows, bookings: Rows, charges: Rows) -> Counted:
    """Count one instrument's rows within some days; rows are as gathering.py reads them."""
    counted = Counted()
    _count_uses(counted, days, (row for row in uses if row[MODE] != "maintenance"))
    repairs = [_span(row[1], row[2]) for row in uses if row[MODE] == "maintenance"]
    _count_opening(counted, subject, days, plans, repairs)
    if bookings:
        _count_bookings(counted, days, bookings)
    if charges:
        _count_income(counted, days, charges)
    return counted


def _count_uses(counted: Counted, days: Days, uses: Iterable[tuple[Any, ...]]) -> None:
    """Count what was used; most uses lie within one day, and there are millions of them."""
    starts, last, users = days.starts, len(days), counted.users
    for row in uses:
        start, end, effective = row[1], row[2], row[3]
        minutes, external = (end - start) // A_MINUTE, bool(row[5])
        if effective is None:
            effective = minutes
        first, shape = bisect_right(starts, start) - 1, (row[4], external, row[MODE], row[7])
        if not 0 <= first < last:  # it began before these days
            _share_use(counted, days, shape, (start, end), minutes, effective)
            continue
        on, shaped = counted.on(first), counted.shaped(first, shape)
        if end <= starts[first + 1]:
            on[USED_AT] += minutes
            on[EFFECTIVE_AT] += effective
            if external:
                on[EXTERNAL_AT] += effective
            shaped[0] += minutes
            shaped[1] += effective
        else:
            _share_use(counted, days, shape, (start, end), minutes, effective)
        users.add((first, row[11], row[12], external))
        _count_once(on, shaped, external, row[8], row[9], row[10])


def _share_use(counted: Counted, days: Days, shape: Shape, between: tuple[int, int], used: int, effective: int) -> None:
    for at, amount, names in ((0, used, (USED_AT,)), (1, effective, (EFFECTIVE_AT, EXTERNAL_AT) if shape[1] else (EFFECTIVE_AT,))):
        for number, part in days.shares(amount, *between):
            counted.shaped(number, shape)[at] += part
            for name in names:
                counted.on(number)[name] += part


def _count_once(on: list[int], shaped: list[int], external: bool, samples: int, runs: int, rating: str) -> None:
    on[USES_AT] += 1
    on[EXTERNAL_USES_AT] += external
    on[SAMPLES_AT] += samples
    on[RUNS_AT] += runs
    if rating:
        on[RATED_AT] += 1
        on[SATISFIED_AT] += rating in SATISFIED
    shaped[2] += 1
    shaped[3] += samples
    shaped[4] += runs


def _count_opening(counted: Counted, subject: Subject, days: Days, plans: Plans, repairs: Sequence[TimeSpan]) -> None:
    offered, by_day = _while_published(subject, plans.of(subject, days), days)
    closed = [(one.kind, span) for one, span in subject.closed(days.window)]
    broken = common([span for kind, span in closed if kind in DOWN_KINDS], spans_in(subject, ON_NETWORK, days.window)) if closed else []
    down = merged([*broken, *(part for one in repairs if (part := one.clipped(days.window)))])
    if closed:
        by_day = _by_day(minus(offered, [span for _, span in closed]), days)
    _add(counted, "opening", enumerate(by_day), subject, days)
    if down:
        _add(counted, "down", enumerate(_by_day(down, days)), None, days)
        _add(counted, "down_open", enumerate(_by_day(common(offered, down), days)), subject, days)


def _add(counted: Counted, name: str, parts: Iterable[tuple[int, int]], subject: Subject | None, days: Days) -> None:
    """Add minutes to days; with a subject, times the places it had on the day."""
    at = AT[name]
    places = subject.lanes if subject is not None else 1
    changes = subject.lane_counts if subject is not None else ()
    for number, minutes in parts:
        if minutes:
            counted.on(number)[at] += minutes * (lanes_on(days.dates[number], changes, places) if changes else places)


def _by_day(spans: Iterable[TimeSpan], days: Days) -> tuple[int, ...]:
    minutes = [0] * len(days)
    for span in spans:
        for number, part in days.minutes(span):
            minutes[number] += part
    return tuple(minutes)


def _while_published(subject: Subject, planned: Planned, days: Days) -> Planned:
    """Keep what lies in times at which the instrument was published; days that lie in them wholly are not counted anew."""
    on = spans_in(subject, PUBLISHED, days.window)
    if on == [days.window]:
        return planned
    spans, by_day = planned
    minutes = [0] * len(days)
    for one in on:
        first, last = days.whole(one)
        minutes[first:last] = by_day[first:last]
        for edge in days.edges(one):
            for span in _cut(spans, edge):
                for number, part in days.minutes(span):
                    minutes[number] += part
    return tuple(part for one in on for part in _cut(spans, one)), tuple(minutes)


def _cut(spans: Sequence[TimeSpan], window: TimeSpan) -> list[TimeSpan]:
    """Keep what lies within a window, of spans that are sorted and disjoint."""
    first, last = bisect_right(spans, window.start, key=attrgetter("end")), bisect_left(spans, window.end, key=attrgetter("start"))
    return [part for one in spans[first:last] if (part := one.clipped(window))]


def spans_in(subject: Subject, publications: Collection[str], window: TimeSpan) -> list[TimeSpan]:
    """Give the times within a window at which an instrument was in one of some states; before its first known one, since it was published."""
    since = subject.published_at
    states = [(since, "published")] if since and (not subject.phases or since < subject.phases[0][0]) else []
    states += subject.phases
    ends = [at for at, _ in states[1:]] + [max(window.end, states[-1][0])] if states else []
    spans = [TimeSpan(at, end) for (at, state), end in zip(states, ends, strict=True) if state in publications and at < end]
    return merged(part for one in spans if (part := one.clipped(window)))


def _count_bookings(counted: Counted, days: Days, bookings: Rows) -> None:
    late: dict[int, list[TimeSpan]] = {}
    for _, lane, start, end, status in bookings:
        if status == "cancelled":
            late.setdefault(lane, []).append(_span(start, end))
            continue
        for number, part in days.shares((end - start) // A_MINUTE, start, end):
            on = counted.on(number)
            on[BOOKED_AT] += part
            if status == "no_show":
                on[NO_SHOW_AT] += part
        first = days.index(start)
        if first is not None:
            counted.on(first)[BOOKINGS_AT] += 1
    for lane, spans in late.items():
        for span in minus(merged(spans), [_span(row[2], row[3]) for row in bookings if row[1] == lane and row[4] != "cancelled"]):
            for number, part in days.minutes(span):
                counted.on(number)[LATE_CANCEL_AT] += part


def _count_income(counted: Counted, days: Days, charges: Rows) -> None:
    for _, used_at, fen, audience, external, mode, purpose in charges:
        number = days.index(used_at)
        if number is not None:
            on = counted.on(number)
            on[INCOME_AT] += fen
            on[EXTERNAL_INCOME_AT] += fen if external else 0
            counted.shaped(number, (audience, bool(external), mode, purpose))[5] += fen


def _span(start: int, end: int) -> TimeSpan:
    return TimeSpan(EPOCH + start * A_MICROSECOND, EPOCH + end * A_MICROSECOND)
