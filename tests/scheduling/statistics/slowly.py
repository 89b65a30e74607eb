"""The figures of one instrument worked out slowly and obviously from the raw rows: minute by minute, with the clock on its wall.

Nothing of the portal's own arithmetic is used: no spans, no opening hours, no closures, no days of statistics. A minute counts as a whole;
what begins or ends within one begins or ends with it. Wall clock: a time is reached in the first minute at which the clock shows it or a
later one, and a local day that has begun does not end before the next one begins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from instruments.catalogue import Instrument, PublicationPhase
from instruments.closures import Closure
from instruments.holidays import Holiday
from instruments.lanes import LaneCount
from instruments.opening import OpeningHours
from instruments.standing import PastStanding
from scheduling.accounting.charges import Charge
from scheduling.bookings import Booking
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Figures = dict[tuple[Any, ...], Counter[str]]


class Clock:
    """A wall clock, read once a minute from one instant to another."""

    def __init__(self, name: str, since: datetime, until: datetime) -> None:
        self.minutes: list[datetime] = []
        self.days: list[date] = []
        self._first: dict[datetime, datetime] = {}
        tz, at, furthest, day = ZoneInfo(name), since, None, date.min
        while at < until:
            shown = at.astimezone(tz).replace(tzinfo=None)
            day = max(day, shown.date())
            self.minutes.append(at)
            self.days.append(day)
            furthest = furthest or shown - MINUTE
            while furthest < shown:  # reached now for the first time, and so is all that the clock has jumped over
                furthest += MINUTE
                self._first[furthest] = at
            at += MINUTE
        self._earliest = min(self._first)

    def reaches(self, wall: datetime) -> datetime:
        """Say when the clock shows a time or a later one for the first time; at the edges of what was read where that lies outside."""
        if wall < self._earliest:
            return self.minutes[0]
        return self._first.get(_whole(wall), self.minutes[-1] + MINUTE)


clock_of = lru_cache(64)(Clock)


class Slowly:
    """The raw rows of an instrument, and what they come to by day."""

    def __init__(self, connection: Connection, instrument_id: int, *, since: datetime, now: datetime) -> None:
        self.read = lambda table, *where: connection.execute(select(table.__table__).where(*where)).all()
        self.mine = lambda table: self.read(table, table.instrument_id == instrument_id)
        self.instrument = self.read(Instrument, Instrument.id == instrument_id)[0]
        self.clock = clock_of(self.instrument.time_zone, since, now + 2 * DAY)
        self.today = now.astimezone(ZoneInfo(self.instrument.time_zone)).date()
        self.since, self.until = since, now + 2 * DAY
        self.day_of = dict(zip(self.clock.minutes, self.clock.days, strict=True))
        self.moves = sorted((_whole(row.until_at), row.id, row.facility_id) for row in self.mine(PastStanding))
        self.days: Figures = defaultdict(Counter)
        self.shapes: Figures = defaultdict(Counter)
        self.users: set[tuple[Any, ...]] = set()
        self._count_uses()
        self._count_minutes()
        self._count_bookings()
        self._count_charges()
        for figures in (self.days, self.shapes):
            for key in [key for key in figures if key[0] > self.today]:
                del figures[key]

    def months(self, figures: Figures) -> Figures:
        """Add days up to months."""
        return self._added(figures, lambda day: day.replace(day=1))

    def years(self, figures: Figures) -> Figures:
        """Add days up to years."""
        return self._added(figures, lambda day: day.replace(month=1, day=1))

    def _added(self, figures: Figures, period: Callable[[date], date]) -> Figures:
        added: Figures = defaultdict(Counter)
        for (day, *shape), counts in figures.items():
            for name, count in counts.items():
                added[period(day), *shape][name] += count
        return added

    # What was used

    def _count_uses(self) -> None:
        waiting = {row.usage_id for row in self.read(UsageProblem) if row.resolved_at is None}
        self.counting = [row for row in self.mine(UsageRecord) if row.status in ("recorded", "confirmed") and row.id not in waiting]
        for row in self.counting:
            if row.mode == "maintenance":
                continue
            shape = (row.audience, row.is_external, row.mode, row.purpose)
            used = floor(Fraction((row.end_at - row.start_at) / timedelta(seconds=1)) / 60)
            effective = used if row.effective_minutes is None else row.effective_minutes
            for day, part in self._parts(used, row.start_at, row.end_at):
                self.days[day,]["used"] += part
                self.shapes[day, *shape]["used"] += part
            for day, part in self._parts(effective, row.start_at, row.end_at):
                self.days[day,]["effective"] += part
                self.days[day,]["external"] += part if row.is_external else 0
                self.shapes[day, *shape]["effective"] += part
            self._begun(row, shape)

    def _begun(self, row: Any, shape: tuple[Any, ...]) -> None:
        day = self._day_of(row.start_at)
        self.days[day,].update(
            uses=1, external_uses=int(row.is_external), samples=row.samples, runs=row.runs, rated=int(row.rating != ""),
            satisfied=int(row.rating in ("very_satisfied", "satisfied")),
        )  # fmt: skip
        self.shapes[day, *shape].update(uses=1, samples=row.samples, runs=row.runs)
        if day <= self.today:
            self.users.add((day, row.person_id, row.organisation_id, row.is_external))

    def _parts(self, amount: int, start: datetime, end: datetime) -> Iterator[tuple[date, int]]:
        """Share an amount by what has come up at the end of each day; whole units, so that nothing is lost and nothing told twice."""
        last: dict[date, datetime] = {}
        for at in _minutes_of(_whole(start), _whole(end) + MINUTE):
            if at < end:
                day = self.day_of[at]
                last[day] = max(min(at + MINUTE, end), last.get(day, start))
        told = 0
        for day, by in sorted(last.items()):
            come_up = floor(
                Fraction((by - start) / timedelta(microseconds=1)) / Fraction((end - start) / timedelta(microseconds=1)) * amount
            )
            yield day, come_up - told
            told = come_up
        assert told == amount, "the parts make the whole"

    def _day_of(self, at: datetime) -> date:
        return self.day_of[_whole(at)]

    # What was offered, and what was broken

    def _count_minutes(self) -> None:
        """Walk through all minutes and ask of each what it was."""
        planned, closed, broken, repaired = self._planned(), self._closed(), self._closed("fault", "maintenance"), self._repaired()
        words, lanes = self._words(), {day: self._places(day) for day in set(self.clock.days)}
        for at, day in zip(self.clock.minutes, self.clock.days, strict=True):
            state = max((word for word in words if word[0] <= at), default=(at, 0, ""))[2]
            offered = at in planned and state == "published"
            down = at in repaired or (at in broken and state in ("published", "suspended"))
            if not (offered or down) or day > self.today:
                continue
            places, counts = lanes[day], self.days[day,]
            counts["opening"] += places if offered and at not in closed else 0
            counts["down"] += down
            counts["down_open"] += places if down and offered else 0

    def _words(self) -> list[tuple[datetime, int, str]]:
        """Give from when the publication was what; before the first word, an instrument that was published is so since then."""
        phases = self.mine(PublicationPhase)
        words = [(_whole(row.at), row.id, row.publication) for row in phases]
        since = self.instrument.published_at
        if since is not None and (not words or since < min(row.at for row in phases)):
            words.append((_whole(since), 0, "published"))
        return words

    def _places(self, day: date) -> int:
        known = [(row.valid_from, row.lanes) for row in self.mine(LaneCount) if row.valid_from <= day]
        return max(known)[1] if known else self.instrument.lanes

    def _planned(self) -> set[datetime]:
        plans = sorted(self.mine(OpeningHours), key=lambda row: row.valid_from)
        special = {row.on_date: row for row in self.read(Holiday)}
        minutes: set[datetime] = set()
        for day in sorted({self.clock.days[0] - 2 * DAY, self.clock.days[0] - DAY, *self.clock.days}):
            plan = [row for row in plans if row.valid_from <= day][-1:]
            weekday = day.weekday()
            if plan and plan[0].on_holidays == "closed" and day in special:
                weekday = special[day].worked_as if special[day].is_workday else -1
            for on, opens, shuts in plan[0].weekly if plan else ():
                if on == weekday:
                    midnight = datetime.combine(day, time())
                    minutes |= self._between(self.clock, midnight + opens * MINUTE, midnight + shuts * MINUTE)
        return minutes

    def _between(self, clock: Clock, start: datetime, end: datetime, until: datetime | None = None) -> set[datetime]:
        """Give the minutes between two times by a wall clock."""
        return _minutes_of(max(clock.reaches(start), self.since), min(clock.reaches(end), until or self.until, self.until))

    def _closed(self, *kinds: str) -> set[datetime]:
        minutes: set[datetime] = set()
        homes = {at: self._facility_at(at) for at in self.clock.minutes}
        for row in self.read(Closure):
            if row.instrument_id not in (None, self.instrument.id) or (kinds and row.kind not in kinds):
                continue
            shut = self._shut(row)
            minutes |= shut if row.instrument_id is not None else {at for at in shut if homes.get(at) == row.facility_id}
        return minutes

    def _facility_at(self, at: datetime) -> int | None:
        """Say in which facility it was in a minute: where it was before the first move that came later, or else where it is."""
        for until, _, facility_id in self.moves:
            if at < until:
                return facility_id
        return self.instrument.facility_id

    def _shut(self, row: Any) -> set[datetime]:
        lifted = _whole(row.lifted_at) if row.lifted_at is not None else self.until
        if not row.repeats:
            return _minutes_of(max(_whole(row.start_at), self.since), min(_whole(row.end_at), lifted, self.until))
        tz, clock = ZoneInfo(row.time_zone), clock_of(row.time_zone, self.since - 3 * DAY, self.until + 3 * DAY)
        first, end = row.start_at.astimezone(tz).replace(tzinfo=None), row.end_at.astimezone(tz).replace(tzinfo=None)
        length = end - first if end > first else row.end_at - row.start_at
        minutes: set[datetime] = set()
        for day in sorted(set(clock.days)):
            if self._recurs(row, first.date(), day) and day.isoformat() not in row.lifted_days:
                begin = datetime.combine(day, first.time())
                minutes |= self._between(clock, begin, begin + length, lifted)
        return minutes

    def _recurs(self, row: Any, first: date, day: date) -> bool:
        if not first <= day <= row.repeat_until:
            return False
        if row.repeats == "monthly":
            months = (day.year - first.year) * 12 + day.month - first.month
            return day.day == first.day and months % row.repeat_every == 0
        return (day - first).days % (row.repeat_every * (7 if row.repeats == "weekly" else 1)) == 0

    def _repaired(self) -> set[datetime]:
        minutes: set[datetime] = set()
        for row in self.counting:
            if row.mode == "maintenance":
                minutes |= _minutes_of(_whole(row.start_at), _whole(row.end_at))
        return minutes

    # What was booked, and what came in

    def _count_bookings(self) -> None:
        rows = self.mine(Booking)
        kept = [row for row in rows if row.status in ("confirmed", "running", "finished", "no_show")]
        for row in kept:
            for at in _minutes_of(row.start_at, row.end_at):
                day = self._day_of(at)
                self.days[day,]["booked"] += 1
                self.days[day,]["no_show"] += row.status == "no_show"
            self.days[self._day_of(row.start_at),]["bookings"] += 1
        for lane in {row.lane for row in rows}:
            again = {at for row in kept if row.lane == lane for at in _minutes_of(row.start_at, row.end_at)}
            late = [row for row in rows if row.lane == lane and row.status == "cancelled" and row.changed_at > row.start_at - DAY]
            for at in {at for row in late for at in _minutes_of(row.start_at, row.end_at)} - again:
                self.days[self._day_of(at),]["late_cancel"] += 1

    def _count_charges(self) -> None:
        uses = {row.id: row for row in self.mine(UsageRecord)}
        booked = {row.id: row for row in self.mine(Booking)}
        for row in self.mine(Charge):
            if row.final_at is None:
                continue
            outside = row.user_organisation_id != row.organisation_id
            shape = ("other" if outside else "internal", outside, "self", "other")
            if row.booking_id is not None:
                one = booked[row.booking_id]
                shape = (one.audience, outside, one.mode, one.purpose)
            if row.usage_id is not None:
                one = uses[row.usage_id]
                shape = (one.audience, one.is_external, one.mode, one.purpose)
            fen, day = int(row.total * 100), self._day_of(row.used_at)
            self.days[day,].update(income=fen, external_income=fen if shape[1] else 0)
            self.shapes[day, *shape]["income"] += fen


def _whole(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _minutes_of(start: datetime, end: datetime) -> set[datetime]:
    return {start + number * MINUTE for number in range(max(0, (end - start) // MINUTE))}
