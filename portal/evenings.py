"""When a day's letter is written: the first evening after what it tells of, by the wall clock of where that is."""

from __future__ import annotations

from datetime import datetime, timedelta

from instruments.timespan import at_wall, zone

EVENING = 20  # o'clock by the wall: the day's bookings that nobody started are told of then
LOOK_BACK = timedelta(hours=72)  # a worker that was away this long still writes the letters of every evening


def evening_after(moment: datetime, time_zone: str) -> datetime:
    """Give the first evening at or after a moment."""
    tz = zone(time_zone)
    day = moment.astimezone(tz).date()
    tonight = at_wall(day, EVENING * 60, tz)
    return tonight if tonight >= moment else at_wall(day + timedelta(days=1), EVENING * 60, tz)
