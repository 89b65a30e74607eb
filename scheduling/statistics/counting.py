"""Counting: the raw rows of one instrument made into its quantities by local day. Pure; rollup.py reads and writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from instruments.closures import closure_spans
from instruments.holidays import SpecialDay
from instruments.lanes import lanes_on
from instruments.opening import Plan, planned_spans
from instruments.timespan import TimeSpan, common, merged, minus, zone
from scheduling.statistics.calendar import Days
from scheduling.statistics.figures import USED
from scheduling.statistics.gathering import KEPT, LATE, Subject
from scheduling.statistics.quantities import SUMMED

AT = {name: number for number, name in enumerate(SUMMED)}
DOWN_KINDS = frozenset({"fault", "maintenance"})
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
    """Open spans by plan: many instruments keep the same hours, so that they are worked out once."""

    def __init__(self, special: Mapping[Any, SpecialDay]) -> None:
        self._special = special
        self._known: dict[tuple[tuple[Plan, ...], str, TimeSpan], Planned] = {}

    def of(self, subject: Subject, days: Days) -> Planned:
        """Give what a subject's plans offer within the days."""
        key = (subject.plans, subject.time_zone, days.window)
        if key not in self._known:
            spans = tuple(planned_spans(subject.plans, self._special, days.window, zone(subject.time_zone)))
            self._known[key] = spans, _by_day(spans, days)
        return self._known[key]


def count(
    subject: Subject, days: Days, plans: Plans, *, uses: Iterable[Sequence[Any]], bookings: Iterable[Any], charges: Iterable[Any]
) -> Counted:
    """Count one instrument's rows within some days; rows are as gathering.py reads them."""
    counted = Counted()
    repairs = _count_uses(counted, days, uses)
    _count_opening(counted, subject, days, plans, repairs)
    _count_bookings(counted, days, bookings)
    _count_income(counted, days, charges)
    return counted


def _count_uses(counted: Counted, days: Days, uses: Iterable[Sequence[Any]]) -> list[TimeSpan]:
    """Count what was used, and give the times of maintenance, which is no use but down time."""
    repairs: list[TimeSpan] = []
    used_at, effective_at, external_at = AT["used"], AT["effective"], AT["external"]
    for _, start, end, effective, audience, external, mode, purpose, samples, runs, rating, person, organisation in uses:
        if mode == "maintenance":
            repairs.append(TimeSpan(start, end))
            continue
        minutes = int((end - start).total_seconds() // 60)
        shape = (audience, bool(external), mode, purpose)
        for number, part in days.shares(minutes, start, end):
            counted.on(number)[used_at] += part
            counted.shaped(number, shape)[0] += part
        for number, part in days.shares(minutes if effective is None else effective, start, end):
            on = counted.on(number)
            on[effective_at] += part
            if external:
                on[external_at] += part
            counted.shaped(number, shape)[1] += part
        first = days.index(start)
        if first is not None:
            counted.users.add((first, person, organisation, bool(external)))
            _count_once(counted.on(first), counted.shaped(first, shape), bool(external), samples, runs, rating)
    return repairs


def _count_once(on: list[int], shaped: list[int], external: bool, samples: int, runs: int, rating: str) -> None:
    on[AT["uses"]] += 1
    on[AT["external_uses"]] += external
    on[AT["samples"]] += samples
    on[AT["runs"]] += runs
    on[AT["rated"]] += rating != ""
    on[AT["satisfied"]] += rating in SATISFIED
    shaped[2] += 1
    shaped[3] += samples
    shaped[4] += runs


def _count_opening(counted: Counted, subject: Subject, days: Days, plans: Plans, repairs: Sequence[TimeSpan]) -> None:
    planned, by_day = plans.of(subject, days)
    offered = _while_published(subject, planned, days.window)
    closed = [(one.kind, span) for one in subject.closures for span in closure_spans(one, days.window)]
    down = merged([span for kind, span in closed if kind in DOWN_KINDS] + [part for one in repairs if (part := one.clipped(days.window))])
    if closed:
        left = minus(offered, [span for _, span in closed])
        by_day = _by_day(left, days)
    elif offered is not planned:
        by_day = _by_day(offered, days)
    _add(counted, "opening", enumerate(by_day), subject, days)
    if down:
        _add(counted, "down", enumerate(_by_day(down, days)), None, days)
        _add(counted, "down_open", enumerate(_by_day(common(offered, down), days)), subject, days)


def _add(counted: Counted, name: str, parts: Iterable[tuple[int, int]], subject: Subject | None, days: Days) -> None:
    """Add minutes to days; with a subject, times the places it had on the day."""
    at = AT[name]
    for number, minutes in parts:
        if minutes:
            places = lanes_on(days.dates[number], subject.lane_counts, subject.lanes) if subject is not None else 1
            counted.on(number)[at] += minutes * places


def _by_day(spans: Iterable[TimeSpan], days: Days) -> tuple[int, ...]:
    minutes = [0] * len(days)
    for span in spans:
        for number, part in days.shares(span.minutes, span.start, span.end):
            minutes[number] += part
    return tuple(minutes)


def _while_published(subject: Subject, planned: tuple[TimeSpan, ...], window: TimeSpan) -> Sequence[TimeSpan]:
    """Keep what lies in times at which the instrument was on the network; the very same value where it was all the time."""
    on = published_spans(subject, window)
    return planned if on == [window] else common(planned, on)


def published_spans(subject: Subject, window: TimeSpan) -> list[TimeSpan]:
    """Give the times within a window at which an instrument was published; before its first known phase, since it was published."""
    since = subject.published_at
    states: list[tuple[datetime, bool]] = [(since, True)] if since and (not subject.phases or since < subject.phases[0][0]) else []
    states += [(at, publication == "published") for at, publication in subject.phases]
    ends = [at for at, _ in states[1:]] + [max(window.end, states[-1][0])] if states else []
    spans = [TimeSpan(at, end) for (at, is_on), end in zip(states, ends, strict=True) if is_on and at < end]
    return merged(part for one in spans if (part := one.clipped(window)))


def _count_bookings(counted: Counted, days: Days, bookings: Iterable[Any]) -> None:
    rows = list(bookings)
    kept = [row for row in rows if row.status in KEPT]
    for row in kept:
        minutes = TimeSpan(row.start_at, row.end_at).minutes
        for number, part in days.shares(minutes, row.start_at, row.end_at):
            on = counted.on(number)
            on[AT["booked"]] += part
            if row.status == "no_show":
                on[AT["no_show"]] += part
        first = days.index(row.start_at)
        if first is not None:
            counted.on(first)[AT["bookings"]] += 1
    for span in _lost_to_cancelling(rows, kept):
        for number, part in days.shares(span.minutes, span.start, span.end):
            counted.on(number)[AT["late_cancel"]] += part


def _lost_to_cancelling(rows: Iterable[Any], kept: Collection[Any]) -> Iterator[TimeSpan]:
    """Give what late cancellations left empty: their times less what was booked again in the same place, each time counted once."""
    late: dict[int, list[TimeSpan]] = {}
    for row in rows:
        if row.status == "cancelled" and row.changed_at > row.start_at - LATE:
            late.setdefault(row.lane, []).append(TimeSpan(row.start_at, row.end_at))
    for lane, spans in late.items():
        yield from minus(merged(spans), [TimeSpan(row.start_at, row.end_at) for row in kept if row.lane == lane])


def _count_income(counted: Counted, days: Days, charges: Iterable[Any]) -> None:
    for row in charges:
        number = days.index(row.used_at)
        if number is None or row.total is None:
            continue
        fen, external = int(row.total * 100), bool(row.is_external)
        on = counted.on(number)
        on[AT["income"]] += fen
        on[AT["external_income"]] += fen if external else 0
        counted.shaped(number, (row.audience, external, row.mode, row.purpose))[5] += fen


