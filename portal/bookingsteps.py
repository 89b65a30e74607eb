"""The steps with a booking, each one POST: cancel, approve, decline, start, finish, no-show. What went wrong is told on the booking's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Changed, Forbidden, Invalid, NotFound, PortalError, Sentence
from portal import clock
from portal.auth import login_required, viewer
from portal.bookingpage import Problem, booking_page
from portal.errors import status_of
from portal.formats import when
from portal.language import say, t
from portal.notices import notice
from portal.security import own_path
from portal.transactions import reading, writing
from scheduling import changing, deciding, desk
from scheduling.bookings import STATUSES, Booking, seen_booking

Verb = Callable[[Session, int, dict[str, Any]], Booking]


@login_required
def cancel(booking_id: int) -> Any:
    """Cancel a booking or withdraw a request."""
    return _take(booking_id, lambda session, one, known: changing.cancel(session, one, reason=_text("reason"), **known), "cancelled")


@login_required
def approve(booking_id: int) -> Any:
    """Approve a request."""
    return _take(booking_id, lambda session, one, known: deciding.approve(session, one, note=_text("note"), **known), "approved")


@login_required
def decline(booking_id: int) -> Any:
    """Decline a request, with a reason."""
    return _take(booking_id, lambda session, one, known: deciding.decline(session, one, reason=_text("reason"), **known), "declined")


@login_required
def start(booking_id: int) -> Any:
    """Start using."""
    return _take(booking_id, lambda session, one, known: desk.start(session, one, **known))


@login_required
def finish(booking_id: int) -> Any:
    """Finish using."""
    return _take(booking_id, lambda session, one, known: desk.finish(session, one, **known))


@login_required
def no_show(booking_id: int) -> Any:
    """Mark that nobody came."""
    return _take(booking_id, lambda session, one, known: desk.mark_no_show(session, one, reason=_text("reason"), **known), "no-show")


def _take(booking_id: int, verb: Verb, told: str = "") -> Any:
    """Take one step in one transaction, tell whom it concerns, and go back to where it was taken from."""
    try:
        with writing() as session:
            known = {"viewer": viewer(), "now": clock.now(), "version": asked_version()}
            one = verb(session, booking_id, known)
            if told:
                notice(session, one, told, clock.now(), actor=viewer())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return explained(booking_id, error)
    flash(done_words(one), "success")
    return redirect(own_path(request.form.get("next"), url_for("bookings.show", booking_id=one.id)), 303)


def explained(booking_id: int, error: PortalError) -> Response:
    """Show the booking as it now is, and why the step was not taken."""
    with reading() as session:
        one = seen_booking(session, booking_id, viewer())
        return booking_page(session, one, status_of(error), Problem(_why(one, error), error.field if isinstance(error, Invalid) else ""))


def _why(one: Booking, error: PortalError) -> str:
    if not isinstance(error, Changed):
        return say(error.sentence)
    at = when(one.changed_at, one.instrument.time_zone)
    return t(
        "在您打开页面之后，该预约于 {at} 被更改，现为“{status}”，时间 {span}。请核对后再操作。",
        "This booking was changed at {at}, after you opened the page. It is now: {status}, {span}. Look it over before you go on.",
        at=at, status=say(STATUSES[one.status]), span=when(one.span, one.instrument.time_zone),
    )  # fmt: skip


def asked_version() -> int | None:
    """Read the version of the booking the person saw; Invalid for what is no number, None where the form has none."""
    text = request.form.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Invalid("version", Sentence("页面已过期，请刷新后重试。", "This page has grown old. Please reload it and try again."))
    return int(text)


def done_words(one: Booking) -> str:
    """Say what was done."""
    return {
        "cancelled": t("已取消，时间已让出。", "Cancelled. The time is free for others."),
        "confirmed": t("已批准，申请人会收到通知。", "Approved. Whoever asked is told."),
        "declined": t("已回绝，申请人会收到您的说明。", "Declined. Whoever asked is told why."),
        "running": t("已开始使用。用完请按“结束使用”。", "Use has begun. Press Finish when you are done."),
        "finished": t("已结束使用，谢谢。", "Use has ended. Thank you."),
        "no_show": t("已标记为未到场，剩余时间已让出。", "Marked as a no-show. The rest of the time is free for others."),
    }[one.status]


def _text(field: str) -> str:
    return request.form.get(field, "")
