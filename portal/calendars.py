"""Calendars to subscribe to: when an instrument is taken, for everybody; one person's bookings, for whoever holds the secret address.

Whether anything changed is known from two small queries; who has the calendar already is told so before anything is built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, Response, request
from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session, contains_eager

from instruments.catalogue import Instrument
from instruments.closures import KINDS
from instruments.errors import NotFound
from instruments.holidays import special_days
from instruments.opening import Shut, openings
from instruments.people import Person
from instruments.timespan import TimeSpan, crowded, zone
from portal import clock
from portal.auth.feeds import person_of_feed
from portal.ical import entry_of, host
from portal.language import current_language, in_language, name, say, t
from portal.transactions import reading
from scheduling.bookings import REACH, Booking
from scheduling.held import calendar_mark
from scheduling.ical import Entry, OpenPlan, busy_calendar, person_calendar

calendars = Blueprint("calendars", __name__)

BACK, AHEAD = timedelta(days=60), timedelta(days=400)
MOST_EVENTS = 5000
SHOWN = ("requested", "confirmed", "running", "finished", "no_show")
PUBLIC = {"Cache-Control": "public, max-age=60", "Vary": "Accept-Language, Cookie"}
PRIVATE = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A time nobody else can have: its span with buffers, and what a calendar needs to keep track of it."""

    span: TimeSpan
    uid: str
    sequence: int
    changed_at: datetime


@calendars.get("/calendars/instruments/<int:instrument_id>.ics")
def instrument(instrument_id: int) -> Response:
    """Give the public calendar of a published instrument: busy times without names, closures with their reason, opening hours."""
    with reading() as session:
        found = session.get(Instrument, instrument_id)
        if found is None or not found.is_published:
            raise NotFound
        window = _window(found.time_zone)
        days = special_days(session, window.start.date(), window.end.date())
        mark = _mark(found.version, found.schedule_version, calendar_mark(session, found.id, window), sorted(days.items()), window)
        if request.if_none_match.contains_weak(mark):
            return _answer(None, mark, PUBLIC)
        return _answer(_public_calendar(session, found, window), mark, PUBLIC, f"instrument-{found.id}.ics")


@calendars.get("/calendars/feeds/<secret>.ics")
def feed(secret: str) -> Response:
    """Give one person's bookings; an address that is revoked, or whose person is shut out, leads nowhere."""
    with reading() as session:
        person = person_of_feed(session, secret)
        if person is None:
            raise NotFound
        window = _window(person.organisation.time_zone)
        with in_language(person.language):
            mark = _mark(person.id, person.version, _feed_mark(session, person, window), window.start.date())
            if request.if_none_match.contains_weak(mark):
                return _answer(None, mark, PRIVATE)
            return _answer(_feed(session, person, window), mark, PRIVATE, "bookings.ics")


def _window(time_zone: str) -> TimeSpan:
    """Give the days a calendar shows; the same all day long, so that nothing seems to change while nothing does."""
    today = clock.now().astimezone(zone(time_zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0).astimezone(UTC)
    return TimeSpan(today - BACK, today + AHEAD)


def _mark(*parts: object) -> str:
    return hashlib.sha256(repr((*parts, current_language(), host())).encode()).hexdigest()[:32]


def _answer(content: bytes | None, mark: str, headers: dict[str, str], file_name: str = "") -> Response:
    response = Response(content or b"", status=304 if content is None else 200, content_type="text/calendar; charset=utf-8")
    response.set_etag(mark, weak=True)
    response.headers.update(headers)
    if file_name:
        response.headers["Content-Disposition"] = f'inline; filename="{file_name}"'
    return response


def _public_calendar(session: Session, found: Instrument, window: TimeSpan) -> bytes:
    rows = _held(session, found.id, window)
    if len(rows) > MOST_EVENTS:  # shorter, but true for as long as it reaches
        rows, window = rows[:MOST_EVENTS], TimeSpan(window.start, rows[MOST_EVENTS].occupied_from)
    opening = openings(session, [found], window)[found.id]
    changed_at = max([found.published_at or found.created_at, *(row.changed_at for row in rows)])
    plan = OpenPlan(
        f"open-{found.id}@{host()}", window, opening.open_spans, found.time_zone, t("开放时间", "Open"), changed_at, found.schedule_version
    )
    entries = [*_busy(found, rows), *_closed(found, opening.shut, changed_at)]
    return busy_calendar(plan, entries, name=name(found))


def _held(session: Session, instrument_id: int, window: TimeSpan) -> Sequence[Row[str, int, int, datetime, datetime, datetime]]:
    return session.execute(
        select(Booking.uid, Booking.sequence, Booking.version, Booking.occupied_from, Booking.occupied_until, Booking.changed_at)
        .where(
            Booking.instrument_id == instrument_id,
            Booking.holds,
            Booking.occupied_until > window.start,
            Booking.occupied_until < window.end + REACH,
            Booking.occupied_from < window.end,
        )
        .order_by(Booking.occupied_from, Booking.id)
        .limit(MOST_EVENTS + 1)
    ).all()


def _busy(found: Instrument, rows: Sequence[Row[str, int, int, datetime, datetime, datetime]]) -> Iterator[Entry]:
    """Say when the instrument is taken: each booking, or where it has several places the times at which all are."""
    taken = _taken_lanes(found, rows) if found.lanes > 1 else _taken_times(rows)
    for one in taken:
        yield Entry(one.uid, one.span, found.time_zone, t("已占用", "Busy"), one.changed_at, one.sequence)


def _taken_times(rows: Sequence[Row[str, int, int, datetime, datetime, datetime]]) -> Iterator[Taken]:
    for row in rows:
        # the identifier in the person's own feed is not for everybody's eyes
        uid = f"{hashlib.sha256(row.uid.encode()).hexdigest()[:32]}@{host()}"
        yield Taken(TimeSpan(row.occupied_from, row.occupied_until), uid, row.sequence * 100 + row.version, row.changed_at)


def _taken_lanes(found: Instrument, rows: Sequence[Row[str, int, int, datetime, datetime, datetime]]) -> Iterator[Taken]:
    latest = max((row.changed_at for row in rows), default=found.created_at)
    for span in crowded([TimeSpan(row.occupied_from, row.occupied_until) for row in rows], found.lanes):
        yield Taken(span, f"full-{found.id}-{span.start:%Y%m%dT%H%M%SZ}@{host()}", int(latest.timestamp()) // 60, latest)


def _closed(found: Instrument, shut: Sequence[Shut], changed_at: datetime) -> Iterator[Entry]:
    for one in shut:
        uid = f"closed-{found.id}-{one.closure_id}-{one.span.start:%Y%m%dT%H%M%SZ}@{host()}"
        summary = t("停机（{kind}）：{reason}", "Closed ({kind}): {reason}", kind=say(KINDS[one.kind]), reason=one.reason)
        yield Entry(uid, one.span, found.time_zone, summary, changed_at, found.schedule_version)


def _feed_mark(session: Session, person: Person, window: TimeSpan) -> tuple[object, ...]:
    """Give a few numbers that change with the person's bookings and with what is said of their instruments; one statement."""
    counted = (func.count(), func.max(Booking.id), func.sum(Booking.version), func.max(Booking.changed_at), func.sum(Instrument.version))
    return tuple(session.execute(select(*counted).join(Booking.instrument).where(*_of(person, window))).one())


def _feed(session: Session, person: Person, window: TimeSpan) -> bytes:
    bookings = session.scalars(
        select(Booking)
        .join(Booking.instrument)
        .options(contains_eager(Booking.instrument))
        .where(*_of(person, window))
        .order_by(Booking.start_at.desc(), Booking.id)
        .limit(MOST_EVENTS)
    ).all()
    return person_calendar([entry_of(one) for one in reversed(bookings)], name=t("我的仪器预约", "My instrument bookings"))


def _of(person: Person, window: TimeSpan) -> tuple[ColumnElement[bool], ...]:
    return Booking.person_id == person.id, Booking.end_at > window.start, Booking.start_at < window.end, Booking.status.in_(SHOWN)
