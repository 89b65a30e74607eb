"""The page on which a booking is moved: the booking page once more, judged as a move."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Changed, Invalid, NotFound, OutOfOrder, PortalError, Refused, Sentence
from portal import clock
from portal.attempts import remember_move
from portal.auth import login_required, viewer
from portal.bookingpanel import Panel, moving_words, panel_of, times_of, unchanged_panel, unread_because, unread_panel
from portal.bookingsteps import asked_version, explained
from portal.errors import status_of
from portal.idempotency import Answer, KeyReused, once
from portal.instruments import seen_instrument
from portal.language import say, t
from portal.links import LARGEST_KEY
from portal.notices import notice
from portal.reserving import week_shown
from portal.transactions import reading
from portal.wishes import TimesForm, span_of_link
from scheduling import changing
from scheduling.alternatives import Alternative
from scheduling.bookings import Booking, seen_booking
from scheduling.quoting import quote_move
from scheduling.steps import open_steps

FIXED = Sentence("该预约现在不能改期。", "This booking cannot be moved now.")


@login_required
def move(booking_id: int) -> Any:
    """Show where a booking could go, and move it."""
    form = TimesForm()
    with reading() as session:
        one = seen_booking(session, booking_id, viewer())
        if request.method == "GET" and "move" not in open_steps(one, viewer(), clock.now()):
            return explained(booking_id, OutOfOrder(FIXED))
        target = _target(session, one)
        form.prepare(target.time_zone)
        if request.method == "GET":
            return _opened(session, one, target, form)
        if not form.validate() or "check" in request.form:
            return _shown(session, one, target, form, _panel(session, one, target, form), 422 if form.errors else 200)
    return _moved(booking_id, target.id, form)


@login_required
def quote_moved(booking_id: int) -> Any:
    """Answer what would come of a move to the times in the form; nothing is written."""
    form = TimesForm()
    with reading() as session:
        one = seen_booking(session, booking_id, viewer())
        target = _target(session, one)
        form.prepare(target.time_zone)
        form.validate()
        return render_template("bookings/panel.html", panel=_panel(session, one, target, form))


def _target(session: Session, one: Booking) -> Instrument:
    """Read which instrument it is to go to; by itself it stays where it is."""
    text = request.values.get("instrument", "")
    if not text:
        return one.instrument
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) > LARGEST_KEY:
        raise NotFound
    return seen_instrument(session, int(text))


def _opened(session: Session, one: Booking, target: Instrument, form: TimesForm) -> Any:
    form.note.data = one.note
    try:
        span = span_of_link(request.args, form.zone, None) or one.span
    except Invalid as error:
        form.start.data, form.end.data = request.args.get("start", ""), request.args.get("end", "")
        return _shown(session, one, target, form, unread_because(form, error, moving_words()), 422)
    form.set_span(span)
    return _shown(session, one, target, form, _panel(session, one, target, form))


def _panel(session: Session, one: Booking, target: Instrument, form: TimesForm) -> Panel:
    if form.errors:
        return unread_panel(form, moving_words())
    try:
        span = form.read_span()
        if (span, target.id) == (one.span, one.instrument_id):
            return unchanged_panel(span, form.zone.key, moving_words())
        found = quote_move(session, one, span, viewer=viewer(), now=clock.now(), instrument_id=target.id)
    except Invalid as error:
        return unread_because(form, error, moving_words())
    return panel_of(found, span, moving_words(), _address(one))


def _address(one: Booking) -> Callable[[Alternative], str]:
    def lead(other: Alternative) -> str:
        target = {} if other.instrument.id == one.instrument_id else {"instrument": other.instrument.id}
        return url_for("bookings.move", booking_id=one.id, **times_of(other.span), **target)

    return lead


def _moved(booking_id: int, target_id: int, form: TimesForm) -> Any:
    """Move once, however often the form is sent; where that cannot be, show the form again with the reasons."""
    version = asked_version()
    try:
        span = form.read_span()

        def do(session: Session) -> Answer:
            known = {"viewer": viewer(), "now": clock.now(), "version": version}
            old = seen_booking(session, booking_id, viewer())
            new = changing.move(session, booking_id, span, note=form.note.data or "", instrument_id=target_id, **known)
            if new is not old:
                notice(session, new, "changed", clock.now(), actor=viewer(), before=old)
            return Answer(303, {"id": new.id, "is_moved": new is not old})

        body = {"booking": booking_id, "instrument": target_id, **form.asked()}
        answer = once(form.form_key.data or None, person_id=viewer().person_id, route="moves", body=body, do=do)
    except (Changed, OutOfOrder) as error:
        return explained(booking_id, error)
    except Refused as error:
        remember_move(error, booking_id, target_id, span)
        return _refused(booking_id, target_id, form, error)
    except Invalid as error:
        return _refused(booking_id, target_id, form, error)
    flash(t("已改期。", "Moved.") if answer.payload["is_moved"] else t("时间没有变化，备注已保存。", "The time is the same; the note is kept."), "success")
    return redirect(url_for("bookings.show", booking_id=answer.payload["id"]), 303)


def _refused(booking_id: int, target_id: int, form: TimesForm, error: PortalError) -> Any:
    with reading() as session:
        one, target = seen_booking(session, booking_id, viewer()), seen_instrument(session, target_id)
        if isinstance(error, KeyReused):
            message = t("这张表单已经提交过一次。请核对后重新提交。", "This form was sent already. Look it over and send it again.")
            return _shown(session, one, target, form, _panel(session, one, target, form), 409, message)
        if isinstance(error, Invalid):
            return _shown(session, one, target, form, unread_because(form, error, moving_words()), status_of(error))
        panel = _panel(session, one, target, form)
        message = t("没有改期：", "Not moved: ") + " ".join(say(refusal.sentence) for refusal in getattr(error, "refusals", ()))
        return _shown(session, one, target, form, panel, status_of(error), message)


def _shown(session: Session, one: Booking, target: Instrument, form: TimesForm, panel: Panel, status: int = 200, message: str = "") -> Any:
    form.renew_key()
    content = render_template(
        "bookings/move.html", booking=one, instrument=target, form=form, panel=panel, message=message, tz=form.zone.key,
        shown=week_shown(session, target, form),
    )  # fmt: skip
    return make_response(content, status)
