"""TimeSpan: half-open [start, end) between two aware UTC instants. The only place where times are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from instruments.errors import Invalid, Sentence

NO_SUCH_TIME = Sentence("没有这个时间。", "There is no such time.")


@dataclass(frozen=True, slots=True, order=True)
class TimeSpan:
    """A stretch of time, [start, end), aware, kept in UTC, never empty."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if value.tzinfo is None or value.utcoffset() is None:
                raise Invalid(name, Sentence("时间必须带时区。", "A time must carry its zone or offset."))
            try:
                object.__setattr__(self, name, value.astimezone(UTC))
            except OverflowError as error:
                raise Invalid(name, NO_SUCH_TIME) from error
        if self.end <= self.start:
            raise Invalid("end", Sentence("结束时间必须晚于开始时间。", "The end must come after the start."))

    @property
    def duration(self) -> timedelta:
        """Give the length."""
        return self.end - self.start

    @property
    def minutes(self) -> int:
        """Give the length in whole minutes, rounded down."""
        return int(self.duration.total_seconds() // 60)

    def overlaps(self, other: TimeSpan) -> bool:
        """Say whether the two share any instant; touching ends do not."""
        return self.start < other.end and other.start < self.end

    def contains(self, other: TimeSpan) -> bool:
        """Say whether the other lies wholly inside."""
        return self.start <= other.start and other.end <= self.end

    def has(self, instant: datetime) -> bool:
        """Say whether the instant lies inside; the end does not."""
        return self.start <= instant < self.end

    def widened(self, before: timedelta, after: timedelta) -> TimeSpan:
        """Give the span with time added at both ends (set-up, clean-up)."""
        return TimeSpan(self.start - before, self.end + after)

    def moved_to(self, start: datetime) -> TimeSpan:
        """Give the same length from another start."""
        return TimeSpan(start, start + self.duration)

    def clipped(self, window: TimeSpan) -> TimeSpan | None:
        """Give the part inside the window, or None when they do not meet."""
        start, end = max(self.start, window.start), min(self.end, window.end)
        return TimeSpan(start, end) if start < end else None


def merged(spans: Iterable[TimeSpan]) -> list[TimeSpan]:
    """Join overlapping and touching spans; the result is sorted and disjoint."""
    result: list[TimeSpan] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            if span.end > result[-1].end:
                result[-1] = TimeSpan(result[-1].start, span.end)
        else:
            result.append(span)
    return result


def minus(spans: Iterable[TimeSpan], holes: Iterable[TimeSpan]) -> list[TimeSpan]:
    """Take the holes out of the spans; both may overlap, the result is sorted and disjoint."""
    result: list[TimeSpan] = []
    cuts = merged(holes)
    first = 0
    for span in merged(spans):
        start = span.start
        while first < len(cuts) and cuts[first].end <= span.start:
            first += 1
        for cut in cuts[first:]:
            if cut.start >= span.end:
                break
            if cut.start > start:
                result.append(TimeSpan(start, cut.start))
            start = max(start, cut.end)
        if start < span.end:
            result.append(TimeSpan(start, span.end))
    return result


def common(left: Iterable[TimeSpan], right: Iterable[TimeSpan]) -> list[TimeSpan]:
    """Keep what lies in both; the result is sorted and disjoint."""
    result: list[TimeSpan] = []
    a, b = merged(left), merged(right)
    i = j = 0
    while i < len(a) and j < len(b):
        part = a[i].clipped(b[j])
        if part:
            result.append(part)
        if a[i].end <= b[j].end:
            i += 1
        else:
            j += 1
    return result


def crowded(spans: Iterable[TimeSpan], lanes: int) -> list[TimeSpan]:
    """Keep the times at which at least `lanes` of the spans run at once."""
    edges = sorted(edge for span in spans for edge in ((span.start, 1), (span.end, -1)))
    result: list[TimeSpan] = []
    running, since = 0, None
    for instant, step in edges:
        running += step
        if running >= lanes and since is None:
            since = instant
        elif running < lanes and since is not None:
            if instant > since:
                result.append(TimeSpan(since, instant))
            since = None
    return merged(result)


def zone(name: str) -> ZoneInfo:
    """Find an IANA zone, or say that there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid("time_zone", Sentence(f"没有名为“{name[:40]}”的时区。", f"There is no time zone named “{name[:40]}”.")) from error


def at_wall(on: date, minute: int, tz: ZoneInfo) -> datetime:
    """Turn a local date and minute of the day (0..2880) into a UTC instant.

    A wall time inside a DST gap means the instant the clocks jump to; a doubled one means the first of the two.
    """
    days, rest = divmod(minute, 1440)
    try:
        local = datetime.combine(on + timedelta(days=days), time(rest // 60, rest % 60))
    except OverflowError as error:
        raise _no_such_time() from error
    return from_wall(local, tz)


def from_wall(local: datetime, tz: ZoneInfo) -> datetime:
    """Turn a naive wall-clock time into a UTC instant (gap: the instant after the jump; fold: the first)."""
    try:
        instant = local.replace(tzinfo=tz, fold=0).astimezone(UTC)
        if instant.astimezone(tz).replace(tzinfo=None) == local:
            return instant
        return _end_of_gap(local, tz)
    except OverflowError as error:  # at either end of the calendar
        raise _no_such_time() from error


def _no_such_time() -> Invalid:
    return Invalid("time", NO_SUCH_TIME)


def _end_of_gap(local: datetime, tz: ZoneInfo) -> datetime:
    """Find the instant at which the clock jumped over this wall time, by halving the interval to the second."""
    low = local.replace(tzinfo=tz, fold=1).astimezone(UTC)
    high = local.replace(tzinfo=tz, fold=0).astimezone(UTC)
    low, high = min(low, high), max(low, high)
    before = low.astimezone(tz).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(tz).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def local_days(span: TimeSpan, tz: ZoneInfo) -> Iterator[tuple[date, TimeSpan]]:
    """Split at local midnights: pairs of local date and the part of the span on it; the parts sum to the whole.

    Where the clocks go back over a midnight, the day begins at the first of the two and does not end again.
    """
    start, day = span.start, span.start.astimezone(tz).date()
    while start < span.end:
        midnight = at_wall(day + timedelta(days=1), 0, tz)
        if midnight > start:
            yield day, TimeSpan(start, min(midnight, span.end))
            start = midnight
        day += timedelta(days=1)
