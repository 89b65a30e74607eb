"""VTIMEZONE from the zone database. The library's own is an hour late where the clocks go forward (RFC 5545 3.6.5: the onset is written
on the clock as it was before)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

STEP = timedelta(days=7)  # no zone changes its clocks twice in a week


@lru_cache(maxsize=200)
def time_zone_of(name: str, first_year: int, last_year: int) -> Timezone:
    """Describe an IANA zone for the years from first to last, each change of the clocks by itself."""
    tz = ZoneInfo(name)
    described = Timezone()
    described.add("tzid", name)
    start, end = datetime(first_year - 1, 12, 1, tzinfo=UTC), datetime(last_year + 1, 2, 1, tzinfo=UTC)
    described.add_component(_observance(tz, start, start))
    for onset in onsets(tz, start, end):
        described.add_component(_observance(tz, onset - timedelta(seconds=1), onset))
    return described


def onsets(tz: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Give the instants between two others at which the zone's clocks change, exact to the second."""
    at = start
    while at < end:
        after = min(at + STEP, end)
        if _clock(tz, at) != _clock(tz, after):
            yield _between(tz, at, after)
        at = after


def _between(tz: ZoneInfo, low: datetime, high: datetime) -> datetime:
    before = _clock(tz, low)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _clock(tz, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _clock(tz: ZoneInfo, at: datetime) -> tuple[timedelta | None, str | None]:
    local = at.astimezone(tz)
    return local.utcoffset(), local.tzname()


def _observance(tz: ZoneInfo, before: datetime, onset: datetime) -> TimezoneStandard | TimezoneDaylight:
    was, now = before.astimezone(tz).utcoffset() or timedelta(), onset.astimezone(tz)
    observance = TimezoneDaylight() if now.dst() else TimezoneStandard()
    observance.add("dtstart", (onset + was).replace(tzinfo=None))
    observance.add("tzoffsetfrom", was)
    observance.add("tzoffsetto", now.utcoffset() or timedelta())
    observance.add("tzname", now.tzname() or "")
    return observance
