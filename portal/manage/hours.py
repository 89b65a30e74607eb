"""Opening hours: the plan in force, those to come and those that were; a new one with a look at what it means before it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.catalogue import Instrument
from instruments.closures import closures_in
from instruments.errors import Invalid, NotFound
from instruments.holidays import Holiday, special_days
from instruments.hourswords import plan_on, say_plan
from instruments.opening import ON_HOLIDAYS, OpeningHours, Plan, opening_of, planned_spans, plans_of, set_hours, take_back_hours
from instruments.timespan import TimeSpan, at_wall, local_days, minus, zone
from portal import clock
from portal.auth import viewer
from portal.language import say, t
from portal.manage.blueprint import inspected, manage, managed
from portal.manage.hoursform import HoursForm, buttons, fill, form_of, read_form, weekday_names
from portal.transactions import reading, writing
from scheduling.bookings import Booking
from scheduling.overview import bookings_ahead

LOOK_AHEAD_DAYS = 14


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the preview: what it is called where it is special, and when it is open."""

    on: date
    special: str
    open_spans: Sequence[TimeSpan]
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Preview:
    """Two weeks as they would be, and the bookings that would lie outside the hours."""

    days: Sequence[Day]
    outside: Sequence[Booking]


@manage.route("/instruments/<int:instrument_id>/hours", methods=["GET", "POST"])
def hours(instrument_id: int) -> Any:
    """Show the plans, look at a new one, and publish it."""
    form = read_form(request.form) if request.method == "POST" else None
    if form is not None and request.form.get("fill"):
        fill(form, request.form["fill"])
        return _page(instrument_id, form)
    if form is not None and "publish" in request.form:
        return _publish(instrument_id, form)
    return _page(instrument_id, form)


def _publish(instrument_id: int, form: HoursForm) -> Any:
    plan = form.plan()
    if plan is not None:
        try:
            with writing() as session:
                one = managed(session, instrument_id)
                set_hours(
                    session, one, plan.weekly, valid_from=plan.valid_from, now=clock.now(), by=viewer().person_id, on_holidays=plan.on_holidays
                )
            flash(t("开放时间已发布。", "The opening hours are published."), "success")
            return redirect(url_for("manage.hours", instrument_id=instrument_id))
        except Invalid as error:
            form.errors[error.field] = error.sentence
    return _page(instrument_id, form)


@manage.post("/instruments/<int:instrument_id>/hours/preview")
def preview_hours(instrument_id: int) -> str:
    """Show what a plan would mean while it is being filled in; a fragment, nothing is written."""
    form = read_form(request.form)
    with reading() as session:
        instrument = inspected(session, instrument_id)
        return render_template("manage/hours_preview.html", instrument=instrument, form=form, preview=_preview(session, instrument, form.plan()))


@manage.post("/instruments/<int:instrument_id>/hours/<int:plan_id>/take-back")
def take_back(instrument_id: int, plan_id: int) -> Response:
    """Take back a plan that has not begun."""
    with writing() as session:
        one = managed(session, instrument_id)
        plan = session.get(OpeningHours, plan_id)
        if plan is None or plan.instrument_id != one.id:
            raise NotFound
        take_back_hours(session, one, plan, now=clock.now())
    flash(t("该时间表已撤回。", "The plan is taken back."), "success")
    return redirect(url_for("manage.hours", instrument_id=instrument_id))


def _page(instrument_id: int, form: HoursForm | None) -> Any:
    now = clock.now()
    with reading() as session:
        instrument = inspected(session, instrument_id)
        today = now.astimezone(zone(instrument.time_zone)).date()
        rows = session.scalars(
            select(OpeningHours).where(OpeningHours.instrument_id == instrument.id).order_by(OpeningHours.valid_from.desc())
        ).all()
        current = next((row for row in rows if row.valid_from <= today), None)
        newest = _plan_of(rows[0]) if rows else None
        form = form or form_of(newest, today if not rows else today + timedelta(days=1))
        plan = form.plan() if request.method == "POST" else None
        content = render_template(
            "manage/hours.html",
            instrument=instrument,
            may_change=viewer().may_manage(instrument),
            current=current,
            coming=[row for row in reversed(rows) if row.valid_from > today],
            past=[row for row in rows if row.valid_from <= today and row is not current],
            words={row.id: [say(sentence) for sentence in say_plan(_plan_of(row))] for row in rows},
            form=form,
            weekdays=weekday_names(),
            fill_buttons=buttons(),
            holiday_choices={key: say(words) for key, words in ON_HOLIDAYS.items()},
            preview=_preview(session, instrument, plan),
            is_new=request.method == "POST",
        )
    return content, 422 if form.errors else 200


def _plan_of(row: OpeningHours) -> Plan:
    return Plan(row.valid_from, tuple((day, start, end) for day, start, end in row.weekly), row.on_holidays)


def _preview(session: Session, instrument: Instrument, new: Plan | None) -> Preview:
    """Look at two weeks from today, or from the new plan's first day; five statements."""
    now, tz = clock.now(), zone(instrument.time_zone)
    today = now.astimezone(tz).date()
    plans = plans_of(session, [instrument.id]).get(instrument.id, [])
    if new is not None:
        plans = sorted([*(plan for plan in plans if plan.valid_from != new.valid_from), new], key=lambda plan: plan.valid_from)
    first = max(today, min(new.valid_from, today + timedelta(days=3 * 366))) if new is not None else today
    window = TimeSpan(at_wall(first, 0, tz), at_wall(first + timedelta(days=LOOK_AHEAD_DAYS), 0, tz))
    days = _days(session, instrument, plans, window)
    return Preview(days, _outside(session, instrument, plans, new, window.start) if new is not None else ())


def _days(session: Session, instrument: Instrument, plans: Sequence[Plan], window: TimeSpan) -> list[Day]:
    tz = zone(instrument.time_zone)
    first, last = window.start.astimezone(tz).date(), window.end.astimezone(tz).date()
    known = special_days(session, first - timedelta(days=3), last)
    names = {row.on_date: row for row in session.scalars(select(Holiday).where(Holiday.on_date.between(first, last)))}
    closures = closures_in(session, [instrument], window).get(instrument.id, [])
    opening = opening_of(planned_spans(plans, known, window, tz), closures, window)
    result = []
    for on, part in local_days(window, tz):
        spans = [inside for span in opening.open_spans if (inside := span.clipped(part))]
        reasons = [shut.reason for shut in opening.shut if shut.span.overlaps(part)]
        special = t(names[on].name_zh, names[on].name_en or names[on].name_zh) if on in names else ""
        result.append(Day(on, special, spans, list(dict.fromkeys(reasons))))
    return result


def _outside(session: Session, instrument: Instrument, plans: Sequence[Plan], new: Plan, since: datetime) -> list[Booking]:
    """Give the bookings ahead that the new hours, while they hold, would not hold inside."""
    tz = zone(instrument.time_zone)
    ahead = [one for one in bookings_ahead(session, instrument.id, since) if one.start_at >= since]
    if not ahead:
        return []
    window = TimeSpan(ahead[0].start_at, max(one.end_at for one in ahead))
    known = special_days(session, window.start.date() - timedelta(days=3), window.end.date() + timedelta(days=2))
    open_spans = planned_spans(plans, known, window, tz)
    meant = (one for one in ahead if plan_on(plans, one.start_at.astimezone(tz).date()) == new)
    return [one for one in meant if minus([one.span], open_spans)]
