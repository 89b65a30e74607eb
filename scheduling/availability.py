"""When instruments are free: open spans less what is held, lane by lane, for one instrument or thousands, in few statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from instruments.errors import Invalid, Sentence
from instruments.opening import Opening, openings
from instruments.schedules import Schedule, schedules
from instruments.timespan import TimeSpan, at_wall, minus, zone
from scheduling.bookings import holding

WIDEST_WINDOW = timedelta(days=92)


@dataclass(frozen=True)
class Availability:
    """One instrument's free time in a window. A use fits when one lane is free for the whole of it, buffers included."""

    schedule: Schedule
    window: TimeSpan
    opening: Opening
    free_by_lane: tuple[tuple[TimeSpan, ...], ...]

    @cached_property
    def free_spans(self) -> tuple[TimeSpan, ...]:
        """Give the times at which some lane is free, each as long as one lane stays so, in order of start; lanes may make them overlap."""
        spans = sorted({span for lane in self.free_by_lane for span in lane})
        return tuple(span for span in spans if not any(other != span and other.contains(span) for other in spans))

    @cached_property
    def busy_spans(self) -> tuple[TimeSpan, ...]:
        """Give the open times at which no lane is free."""
        return tuple(minus(self.opening.open_spans, self.free_spans))

    def lane_for(self, span: TimeSpan) -> int | None:
        """Give the lowest lane (1, 2, ...) that is free and open for the whole span, or None."""
        for number, lane in enumerate(self.free_by_lane, 1):
            if any(free.contains(span) for free in lane):
                return number
        return None

    def starts(self, duration: timedelta, *, not_before: datetime) -> Iterable[datetime]:
        """Give the earliest start within each free span that is long enough, on the instrument's grid."""
        for free in self.free_spans:
            start = next_on_grid(max(free.start, not_before), self.schedule.step_minutes, self.schedule.time_zone)
            if start + duration <= free.end:
                yield start

    def first_free(self, duration: timedelta, *, not_before: datetime) -> TimeSpan | None:
        """Give the earliest use of this length, or None."""
        return next((TimeSpan(start, start + duration) for start in self.starts(duration, not_before=not_before)), None)

    def free_from(self, start: datetime) -> TimeSpan | None:
        """Give the longest free span from this instant on, or None when no lane is free then."""
        ends = [free.end for free in self.free_spans if free.has(start)]
        return TimeSpan(start, max(ends)) if ends else None


def next_on_grid(instant: datetime, step_minutes: int, time_zone: str, offset_minutes: int = 0) -> datetime:
    """Give the first instant not before this one that lies on the grid of the wall clock, which begins anew at each local midnight."""
    tz, step = zone(time_zone), timedelta(minutes=step_minutes)
    over = _past_midnight(instant, tz, offset_minutes) % step
    while over:
        midnight = at_wall(instant.astimezone(tz).date() + timedelta(days=1), 0, tz)
        instant = min(instant + step - over, midnight)  # when the clocks change in between, this is not on the grid yet
        over = _past_midnight(instant, tz, offset_minutes) % step
    return instant


def last_on_grid(instant: datetime, step_minutes: int, time_zone: str, offset_minutes: int = 0) -> datetime:
    """Give the last instant not after this one that lies on the grid of the wall clock, or this one where there is none within a step."""
    found = next_on_grid(instant - timedelta(minutes=step_minutes), step_minutes, time_zone, offset_minutes)
    while found < instant:
        following = next_on_grid(found + timedelta(minutes=1), step_minutes, time_zone, offset_minutes)
        if following > instant:
            break
        found = following
    return min(found, instant)


def _past_midnight(instant: datetime, tz: ZoneInfo, offset_minutes: int) -> timedelta:
    local = instant.astimezone(tz)
    return timedelta(
        hours=local.hour, minutes=local.minute - offset_minutes, seconds=local.second, microseconds=local.microsecond
    )


def availabilities(
    session: Session, wanted: Sequence[Schedule], window: TimeSpan, *, apart_from: Iterable[int] = ()
) -> dict[int, Availability]:
    """Compute the availability of many instruments in a window: four statements however many there are.

    `apart_from` names bookings to ignore: the one being moved.
    """
    opened = openings(session, wanted, window)
    reach = max((schedule.setup + schedule.cleanup for schedule in wanted), default=timedelta())
    held: dict[int, dict[int, list[TimeSpan]]] = {}
    for instrument_id, lane, span in holding(session, [one.id for one in wanted], window.widened(reach, reach), apart_from=apart_from):
        held.setdefault(instrument_id, {}).setdefault(lane, []).append(span)
    return {one.id: availability_of(one, window, opened[one.id], held.get(one.id, {})) for one in wanted}


def availability_of(schedule: Schedule, window: TimeSpan, opening: Opening, held: Mapping[int, Sequence[TimeSpan]]) -> Availability:
    """Take what is held in each lane, widened by the buffers of a new use beside it, out of the open spans. Pure."""
    lanes: list[tuple[TimeSpan, ...]] = []
    for number in range(1, schedule.lanes + 1):
        occupied = held.get(number, ())
        if not occupied:
            lanes.append(opening.open_spans)
            continue
        blocked = [span.widened(schedule.cleanup, schedule.setup) for span in occupied]
        lanes.append(tuple(minus(opening.open_spans, blocked)))
    return Availability(schedule, window, opening, tuple(lanes))


def availability(session: Session, schedule: Schedule, window: TimeSpan, *, apart_from: Iterable[int] = ()) -> Availability:
    """Compute the availability of one instrument; a window over 92 days is refused."""
    if window.duration > WIDEST_WINDOW:
        raise Invalid("until", Sentence("查询的时间范围不能超过 92 天。", "A window may be at most 92 days wide."))
    return availabilities(session, [schedule], window, apart_from=apart_from)[schedule.id]


def free_between(
    session: Session, instrument_ids: Iterable[int], window: TimeSpan, duration: timedelta, *, not_before: datetime | None = None
) -> dict[int, TimeSpan]:
    """Give, for every instrument free for that long within the window, its earliest such time. No statement per instrument."""
    if duration <= timedelta() or duration > window.duration:
        raise Invalid(
            "duration", Sentence("时长须大于零，且不超过所选时间范围。", "The duration must be above zero and fit into the window.")
        )
    found: dict[int, TimeSpan] = {}
    for instrument_id, one in availabilities(session, schedules(session, instrument_ids), window).items():
        first = one.first_free(duration, not_before=max(not_before or window.start, window.start))
        if first is not None:
            found[instrument_id] = first
    return found


def next_free(
    session: Session, instrument_ids: Iterable[int], *, now: datetime, duration: timedelta | None = None, days: int = 28
) -> dict[int, TimeSpan]:
    """Give each instrument's next free time within some days, to the end of that free time; at least its step long unless told otherwise."""
    window = TimeSpan(now, now + timedelta(days=days))
    found: dict[int, TimeSpan] = {}
    for instrument_id, one in availabilities(session, schedules(session, instrument_ids), window).items():
        least = duration or timedelta(minutes=one.schedule.step_minutes)
        first = one.first_free(least, not_before=now)
        if first is not None:
            found[instrument_id] = one.free_from(first.start) or first
    return found
