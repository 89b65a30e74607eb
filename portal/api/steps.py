"""The steps of a booking: cancel, approve, decline, start, finish, no-show; what is asked with each version, and how the new one is shown."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from pydantic import BaseModel
from sqlalchemy.orm import Session

from instruments.errors import Sentence
from portal import clock
from portal.api.answering import KEY, MATCH, Answered, answer_once
from portal.api.openapi import api
from portal.api.prices import booking_quote_out
from portal.api.shapes.basics import Named
from portal.api.shapes.booking import BookingOut, StepIn
from portal.auth import viewer
from portal.errors import Stale
from portal.idempotency import Answer
from portal.notices import notice
from scheduling import changing, deciding, desk
from scheduling.bookingquotes import BookingQuote, quote_of
from scheduling.bookings import Booking, seen_booking


def _step(name: str, path: str, summary: str, take: Any, told: str) -> None:
    """Publish one step of a booking; a step out of order is 409."""

    def view(booking_id: int, body: StepIn) -> Answered:
        def do(session: Session) -> Answer:
            now = clock.now()
            check_match(seen_booking(session, booking_id, viewer()))
            one = take(session, booking_id, body, now)
            if told:
                notice(session, one, told, now, actor=viewer())
            return kept(session, one)

        return versioned(answer_once(f"bookings/{booking_id}/{path}", with_match(body), do))

    view.__name__, view.__doc__ = name, summary
    api.operation(
        "POST", "/bookings/{booking_id}/" + path, summary, tag="bookings", body=StepIn, answers={200: BookingOut}, errors=(403, 409, 412),
        headers=(KEY, MATCH),
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


def check_match(one: Booking) -> None:
    """Honour If-Match: a version other than the one the caller saw is told, with the booking as it now is (412)."""
    wanted = request.headers.get(MATCH, "").strip()
    is_wanted = wanted in ("", "*") or f'"{one.id}-{one.version}"' in [part.strip() for part in wanted.split(",")]
    if not is_wanted:
        sentence = Sentence("该预约已被更改，请重新读取后再试。", "This booking was changed meanwhile. Read it again and retry.")
        raise Stale(
            sentence, {"status": (one.status, None), "start": (one.start_at.isoformat(), None), "end": (one.end_at.isoformat(), None)}
        )


def with_match(body: BaseModel) -> list[Any]:
    """Say what was asked of a version: a retry that has read it again is another request."""
    return [body.model_dump(mode="json"), request.headers.get(MATCH, "").strip()]


def kept(session: Session, one: Booking) -> Answer:
    """Give a booking as an answer that can be kept, in the version that is written."""
    session.flush()
    return Answer(200, booking_out(one, quote_of(session, one.id)).model_dump(mode="json"))


def versioned(answered: Answered) -> Answered:
    """Add the version of the booking that was answered."""
    payload, status, headers = answered
    return payload, status, headers | ({"ETag": etag_of(payload)} if status == 200 else {})


def etag_of(shown: dict[str, Any]) -> str:
    """Name the version of a booking as it is shown."""
    return f'"{shown["id"]}-{shown["version"]}"'


def booking_out(one: Booking, quote: BookingQuote | None) -> BookingOut:
    """Show a booking, and what it was priced at, to somebody who may see it."""
    instrument = one.instrument
    return BookingOut(
        id=str(one.id), status=one.status, instrument=Named(id=str(instrument.id), name_zh=instrument.name_zh, name_en=instrument.name_en),
        start=one.start_at, end=one.end_at, mode=one.mode, purpose=one.purpose, audience=one.audience, person=str(one.person_id),
        group=str(one.group_id) if one.group_id else None, note=one.note, reason=one.reason, quote=booking_quote_out(quote),
        previous=str(one.previous_id) if one.previous_id else None, bundle=one.bundle, version=one.version, created=one.created_at,
        expires=one.expires_at, started=one.started_at, ended=one.ended_at,
        links={"self": url_for("api.show_booking", booking_id=one.id), "page": url_for("bookings.show", booking_id=one.id)},
    )  # fmt: skip
