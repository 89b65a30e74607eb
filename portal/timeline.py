"""The day or the week of many instruments under one another: filtered and paged on the server, a fixed number of statements a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer, managed_by
from instruments.catalogue import Instrument
from instruments.opening import openings
from instruments.rulebooks import in_force, rule_book_history
from instruments.schedules import schedule_of
from instruments.search import Found, Query, find
from instruments.timespan import TimeSpan
from portal import clock
from portal.auth import viewer
from portal.formats import HOME
from portal.instrumentstate import book_url
from portal.instrumentweek import Asked, asked_days, times_of, week_of
from portal.language import name, say
from portal.searchform import AskedSearch, read_search
from portal.timelinegrid import Line, TimelineGrid, build
from portal.transactions import reading
from scheduling.availability import next_on_grid
from scheduling.held import Held, held_in
from scheduling.present import usual_use
from scheduling.rules.book import read_entries
from scheduling.rules.bounds import Bounds, bounds

timeline = Blueprint("timeline", __name__)

ROWS = 50
WORKING_HOURS, ALL_HOURS = (7, 22), (0, 24)


@dataclass(frozen=True, slots=True)
class Steps:
    """Where the steps beside the title lead, as parts of an address."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    day: Mapping[str, str]
    week: Mapping[str, str]


@timeline.get("/timeline")
def show() -> tuple[str, int]:
    """Show a page of instruments and what their time looks like."""
    now, asked = clock.now(), read_search(request.args, clock.now())
    days = asked_days(request.args, HOME, now) if request.args.get("day") or request.args.get("week") else _today(now)
    managed = "managed" in request.args and viewer().manages_any
    whole = "night" in request.args
    with reading() as session:
        found = _page(session, asked, viewer(), managed=managed)
        grid = _grid(session, found.instruments, days, viewer(), now, ALL_HOURS if whole else WORKING_HOURS)
        content = render_template(
            "timeline/show.html", grid=grid, found=found, asked=asked, steps=_steps(days, now), is_day=days.is_day, managed=managed, whole=whole,
            choices={facet: [(value.value, say(value.name)) for value in found.facets.get(facet, ())] for facet in ("organisation", "city", "category")},
        )  # fmt: skip
    return content, 422 if asked.errors else 200


def _today(now: datetime) -> Asked:
    return Asked(now.astimezone(ZoneInfo(HOME)).date(), 1)


def _steps(days: Asked, now: datetime) -> Steps:
    return Steps(days.moved(-1).query(), days.moved(1).query(), Asked(days.first, 1).query(), week_of(days.first).query())


def _page(session: Session, asked: AskedSearch, who: Viewer, *, managed: bool) -> Found:
    query: Query = replace(asked.query, limit=ROWS, sort="relevance" if asked.query.text else "name")
    if managed:
        query = replace(query, restrict_ids=frozenset(session.scalars(select(Instrument.id).where(managed_by(who)))))
    return find(session, query, viewer=who)


def _grid(
    session: Session, instruments: Sequence[Instrument], days: Asked, who: Viewer, now: datetime, hours: tuple[int, int]
) -> TimelineGrid:
    """Lay out the instruments of one page: openings, bookings and rules of all of them are read together."""
    window = days.span(HOME)
    schedules = [schedule_of(one) for one in instruments]
    opened = openings(session, schedules, window)
    reach = max((one.setup + one.cleanup for one in schedules), default=window.duration * 0)
    held: dict[int, list[Held]] = {}
    for one in held_in(session, [schedule.id for schedule in schedules], window.widened(reach, reach), who):
        held.setdefault(one.instrument_id, []).append(one)
    books = rule_book_history(session, [schedule.id for schedule in schedules])
    lines = []
    for one in instruments:
        limits = bounds(read_entries(in_force(books.get(one.id, []), now)), one, now)
        times = times_of(one, opened[one.id], held.get(one.id, []), limits, who, window, now)
        lines.append(Line(name(one), url_for("instruments.show", instrument_id=one.id), times, one.model, _booker(one, limits)))
    return build(lines, window, HOME, now, hours)


def _booker(one: Instrument, limits: Bounds) -> Callable[[TimeSpan], str] | None:
    """Lead from a free time to the booking page, with the first use of the usual length that begins there filled in."""

    def lead(span: TimeSpan) -> str:
        start = next_on_grid(span.start, limits.step_minutes, one.time_zone)
        return book_url(one.id, usual_use(TimeSpan(start, span.end), schedule_of(one)) if start < span.end else span)

    return lead if one.accepts_bookings and one.is_published else None
