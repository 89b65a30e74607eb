"""Closures: those to come and those that were; a new one only after a look at the bookings it meets, whose people are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.catalogue import Instrument
from instruments.closures import KINDS, REPEATS, Closure, instances, lift, lift_day, plan_closure
from instruments.errors import Changed, Forbidden, Invalid, NotFound
from instruments.facilities import Facility
from instruments.timespan import TimeSpan, zone
from portal import clock
from portal.auth import viewer
from portal.forms import options
from portal.language import name, say, t
from portal.manage.blueprint import checked, inspected, manage, may_manage_facility
from portal.manage.closureform import NO_DAY, ClosureForm
from portal.notices import notice
from portal.transactions import reading, writing
from scheduling.bookings import STEPS, Booking, hit_by
from scheduling.closing import Hit, shut

SHOWN_TIMES = 6
SHOWN_PAST = 30
@dataclass(frozen=True, slots=True)
class Look:
    """What a planned closure would do: its next times, and the bookings it meets."""

    times: Sequence[TimeSpan]
    count: int
    hits: Sequence[Booking]
    running: int


@manage.route("/instruments/<int:instrument_id>/closures", methods=["GET", "POST"])
def closures(instrument_id: int) -> Any:
    """Show the closures, look at what a new one meets, and make it."""
    if request.method == "GET":
        return _page(instrument_id)
    with reading() as session:
        form = _form(checked(session, instrument_id))
    if not form.validate():
        return _page(instrument_id, form, status=422)
    try:
        if "make" not in request.form:
            return _look_page(instrument_id, form)
        hit = _make(instrument_id, form)
    except Invalid as error:
        form.refuse(error)
        return _page(instrument_id, form, status=422)
    except Changed:
        return _look_page(instrument_id, form, is_changed=True)
    flash(_done(hit), "success")
    return redirect(url_for("manage.closures", instrument_id=instrument_id))


def _look_page(instrument_id: int, form: ClosureForm, *, is_changed: bool = False) -> Any:
    with reading() as session:
        planned = _planned(session, instrument_id, form)
        return _page(instrument_id, form, look=_look(session, planned), is_changed=is_changed, status=409 if is_changed else 200)


def _form(instrument: Instrument) -> ClosureForm:
    form = ClosureForm()
    choices = [("instrument", t("仅这台仪器", "This instrument"))]
    if may_manage_facility(viewer(), instrument):
        choices.append(("facility", t("整个设施：{name}", "The whole facility: {name}", name=name(instrument.facility))))
    form.scope.choices = options(choices)
    form.scope.data = form.scope.data or "instrument"
    return form


def _planned(session: Session, instrument_id: int, form: ClosureForm) -> Closure:
    """Read the form as a closure that is not made yet."""
    instrument = checked(session, instrument_id)
    target: Instrument | Facility = instrument
    if form.scope.data == "facility":
        if not may_manage_facility(viewer(), instrument):
            raise Forbidden
        target = session.get_one(Facility, instrument.facility_id)
    tz = zone(instrument.time_zone)
    return plan_closure(
        target, form.span(tz), kind=form.kind.data, reason=form.reason.data, time_zone=tz.key, now=clock.now(), by=viewer().person_id,
        repeats=form.repeats.data or "", repeat_every=form.repeat_every.data or 1, repeat_until=form.last_day(),
    )  # fmt: skip


def _look(session: Session, planned: Closure) -> Look:
    now = clock.now()
    hits = hit_by(session, planned, now=now)
    times = list(instances(planned))
    running = sum("cancelled" not in STEPS[one.status] for one in hits)
    return Look(times[:SHOWN_TIMES], len(times), hits, running)


def _make(instrument_id: int, form: ClosureForm) -> Hit:
    now = clock.now()
    expected = [int(key) for key in request.form.get("hits", "").split(",") if key.isascii() and key.isdigit() and len(key) < 19]
    with writing() as session:
        planned = _planned(session, instrument_id, form)
        hit = shut(session, planned, viewer=viewer(), now=now, cancels=form.treat.data == "cancel", expected=expected)
        notice(session, hit.cancelled, "cancelled", now, actor=viewer(), reason=planned.reason)
        notice(session, hit.kept, "closed", now, actor=viewer(), reason=planned.reason)
    return hit


def _done(hit: Hit) -> str:
    told = len({one.person_id for one in (*hit.cancelled, *hit.kept)})
    if not told:
        return t("停机已登记。", "The closure is made.")
    return t(
        "停机已登记：取消预约 {gone} 个，保留 {kept} 个，已通知 {told} 人。",
        "The closure is made. Bookings cancelled: {gone}, standing: {kept}; people told: {told}.",
        gone=len(hit.cancelled), kept=len(hit.kept), told=told,
    )  # fmt: skip


@manage.post("/instruments/<int:instrument_id>/closures/<int:closure_id>/lift")
def lift_closure(instrument_id: int, closure_id: int) -> Response:
    """Take a closure back, or one day of a recurring one with on=2026-11-27."""
    now = clock.now()
    with writing() as session:
        one = _closure(session, checked(session, instrument_id), closure_id)
        if request.form.get("on"):
            lift_day(session, one, _day(request.form["on"]), now=now)
        else:
            lift(session, one, now=now)
    flash(t("已取消停机。", "The closure is lifted."), "success")
    return redirect(url_for("manage.closures", instrument_id=instrument_id))


def _closure(session: Session, instrument: Instrument, closure_id: int) -> Closure:
    """Get a closure of the instrument, or of its facility for those who manage the whole of it."""
    found = session.get(Closure, closure_id)
    if found is None or not (
        found.instrument_id == instrument.id or (found.facility_id is not None and found.facility_id == instrument.facility_id)
    ):
        raise NotFound
    if found.facility_id is not None and not may_manage_facility(viewer(), instrument):
        raise Forbidden
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("on", NO_DAY) from error


@dataclass(frozen=True, slots=True)
class Row:
    """A closure of the list with the next times of it that are still to come."""

    closure: Closure
    span: TimeSpan
    coming: Sequence[TimeSpan]
    is_running: bool
    is_facility: bool
    may_lift: bool


def _page(
    instrument_id: int, form: ClosureForm | None = None, *, look: Look | None = None, is_changed: bool = False, status: int = 200
) -> Any:
    now = clock.now()
    with reading() as session:
        instrument = inspected(session, instrument_id)
        rows = [_row(one, instrument, now) for one in _closures(session, instrument, now)]
        past = _past(session, instrument, now)
        content = render_template(
            "manage/closures.html",
            instrument=instrument,
            may_change=viewer().may_manage(instrument),
            rows=rows,
            past=past,
            kinds={key: say(words) for key, words in KINDS.items()},
            repeats={key: say(words) for key, words in REPEATS.items()},
            form=form or _form(instrument),
            look=look,
            hits=",".join(str(one.id) for one in look.hits) if look else "",
            is_changed=is_changed,
            in_facility=_count_in_facility(session, instrument),
        )
    return content, status


def _of(instrument: Instrument) -> Any:
    own = Closure.instrument_id == instrument.id
    return own if instrument.facility_id is None else or_(own, Closure.facility_id == instrument.facility_id)


def _closures(session: Session, instrument: Instrument, now: datetime) -> Sequence[Closure]:
    coming = select(Closure).where(_of(instrument), Closure.last_end_at > now, Closure.lifted_at.is_(None))
    return session.scalars(coming.order_by(Closure.start_at, Closure.id).limit(200)).all()


def _past(session: Session, instrument: Instrument, now: datetime) -> Sequence[Closure]:
    over = or_(Closure.last_end_at <= now, Closure.lifted_at.is_not(None))
    return session.scalars(select(Closure).where(_of(instrument), over).order_by(Closure.start_at.desc(), Closure.id).limit(SHOWN_PAST)).all()


def _row(one: Closure, instrument: Instrument, now: datetime) -> Row:
    coming = [span for span in islice(instances(one, TimeSpan(now, one.last_end_at + timedelta(minutes=1))), SHOWN_TIMES) if span.start > now]
    is_facility = one.facility_id is not None
    may_lift = viewer().may_manage(instrument) and (not is_facility or may_manage_facility(viewer(), instrument))
    span = TimeSpan(one.start_at, one.end_at)
    is_running = any(each.has(now) for each in instances(one, TimeSpan(now, now + timedelta(seconds=1))))
    return Row(one, span, coming if one.repeats else (), is_running, is_facility, may_lift)


def _count_in_facility(session: Session, instrument: Instrument) -> int:
    if instrument.facility_id is None:
        return 0
    return session.scalar(select(func.count(Instrument.id)).where(Instrument.facility_id == instrument.facility_id)) or 0
