"""The week, or the day, of one instrument: which one is asked for, what is known of its time, and a mark by which browsers keep it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import url_for
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.errors import Invalid, Sentence
from instruments.opening import Opening, openings
from instruments.rulebooks import in_force, rule_book_history
from instruments.schedules import Schedule, schedule_of
from instruments.timespan import TimeSpan, at_wall, common, merged, minus
from portal.formats import day
from portal.language import current_language, say, t
from portal.stretches import Mark, Times
from portal.weekgrid import WeekGrid, build
from scheduling.availability import availability_of
from scheduling.held import Held, calendar_mark, held_in
from scheduling.rules.book import read_entries
from scheduling.rules.bounds import Bounds, bounds

WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")
FARTHEST = timedelta(days=1100)
FRESH = timedelta(minutes=5)  # a kept week shows the line of now and what is past that much late


@dataclass(frozen=True, slots=True)
class Asked:
    """The days a reader wants to see, on the instrument's clock: seven from a Monday, or one."""

    first: date
    days: int

    def span(self, tz: str) -> TimeSpan:
        """Give the time from the first midnight to the last."""
        zone = ZoneInfo(tz)
        return TimeSpan(at_wall(self.first, 0, zone), at_wall(self.first + timedelta(days=self.days), 0, zone))

    def moved(self, by: int) -> Asked:
        """Give the same number of days before (-1) or after (1)."""
        return Asked(self.first + timedelta(days=by * self.days), self.days)

    def query(self) -> dict[str, str]:
        """Give what stands in the address."""
        if self.days == 1:
            return {"day": self.first.isoformat()}
        year, week, _ = self.first.isocalendar()
        return {"week": f"{year:04}-W{week:02}"}

    @property
    def is_day(self) -> bool:
        """Say whether one day is shown alone."""
        return self.days == 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A week or day ready for the page: what it is called, its table, and where the steps beside it lead (parts of an address)."""

    asked: Asked
    title: str
    grid: WeekGrid
    before: dict[str, str]
    after: dict[str, str]
    today: dict[str, str]
    other: dict[str, str]


def asked_days(args: Mapping[str, str], tz: str, now: datetime) -> Asked:
    """Read ?week=2026-W48 or ?day=2026-11-24; without either, this week. Invalid for anything else, and for what is three years away."""
    today = now.astimezone(ZoneInfo(tz)).date()
    if args.get("day"):
        asked = Asked(_read_day(args["day"]), 1)
    elif args.get("week"):
        asked = Asked(_read_week(args["week"]), 7)
    else:
        asked = week_of(today)
    if abs(asked.first - today) > FARTHEST:
        raise Invalid(
            "week", Sentence("只能查看前后三年以内的日历。", "The calendar shows three years back and three years ahead, no further.")
        )
    return asked


def _read_day(text: str) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("day", Sentence("日期应写成 2026-11-24 这样的形式。", "A day is written like 2026-11-24, and must exist.")) from error


def _read_week(text: str) -> date:
    found = WEEK.fullmatch(text)
    try:
        if not found:
            raise ValueError(text)
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise Invalid("week", Sentence("周应写成 2026-W48 这样的形式。", "A week is written like 2026-W48, and must exist.")) from error


def week_mark(session: Session, instrument: Instrument, asked: Asked, now: datetime) -> str:
    """Give a mark of a public week that changes when anything on it does; one statement, and nothing is built."""
    parts = (
        instrument.id, instrument.version, instrument.schedule_version, asked, current_language(),
        int(now.timestamp() // FRESH.total_seconds()), calendar_mark(session, instrument.id, asked.span(instrument.time_zone)),
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:24]


def shown_week(session: Session, instrument: Instrument, asked: Asked, viewer: Viewer, now: datetime) -> Shown:
    """Read and lay out a week or a day; six statements at most, whatever the history."""
    schedule, window = schedule_of(instrument), asked.span(instrument.time_zone)
    books = rule_book_history(session, [instrument.id]).get(instrument.id, [])
    limits = bounds(read_entries(in_force(books, now)), instrument, now)
    reach = schedule.setup + schedule.cleanup
    held = held_in(session, [instrument.id], window.widened(reach, reach), viewer)
    opening = openings(session, [schedule], window)[instrument.id]
    times = times_of(instrument, opening, held, limits, viewer, window, now)
    tz = instrument.time_zone
    grid = build(times, window, tz, limits.step_minutes, now, only_on_step=True)
    today = now.astimezone(ZoneInfo(tz)).date()
    this = Asked(today, 1).query() if asked.is_day else {}
    return Shown(asked, _title(asked, tz), grid, asked.moved(-1).query(), asked.moved(1).query(), this, _other(asked, today))


def week_of(on: date) -> Asked:
    """Give the week a day lies in."""
    return Asked(on - timedelta(days=on.weekday()), 7)


def _other(asked: Asked, today: date) -> dict[str, str]:
    """Give the day to show for a week (today if it lies there), or the week for a day."""
    if asked.is_day:
        return week_of(asked.first).query()
    return Asked(today if today in (asked.first + timedelta(days=i) for i in range(7)) else asked.first, 1).query()


def _title(asked: Asked, tz: str) -> str:
    if asked.is_day:
        return day(asked.first, tz)
    week = asked.first.isocalendar().week
    last = asked.first + timedelta(days=6)
    return t("第 {n} 周：{first} 至 {last}", "Week {n}: {first} to {last}", n=week, first=day(asked.first, tz), last=day(last, tz))


def times_of(
    instrument: Instrument, opening: Opening, held: Sequence[Held], limits: Bounds, viewer: Viewer, window: TimeSpan, now: datetime
) -> Times:  # fmt: skip
    """Put together what a calendar draws of one instrument: what is held, what is free, closures, and the bookings this reader may open."""
    schedule = schedule_of(instrument)
    busy: list[TimeSpan] = []
    holds: list[TimeSpan] = []
    for lane in {one.lane for one in held if one.holds}:
        sure, waiting = _taken(schedule, opening, [one for one in held if one.holds and one.lane == lane])
        busy += sure
        holds += waiting
    by_lane: dict[int, list[TimeSpan]] = {}
    for one in held:
        if one.holds:
            by_lane.setdefault(one.lane, []).append(one.occupied)
    free = availability_of(schedule, window, opening, by_lane).free_spans
    shut = [Mark(one.span, one.reason) for one in opening.shut]
    return Times(
        opening.open_spans, busy=busy, holds=holds, mine=list(_named(instrument, held, viewer)),
        closures=[*shut, *_out_of_bounds(free, limits, now)], capacity=schedule.lanes,
    )  # fmt: skip


def _taken(schedule: Schedule, opening: Opening, held: Sequence[Held]) -> tuple[list[TimeSpan], list[TimeSpan]]:
    """Give what one lane's bookings and its waiting requests keep others from; the time a new use needs beside them counts where it is open."""

    def kept(some: Iterable[Held]) -> list[TimeSpan]:
        occupied = [one.occupied for one in some]
        beside = common((span.widened(schedule.cleanup, schedule.setup) for span in occupied), opening.open_spans)
        return merged([*occupied, *beside])

    sure = kept(one for one in held if one.status != "requested")
    return sure, minus(kept(one for one in held if one.status == "requested"), sure)


def _named(instrument: Instrument, held: Sequence[Held], viewer: Viewer) -> Iterable[Mark]:
    """Give the bookings this reader may open: her own, her group's, or, to those who manage the instrument, everybody's."""
    reads_all = not viewer.is_anonymous and viewer.may_inspect(instrument)
    for one in held:
        is_own = not viewer.is_anonymous and one.person_id == viewer.person_id
        if is_own or reads_all or (one.group_id is not None and one.group_id in viewer.pi_group_ids):
            label = t("我的预约", "My booking") if is_own else one.person_name
            if one.status == "requested":
                label += t("（待审批）", " (waiting)")
            yield Mark(one.span, label, url_for("bookings.show", booking_id=one.id))


def _out_of_bounds(free: Sequence[TimeSpan], limits: Bounds, now: datetime) -> Iterable[Mark]:
    """Give the free time in which no booking may begin any more, or not yet, with the rule that says so."""
    barred: list[tuple[TimeSpan, Sentence]] = []
    if limits.earliest_rule is not None and limits.earliest > now:
        barred.append((TimeSpan(now, limits.earliest), limits.earliest_rule))
    if limits.latest is not None and limits.latest_rule is not None:
        barred.append((TimeSpan(limits.latest, limits.latest + 2 * FARTHEST), limits.latest_rule))
    for span, rule in barred:
        yield from (Mark(part, say(rule)) for part in common(free, [span]))
