"""How times, lengths, amounts and sizes are written in each language. Times are shown on the instrument's wall clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, get_timezone_name
from babel.numbers import format_decimal
from flask import has_request_context, request
from jinja2 import pass_context

from instruments.timespan import TimeSpan
from portal import clock as now_of
from portal.language import current_locale, is_chosen, t

HOME = "Asia/Shanghai"
ZONE_COOKIE = "zone"
MINUTE = timedelta(minutes=1)


def when(value: TimeSpan | datetime | date | None, tz: str = HOME, now: datetime | None = None) -> str:
    """Write a span or an instant: "Tue 24 Nov, 09:00-11:00"; the zone is named when the reader lives by another clock."""
    if value is None:
        return ""
    if isinstance(value, TimeSpan):
        return _span(value, tz, now) + _zone_note(tz, value.start, value.end)
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(tz))
        return _at(local.date(), f"{local:%H:%M}", tz, now) + _zone_note(tz, value)
    return day(value, tz, now)


def day(value: datetime | date | None, tz: str = HOME, now: datetime | None = None) -> str:
    """Write a date: "11月24日 周二" or "Tue 24 Nov"; the year is added when it is not this one."""
    if value is None:
        return ""
    on = value.astimezone(ZoneInfo(tz)).date() if isinstance(value, datetime) else value
    this_year = on.year == (now or now_of.now()).astimezone(ZoneInfo(tz)).year
    pattern = t("M月d日 E", "EEE d MMM") if this_year else t("y年M月d日 E", "EEE d MMM y")
    return format_date(on, pattern, locale=current_locale())


def clock(value: datetime | TimeSpan | None, tz: str = HOME) -> str:
    """Write the time of day, "09:00", or of a span on one day, "09:00-11:00"; a span over more days is written with them."""
    if value is None:
        return ""
    zone = ZoneInfo(tz)
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%H:%M}"
    last, ends = _end_of(value, zone)
    is_one_day = last == value.start.astimezone(zone).date()
    return f"{clock(value.start, tz)}-{ends}" if is_one_day else when(value, tz)


def wall(value: datetime | None, tz: str = HOME) -> str:
    """Write an instant for <input type=datetime-local>: "2026-11-24T09:00" on the instrument's wall clock."""
    return f"{value.astimezone(ZoneInfo(tz)):%Y-%m-%dT%H:%M}" if value else ""


def instant(value: datetime | None) -> str:
    """Write an instant for addresses and <time datetime>: "2026-11-24T01:00Z"."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%MZ}" if value else ""


def duration(value: int | float | timedelta | TimeSpan | None) -> str:
    """Write a length given in minutes, as a timedelta or as a span: "2 h", "1 h 30 min", from two days on "3 days 4 h"."""
    if value is None:
        return ""
    if isinstance(value, TimeSpan):
        value = value.duration
    minutes = round(value / MINUTE) if isinstance(value, timedelta) else round(value)
    sign, minutes = ("-" if minutes < 0 else ""), abs(minutes)
    days, rest = divmod(minutes, 1440) if minutes >= 2880 else (0, minutes)
    parts = [_days(days), _part(rest // 60, "小时", "h"), _part(rest % 60, "分钟", "min")]
    return sign + (" ".join(part for part in parts if part) or t("0 分钟", "0 min"))


def money(value: Decimal | int | None) -> str:
    """Write an amount in yuan: "¥1,234.50"; nothing for no amount."""
    return "" if value is None else format_decimal(value, "¥#,##0.00;-¥#,##0.00", locale=current_locale())


def number(value: int | float | Decimal | None, places: int | None = None) -> str:
    """Write a number with thousands apart, with as many places as asked: "1,284", "16.9"."""
    if value is None:
        return ""
    pattern = "#,##0.###" if places is None else "#,##0." + "0" * places if places else "#,##0"
    return format_decimal(value, pattern, locale=current_locale())


def percent(value: float | Decimal | None, places: int = 1) -> str:
    """Write a share from 0 to 1 as "16.9 %"; "-" where it is undefined."""
    return "-" if value is None else f"{number(value * 100, places)} %"


def filesize(size: int | None) -> str:
    """Write a number of bytes: "812 bytes", "3.4 MB" (1 MB = 1,000,000 bytes)."""
    if size is None:
        return ""
    if size < 1000:
        return t("{n} 字节", "{n} byte" if size == 1 else "{n} bytes", n=size)
    thousands = ((round(size / 1000**power, 1), unit) for power, unit in ((1, "kB"), (2, "MB"), (3, "GB")))
    amount, unit = next((pair for pair in thousands if pair[0] < 1000), (round(size / 1000**3, 1), "GB"))
    return f"{number(amount)} {unit}"


def partial_day(text: str | None) -> str:
    """Write a date of which only a part may be known, "2016", "2016-10" or "2016-10-05"; other text stays as it is."""
    parts = (text or "").split("-")
    try:
        known = date(*(int(part) for part in [*parts, "1", "1"][:3]))
        zh, en = {1: ("y年", "y"), 2: ("y年M月", "MMM y"), 3: ("y年M月d日", "d MMM y")}[len(parts)]
    except (ValueError, KeyError):
        return text or ""
    return format_date(known, t(zh, en), locale=current_locale())


def zone_name(tz: str, at: datetime | None = None) -> str:
    """Name a zone for a reader: "China Time"."""
    if tz in ("UTC", "Etc/UTC"):
        return t("协调世界时", "UTC")
    return get_timezone_name(ZoneInfo(tz), width="long", zone_variant="generic", locale=current_locale())


def reader_zone() -> str:
    """Give the zone the reader's browser reported, or the home zone."""
    # a letter is read by somebody else than the one whose browser is asking
    reported = request.cookies.get(ZONE_COOKIE, HOME) if has_request_context() and not is_chosen() else HOME
    try:
        ZoneInfo(reported)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return HOME
    return reported


def differs(tz: str, *instants: datetime) -> bool:
    """Say whether the reader's clock shows another time than the instrument's at any of the instants."""
    here, there = ZoneInfo(reader_zone()), ZoneInfo(tz)
    return any(at.astimezone(here).utcoffset() != at.astimezone(there).utcoffset() for at in instants)


def filters() -> dict[str, Any]:
    """Give every filter the templates know, by name."""
    known = (when, day, clock, wall, instant, duration, money, number, percent, filesize, partial_day, zone_name)
    return {each.__name__: _for_each_reader(each) for each in known}


def _for_each_reader(write: Callable[..., str]) -> Callable[..., str]:
    # With the context asked for, a constant is not written once and for all, in the language of the first reader.
    @pass_context
    def written(_context: Any, *args: Any, **kwargs: Any) -> str:
        return write(*args, **kwargs)

    return written


def _span(span: TimeSpan, tz: str, now: datetime | None) -> str:
    start, end = span.start.astimezone(ZoneInfo(tz)), span.end.astimezone(ZoneInfo(tz))
    last, ends = _end_of(span, ZoneInfo(tz))
    if last != start.date():
        return f"{_at(start.date(), f'{start:%H:%M}', tz, now)} - {_at(last, ends, tz, now)}"
    if start.utcoffset() == end.utcoffset():
        return _at(last, f"{start:%H:%M}-{ends}", tz, now)
    # the clocks change in between: the two times alone would not tell the length
    return _at(last, f"{start:%H:%M} {_offset(start)} - {ends} {_offset(end)}", tz, now)


def _end_of(span: TimeSpan, tz: ZoneInfo) -> tuple[date, str]:
    """Give the last day of a span and the time it ends on it; midnight is 24:00 of the day that ends."""
    end = span.end.astimezone(tz)
    if end.hour == end.minute == end.second == 0:
        return end.date() - timedelta(days=1), "24:00"
    return end.date(), f"{end:%H:%M}"


def _at(on: date, time: str, tz: str, now: datetime | None) -> str:
    return f"{day(on, tz, now)}{t(' ', ', ')}{time}"


def _offset(local: datetime) -> str:
    minutes = int((local.utcoffset() or timedelta()) / MINUTE)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def _zone_note(tz: str, *instants: datetime) -> str:
    if not differs(tz, *instants):
        return ""
    return t("（{zone}）", " ({zone})", zone=zone_name(tz))


def _days(days: int) -> str:
    return t("{n} 天", "{n} day" if days == 1 else "{n} days", n=days) if days else ""


def _part(count: int, zh: str, en: str) -> str:
    return f"{count} {t(zh, en)}" if count else ""
