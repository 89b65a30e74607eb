"""Times as people write them, on an instrument's wall clock, become instants here and nowhere else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from instruments.errors import Invalid, Sentence
from instruments.timespan import TimeSpan

WALL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:00)?")
INSTANT = re.compile(WALL.pattern + r"(\.0+)?(Z|[+-][0-9]{2}:[0-9]{2})")
MISSING = Sentence("请填写日期和时间。", "Please give a day and a time.")
UNREADABLE = Sentence("请填写日期和时间，例如 2026-11-24 09:00。", "Please give a day and a time, such as 2026-11-24 09:00.")


class ShownTwice(Invalid):
    """The wall clock shows this time twice, and nobody has said which of the two is meant."""


def read_time(text: str, tz: ZoneInfo, field: str, *, again: str = "") -> datetime:
    """Read a wall-clock time in the zone, or an instant with its offset; give it in UTC.

    A time the clocks jump over is Invalid. One they show twice is ShownTwice, unless `again` says 'first' or 'second'.
    """
    text = text.strip()
    if not text:
        raise Invalid(field, MISSING)
    try:
        if INSTANT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
        if not WALL.fullmatch(text):
            raise ValueError(text)
        return _from_wall(datetime.fromisoformat(text), tz, field, again)
    except (ValueError, OverflowError) as error:
        raise Invalid(field, UNREADABLE) from error


def read_span(start: str, end: str, tz: ZoneInfo, *, start_again: str = "", end_again: str = "") -> TimeSpan:
    """Read both ends; whatever cannot be right is Invalid with its field, start or end."""
    return TimeSpan(read_time(start, tz, "start", again=start_again), read_time(end, tz, "end", again=end_again))


def is_shown_twice(instant: datetime, tz: ZoneInfo) -> bool:
    """Say whether the wall clock shows this time once more, an hour or so before or after."""
    local = instant.astimezone(tz)
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def turn_of(instant: datetime, tz: ZoneInfo) -> str:
    """Say which of the two an instant is: 'first' or 'second', or '' where the clock shows it once."""
    if not is_shown_twice(instant, tz):
        return ""
    return "second" if instant.astimezone(tz).fold else "first"


def _from_wall(local: datetime, tz: ZoneInfo, field: str, again: str) -> datetime:
    first, second = (local.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(tz).replace(tzinfo=None) != local:
        written = f"{local:%H:%M}"
        raise Invalid(
            field,
            Sentence(
                f"当天时钟拨快，没有 {written} 这个时间。请选早一小时或晚一小时。",
                f"The clocks go forward that day and skip {written}. Choose a time an hour earlier or later.",
            ),
        )
    if first != second and again not in ("first", "second"):
        written = f"{local:%H:%M}"
        raise ShownTwice(
            field,
            Sentence(
                f"当天时钟拨慢，{written} 会出现两次。请选择是第一次还是第二次。",
                f"The clocks go back that day, and {written} comes twice. Choose whether you mean the first or the second.",
            ),
        )
    return second if again == "second" else first
