"""What an instrument is doing at this moment, and how soon somebody can have it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from instruments.schedules import Schedule
from instruments.timespan import TimeSpan
from scheduling.availability import Availability, last_on_grid

LOOK_AHEAD = timedelta(days=28)
USUAL_LENGTH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Present:
    """The state now: free, busy, closed, or unplanned (no opening hours at all in the window).

    `until` is when that ends, or None when it does not within the window; `reason` is a closure's, or ''.
    """

    kind: str
    until: datetime | None
    reason: str = ""


def present(one: Availability, now: datetime) -> Present:
    """Say what an instrument is doing, from its availability in a window that begins now or earlier. Pure."""
    free = one.free_from(now)
    if free is not None:
        return Present("free", _within(one, free.end))
    shut = next((shut for shut in one.opening.shut if shut.span.has(now)), None)
    if shut is not None:
        return Present("closed", _opens(one, now), shut.reason)
    busy = next((span for span in one.busy_spans if span.has(now)), None)
    if busy is not None:
        return Present("busy", _within(one, busy.end))
    if not one.opening.open_spans and not one.opening.shut:
        return Present("unplanned", None)
    return Present("closed", _opens(one, now))


def usual_use(free: TimeSpan, schedule: Schedule) -> TimeSpan:
    """Give the use to propose at the beginning of a free time that is a step long at least: about an hour on the grid, or what there is."""
    step = timedelta(minutes=schedule.step_minutes)
    length = step * max(1, -(-USUAL_LENGTH // step))
    last = last_on_grid(free.end, schedule.step_minutes, schedule.time_zone)
    return TimeSpan(free.start, min(last if last > free.start else free.end, free.start + length))


def _opens(one: Availability, now: datetime) -> datetime | None:
    return next((span.start for span in one.opening.open_spans if span.start > now), None)


def _within(one: Availability, end: datetime) -> datetime | None:
    return end if end < one.window.end else None
