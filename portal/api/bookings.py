"""Bookings: the same verbs as the pages. Every refusal at once, with alternatives; a repeated Idempotency-Key gives the first answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import json, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid, PortalError, Refused, Sentence
from instruments.timespan import TimeSpan
from portal import clock
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named
from portal.api.shapes.booking import BookingIn, BookingOut, BookingPatch, BookingsAsked, BookingsOut, BundleOut, StepIn
from portal.auth import viewer
from portal.errors import Stale, problem_of
from portal.idempotency import Answer, once
from portal.notices import booked_notice, notice
from portal.problems import as_text, problem_json
from portal.transactions import reading, writing
from scheduling import changing, deciding, desk
from scheduling.alternatives import alternatives
from scheduling.bookings import Booking, seen_booking
from scheduling.diary import Wanted, page_of_bookings
from scheduling.reserving import Wish, book

KEY = ("Idempotency-Key",)


@api.operation("GET", "/bookings", "List bookings I may see", tag="bookings", query=BookingsAsked, answers={200: BookingsOut})
def list_bookings(query: BookingsAsked) -> BookingsOut:
    """List my own bookings, or those of instruments and groups I answer for, by start."""
    after = key_of(query.cursor, str, int)
    wanted = Wanted(
        mine=query.mine, instrument_id=read_id(query.instrument) if query.instrument else None, since=query.from_, until=query.until,
        statuses=(query.status,) if query.status else (),
    )  # fmt: skip
    with reading() as session:
        found = page_of_bookings(session, wanted, viewer=viewer(), limit=query.limit, after=(after[0], after[1]) if after else None)
        items = [booking_out(one) for one in found.bookings]
    return BookingsOut(items=items, total=found.total, next=cursor_of(*found.next) if found.next else None)


@api.operation(
    "POST",
    "/bookings",
    "Book or request instrument time",
    tag="bookings",
    body=BookingIn,
    answers={201: BundleOut},
    errors=(409,),
    headers=KEY,
)
def make_booking(body: BookingIn) -> tuple[Any, int, dict[str, str]]:
    """Book one instrument, or several together; 409 when the time is taken, 422 when a rule says no."""
    wish = _wish_of(body)

    def do(session: Session) -> Answer:
        made = book(session, wish, viewer=viewer(), now=clock.now())
        booked_notice(session, made, clock.now(), actor=viewer())
        return Answer(201, _bundle(made).model_dump(mode="json"))

    def refuse(error: PortalError) -> Answer:
        return Answer(problem_of(error).status, _refusal_of(error, wish))

    asked = body.model_dump(mode="json")
    answer = once(request.headers.get("Idempotency-Key"), person_id=viewer().person_id, route="bookings", body=asked, do=do, refuse=refuse)
    if answer.status != 201:
        return answer.payload, answer.status, {"Content-Type": "application/problem+json"}
    return answer.payload, 201, {"Location": url_for("api.show_booking", booking_id=answer.payload["id"])}


def _refusal_of(error: PortalError, wish: Wish) -> dict[str, Any]:
    if isinstance(error, Refused):
        with reading() as session:
            error.alternatives = tuple(alternatives(session, wish, viewer=viewer(), now=clock.now()))
            return _plain(problem_json(problem_of(error)))
    return _plain(problem_json(problem_of(error)))


def _plain(content: dict[str, Any]) -> dict[str, Any]:
    """Turn times among the details into text, as the answer will show them and as they can be kept."""
    plain: dict[str, Any] = json.loads(json.dumps(content, default=as_text))
    return plain


def _wish_of(body: BookingIn) -> Wish:
    chosen = body.instruments if body.instruments is not None else [body.instrument] if body.instrument is not None else []
    if not chosen or (body.instrument is not None and body.instruments is not None):
        raise Invalid("instrument", Sentence("请填写 instrument 或 instruments 之一。", "Give either instrument or instruments."))
    ids = tuple(read_id(one) for one in chosen)
    group = read_id(body.group) if body.group else (viewer().group_ids[0] if len(viewer().group_ids) == 1 else None)
    return Wish(ids, TimeSpan(body.start, body.end), body.mode or "self", body.purpose, group, body.note)


@api.operation("GET", "/bookings/{booking_id}", "One booking", tag="bookings", answers={200: BookingOut})
def show_booking(booking_id: int) -> tuple[BookingOut, int, dict[str, str]]:
    """Show a booking that is mine, my group's as its PI, or my instrument's."""
    with reading() as session:
        return _versioned(seen_booking(session, booking_id, viewer()))


@api.operation(
    "PATCH", "/bookings/{booking_id}", "Move a booking or change its note", tag="bookings", body=BookingPatch, answers={200: BookingOut},
    errors=(403, 409, 412), headers=("If-Match",),
)  # fmt: skip
def change_booking(booking_id: int, body: BookingPatch) -> tuple[BookingOut, int, dict[str, str]]:
    """Move by the same rules as a new booking; the answer is the new version, linked to the old by `previous`."""
    now = clock.now()
    with writing() as session:
        old = seen_booking(session, booking_id, viewer())
        _check_match(old)
        if body.start is None and body.end is None:
            return _versioned(changing.annotate(session, booking_id, body.note or "", viewer=viewer(), now=now))
        span = TimeSpan(body.start or old.start_at, body.end or old.end_at)
        new = changing.move(session, booking_id, span, viewer=viewer(), now=now, note=body.note)
        if new is not old:
            notice(session, new, "changed", now, actor=viewer(), before=old)
        session.flush()  # the version in the answer is the one written
        return _versioned(new)


def _check_match(one: Booking) -> None:
    """Honour If-Match: a version other than the one the caller saw is told, with the booking as it now is (412)."""
    wanted = request.headers.get("If-Match", "").strip()
    if wanted and wanted != "*" and _etag(one) not in [part.strip() for part in wanted.split(",")]:
        sentence = Sentence("该预约已被更改，请重新读取后再试。", "This booking was changed meanwhile. Read it again and retry.")
        raise Stale(
            sentence, {"status": (one.status, None), "start": (one.start_at.isoformat(), None), "end": (one.end_at.isoformat(), None)}
        )


def _step(name: str, path: str, summary: str, take: Any, told: str) -> None:
    """Publish one step of a booking; a step out of order is 409."""

    def view(booking_id: int, body: StepIn) -> tuple[BookingOut, int, dict[str, str]]:
        now = clock.now()
        with writing() as session:
            seen = seen_booking(session, booking_id, viewer())
            _check_match(seen)
            one = take(session, booking_id, body, now)
            if told:
                notice(session, one, told, now, actor=viewer())
            session.flush()  # the version in the answer is the one written
            return _versioned(one)

    view.__name__, view.__doc__ = name, summary
    api.operation(
        "POST", "/bookings/{booking_id}/" + path, summary, tag="bookings", body=StepIn, answers={200: BookingOut}, errors=(403, 409, 412),
        headers=("If-Match",),
    )(view)  # fmt: skip


_step(
    "cancel_booking", "cancel", "Cancel a booking or withdraw a request",
    lambda session, id_, body, now: changing.cancel(session, id_, viewer=viewer(), now=now, reason=body.reason), "cancelled",
)  # fmt: skip
_step(
    "approve_booking", "approve", "Approve a request",
    lambda session, id_, body, now: deciding.approve(session, id_, viewer=viewer(), now=now, note=body.note or body.reason), "approved",
)  # fmt: skip
_step(
    "decline_booking", "decline", "Decline a request, with a reason",
    lambda session, id_, body, now: deciding.decline(session, id_, viewer=viewer(), now=now, reason=body.reason or body.note), "declined",
)  # fmt: skip
_step("start_booking", "start", "Start using", lambda session, id_, body, now: desk.start(session, id_, viewer=viewer(), now=now), "")
_step("finish_booking", "finish", "Finish using", lambda session, id_, body, now: desk.finish(session, id_, viewer=viewer(), now=now), "")
_step(
    "miss_booking", "no-show", "Mark that nobody came",
    lambda session, id_, body, now: desk.mark_no_show(session, id_, viewer=viewer(), now=now, reason=body.reason), "no-show",
)  # fmt: skip


def _etag(one: Booking) -> str:
    return f'"{one.id}-{one.version}"'


def _versioned(one: Booking) -> tuple[BookingOut, int, dict[str, str]]:
    return booking_out(one), 200, {"ETag": _etag(one)}


def _bundle(made: Sequence[Booking]) -> BundleOut:
    shown = [booking_out(one) for one in made]
    return BundleOut(**shown[0].model_dump(), bookings=shown)


def booking_out(one: Booking) -> BookingOut:
    """Show a booking to somebody who may see it."""
    instrument = one.instrument
    return BookingOut(
        id=str(one.id), status=one.status, instrument=Named(id=str(instrument.id), name_zh=instrument.name_zh, name_en=instrument.name_en),
        start=one.start_at, end=one.end_at, mode=one.mode, purpose=one.purpose, audience=one.audience, person=str(one.person_id),
        group=str(one.group_id) if one.group_id else None, note=one.note, reason=one.reason,
        previous=str(one.previous_id) if one.previous_id else None, bundle=one.bundle, version=one.version, created=one.created_at,
        expires=one.expires_at, started=one.started_at, ended=one.ended_at,
        links={"self": url_for("api.show_booking", booking_id=one.id), "page": url_for("bookings.show", booking_id=one.id)},
    )  # fmt: skip
