"""The page of one booking: what it is, what became of it, what comes next, and the steps its reader may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.errors import Sentence
from instruments.people import Person
from portal import clock
from portal.auth import viewer
from portal.formats import when
from portal.ical import contact, place
from portal.language import name, say, t
from portal.rateshown import price_of_booking
from scheduling.bookingquotes import quote_of
from scheduling.bookings import MODES, PURPOSES, STATUSES, Booking
from scheduling.changing import versions_of
from scheduling.steps import open_steps

KINDS = {
    "requested": "warn", "confirmed": "good", "running": "good", "finished": "quiet", "cancelled": "stop",
    "declined": "stop", "expired": "stop", "no_show": "stop", "moved": "quiet",
}  # fmt: skip
GIVEN_UP = ("cancelled", "declined", "no_show")
Step = tuple[str, str, bool]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a step was not taken: a sentence, and the field it is about, if any."""

    text: str
    field: str = ""


def booking_page(session: Session, one: Booking, status: int = 200, problem: Problem | None = None) -> Response:
    """Write the page; `problem` says what went wrong with the step just tried."""
    who, now = viewer(), clock.now()
    versions = versions_of(session, one)
    newest = versions[-1]
    steps = open_steps(one, who, now)
    content = render_template(
        "bookings/show.html",
        booking=one,
        instrument=one.instrument,
        tz=one.instrument.time_zone,
        status=say(STATUSES[one.status]),
        kind=KINDS[one.status],
        facts=facts_of(one, who),
        price=price_of_booking(quote_of(session, one.id)),
        history=history_of(session, one),
        versions=[(each, each.span) for each in versions] if len(versions) > 1 else [],
        newest=newest if newest.id != one.id else None,
        bundle=_bundle(session, one),
        steps=steps,
        says_why=not who.owns(one.person_id, one.group_id),
        is_new="made" in request.args and one.is_open,
        comes_next=comes_next(one),
        problem=problem,
        contact=contact(one.instrument),
        reason=request.form.get("reason", ""),
        note=request.form.get("note", ""),
    )
    return make_response(content, status)


def facts_of(one: Booking, who: Viewer) -> list[tuple[str, Any]]:
    """Give the facts as pairs of a word and its value; names are for those who may see them, which is whoever sees the page."""
    return [
        (t("使用者", "For"), f"{one.person.name}{t('，', ', ')}{name(one.person.organisation)}" if one.person_id != who.person_id else ""),
        (t("课题组", "Group"), name(one.group) if one.group else ""),
        (t("使用方式", "How"), say(MODES[one.mode])),
        (t("用途", "What for"), say(PURPOSES[one.purpose])),
        (t("机位", "Place"), one.lane if one.instrument.lanes > 1 and one.holds else ""),
        (t("地点", "Where"), place(one.instrument)),
        (t("备注", "Note"), one.note),
        (t("需审批的原因", "Why it needs approval"), _reasons(one) if one.status == "requested" else ""),
        (t("原因", "Why") if one.status in GIVEN_UP else t("管理员的话", "From the manager"), one.reason),
    ]


def _reasons(one: Booking) -> str:
    """Give the reasons for approval in the reader's language; they are kept in both, one to a line."""
    pairs = [line.partition(" / ") for line in one.approval_reasons.splitlines()]
    return " ".join(say(Sentence(zh, en or zh)) for zh, _, en in pairs)


def history_of(session: Session, one: Booking) -> list[Step]:
    """Give what happened, and what is still to come, as (text, when, whether it is done)."""
    tz = one.instrument.time_zone
    told = [(t("已申请", "Asked for") if one.expires_at or one.status == "requested" else t("已预约", "Booked"), one.created_at)]
    decided = f"{say(STATUSES[one.status])}{_by(session, one)}"
    if one.status in ("cancelled", "declined", "expired", "moved"):
        told.append((decided if one.decided_at else say(STATUSES[one.status]), one.changed_at))
    elif one.decided_at:
        told.append((t("已批准", "Approved") + _by(session, one), one.decided_at))
    if one.started_at:
        told.append((t("开始使用", "Use began"), one.started_at))
    if one.ended_at:
        told.append((t("结束使用", "Use ended"), one.ended_at))
    if one.status == "no_show":
        told.append((say(STATUSES["no_show"]), one.changed_at))
    done = [(text, when(at, tz), True) for text, at in told]
    return [*done, *((text, at, False) for text, at, _ in comes_next(one))]


def _by(session: Session, one: Booking) -> str:
    if one.decided_by is None:
        return ""
    return t("（{who}）", " ({who})", who=session.scalar(select(Person.name).where(Person.id == one.decided_by)) or "")


def comes_next(one: Booking) -> list[Step]:
    """Say what comes next, as (text, when, False)."""
    tz = one.instrument.time_zone
    decide = (t("管理员在此之前答复，否则申请自动失效", "A manager answers by then, or the request lapses"), when(one.expires_at, tz), False)
    begin = (
        t("到场并在此页按“开始使用”，可提前 15 分钟", "Come, and press Start on this page, from 15 minutes before"), when(one.start_at, tz), False,
    )  # fmt: skip
    end = (t("用完按“结束使用”，剩余时间会让给别人", "Press Finish when done; what is left goes to others"), when(one.end_at, tz), False)
    return {"requested": [decide, begin], "confirmed": [begin, end], "running": [end]}.get(one.status, [])


def _bundle(session: Session, one: Booking) -> Sequence[Booking]:
    """Give the other bookings made together with this one, as far as they stand and the reader sees them."""
    if one.bundle is None:
        return ()
    return session.scalars(
        select(Booking)
        .options(joinedload(Booking.instrument))
        .where(Booking.bundle == one.bundle, Booking.id != one.id, Booking.status != "moved", Booking.person_id == one.person_id)
        .order_by(Booking.instrument_id)
    ).all()


def address_of(one: Booking) -> str:
    """Give the address of a booking's page."""
    return url_for("bookings.show", booking_id=one.id)
