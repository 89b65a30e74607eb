"""Calendars for other programs: RFC 5545, and RFC 7953 for opening hours. Pure: what to show comes in as plain values, its words chosen.

Times are written on the instrument's wall clock, with its VTIMEZONE. A feed carries no METHOD, so DTSTAMP is the last change of an entry
and the same state gives the same bytes; what goes out by mail says PUBLISH or CANCEL (RFC 5546).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Availability, Available, Calendar, Component, Event

from instruments.timespan import TimeSpan
from scheduling.icalzones import time_zone_of

PRODUCT = "-//Instrument portal//Calendars//EN"
REFRESH = timedelta(minutes=15)
LONGEST_TEXT = 2000
# Characters that turn text around, so that it reads otherwise than it is.
TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking or closure as a calendar shows it. `status` is TENTATIVE, CONFIRMED or CANCELLED; `organizer` an e-mail address."""

    uid: str
    span: TimeSpan
    time_zone: str
    summary: str
    changed_at: datetime
    sequence: int = 0
    status: str = "CONFIRMED"
    location: str = ""
    description: str = ""
    url: str = ""
    organizer: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenPlan:
    """When an instrument is open within a window, as VAVAILABILITY says it."""

    uid: str
    window: TimeSpan
    open_spans: Sequence[TimeSpan]
    time_zone: str
    summary: str
    changed_at: datetime
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class Pattern:
    """Open spans that recur on one weekday at one wall time: the first, the last start, and the starts left out."""

    first: TimeSpan
    last_start: datetime
    left_out: tuple[datetime, ...] = ()


def person_calendar(entries: Iterable[Entry], *, name: str) -> bytes:
    """Write one person's bookings as a feed."""
    return _with_entries(_calendar(name), entries)


def busy_calendar(plan: OpenPlan, entries: Iterable[Entry], *, name: str) -> bytes:
    """Write when an instrument is taken or closed (nobody's name in it) and when it is open."""
    calendar = _calendar(name)
    calendar.add_component(_availability(plan))
    return _with_entries(calendar, entries, [(plan.time_zone, plan.window)])


def invitation(entries: Iterable[Entry], *, method: str) -> bytes:
    """Write the calendar part of a mail; the method is PUBLISH or CANCEL (RFC 5546 3.2.1, 3.2.5)."""
    calendar = _calendar("")
    calendar.add("method", method)
    return _with_entries(calendar, entries)


def one_line(text: str) -> str:
    """Give a text as one line without control characters, at most 2,000 characters."""
    return " ".join(_cleaned(text).split())[:LONGEST_TEXT]


def several_lines(text: str) -> str:
    """Give a text with its line breaks but without other control characters, at most 2,000 characters."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(" ".join(_cleaned(line).split()) for line in lines).strip()[:LONGEST_TEXT]


def weekly_patterns(spans: Iterable[TimeSpan], time_zone: str) -> list[Pattern]:
    """Fold open spans into weekly patterns: same weekday, wall-clock start and exact length. Expanded again they are the same spans.

    Starts in the hour the clocks repeat, and what recurs in fewer than half of its weeks, stand alone.
    """
    tz = ZoneInfo(time_zone)
    groups: dict[tuple[Any, ...], list[TimeSpan]] = {}
    for span in spans:
        local = span.start.astimezone(tz)
        alone = span.start if local.fold else None
        groups.setdefault((local.weekday(), local.time(), span.duration, alone), []).append(span)
    return [pattern for group in groups.values() for pattern in _patterns(sorted(group), tz)]


def _patterns(group: list[TimeSpan], tz: ZoneInfo) -> list[Pattern]:
    first, last = (span.start.astimezone(tz) for span in (group[0], group[-1]))
    starts = {span.start.astimezone(tz).date() for span in group}
    weeks = (last.date() - first.date()).days // 7
    missing = [first + timedelta(weeks=n) for n in range(weeks + 1) if (first + timedelta(weeks=n)).date() not in starts]
    if len(missing) > len(group):
        return [Pattern(span, span.start) for span in group]
    return [Pattern(group[0], group[-1].start, tuple(missing))]


def _calendar(name: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if name:
        calendar.add("name", one_line(name))
        calendar.add("x-wr-calname", one_line(name))
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT15M")
    return calendar


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("uid", one_line(entry.uid))
    event.add("dtstamp", _whole(entry.changed_at))
    event.add("last-modified", _whole(entry.changed_at))
    event.add("sequence", entry.sequence)
    _add_span(event, entry.span, entry.time_zone)
    event.add("summary", one_line(entry.summary))
    event.add("status", entry.status)
    event.add("transp", "TRANSPARENT" if entry.status == "CANCELLED" else "OPAQUE")
    if entry.created_at:
        event.add("created", _whole(entry.created_at))
    for key, text in (("location", one_line(entry.location)), ("description", several_lines(entry.description))):
        if text:
            event.add(key, text)
    if entry.url:
        event.add("url", _in_address(entry.url))
    if entry.organizer:
        event.add("organizer", f"mailto:{_in_address(entry.organizer)}")
    return event


def _availability(plan: OpenPlan) -> Availability:
    availability = Availability()
    availability.add("uid", one_line(plan.uid))
    availability.add("dtstamp", _whole(plan.changed_at))
    availability.add("last-modified", _whole(plan.changed_at))
    availability.add("sequence", plan.sequence)
    availability.add("dtstart", _whole(plan.window.start))
    availability.add("dtend", _whole(plan.window.end))
    availability.add("busytype", "BUSY-UNAVAILABLE")
    availability.add("summary", one_line(plan.summary))
    for pattern in weekly_patterns(plan.open_spans, plan.time_zone):
        availability.add_component(_available(pattern, plan))
    return availability


def _available(pattern: Pattern, plan: OpenPlan) -> Available:
    # Availability.new() would turn the start into UTC, and the weekday of the rule with it.
    tz = ZoneInfo(plan.time_zone)
    local = pattern.first.start.astimezone(tz)
    available = Available()
    available.add("uid", f"{local:%Y%m%dT%H%M%S}-{int(pattern.first.duration.total_seconds())}-{one_line(plan.uid)}")
    available.add("dtstamp", _whole(plan.changed_at))
    available.add("summary", one_line(plan.summary))
    _add_span(available, pattern.first, plan.time_zone)
    if pattern.last_start > pattern.first.start:
        available.add("rrule", {"freq": "weekly", "byday": [f"{local:%a}".upper()[:2]], "until": _whole(pattern.last_start)})
    for start in pattern.left_out:
        available.add("exdate", start)
    return available


def _add_span(component: Component, span: TimeSpan, time_zone: str) -> None:
    """Write start and end on the wall clock; an hour that the clock shows twice is written in UTC, where it is meant only once."""
    tz = ZoneInfo(time_zone)
    for key, at in (("dtstart", span.start), ("dtend", span.end)):
        local = _whole(at).astimezone(tz)
        component.add(key, _whole(at) if local.fold else local)


def _with_entries(calendar: Calendar, entries: Iterable[Entry], zones: Iterable[tuple[str, TimeSpan]] = ()) -> bytes:
    """Add the entries, and before all else the zones on whose wall clocks anything is written."""
    years: dict[str, list[int]] = {name: [span.start.year, span.end.year] for name, span in zones}
    for entry in entries:
        calendar.add_component(_event(entry))
        years.setdefault(entry.time_zone, []).extend((entry.span.start.year, entry.span.end.year))
    for name in sorted(years, reverse=True):
        calendar.subcomponents.insert(0, time_zone_of(name, min(years[name]), max(years[name])))
    written: bytes = calendar.to_ical()
    return written


def _cleaned(text: str) -> str:
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text if c not in TURNING)


def _in_address(text: str) -> str:
    return "".join(c for c in one_line(text) if c != " ")


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
