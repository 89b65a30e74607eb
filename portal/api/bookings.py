"""Bookings: the same verbs as the pages. Every refusal at once, with alternatives; a repeated Idempotency-Key gives the first answer."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid, PortalError, Refused, Sentence
from instruments.timespan import TimeSpan
from portal import clock
from portal.api.answering import KEY, MATCH, Answered, answer_once, refusal_of
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.prices import account_of, quantities_of
from portal.api.shapes.booking import BookingIn, BookingOut, BookingPatch, BookingsAsked, BookingsOut, BundleOut
from portal.api.steps import booking_out, check_match, etag_of, kept, versioned, with_match
from portal.attempts import remember, remember_move
from portal.auth import viewer
from portal.idempotency import Answer
from portal.notices import booked_notice, notice
from portal.transactions import reading
from scheduling import changing
from scheduling.alternatives import alternatives
from scheduling.bookingquotes import quote_of, quotes_of
from scheduling.bookings import Booking, seen_booking
from scheduling.diary import Wanted, page_of_bookings
from scheduling.quoting import quote_move
from scheduling.reserving import Wish, book


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
        quotes = quotes_of(session, [one.id for one in found.bookings])
        items = [booking_out(one, quotes.get(one.id)) for one in found.bookings]
    return BookingsOut(items=items, total=found.total, next=cursor_of(*found.next) if found.next else None)


@api.operation(
    "POST",
    "/bookings",
    "Book or request instrument time",
    tag="bookings",
    body=BookingIn,
    answers={201: BundleOut},
    errors=(409,),
    headers=(KEY,),
)
def make_booking(body: BookingIn) -> Answered:
    """Book one instrument, or several together; 409 when the time is taken, 422 when a rule says no."""
    wish = _wish_of(body)

    def do(session: Session) -> Answer:
        made = book(session, wish, viewer=viewer(), now=clock.now())
        booked_notice(session, made, clock.now(), actor=viewer())
        return Answer(201, _bundle(session, made).model_dump(mode="json"))

    def refuse(error: PortalError) -> Answer:
        if isinstance(error, Refused):
            with reading() as session:
                error.alternatives = tuple(alternatives(session, wish, viewer=viewer(), now=clock.now()))
        remember(error, wish.instrument_ids, wish.span)
        return refusal_of(error)

    payload, status, headers = answer_once("bookings", body.model_dump(mode="json"), do, refuse)
    if status == 201:
        headers = {"Location": url_for("api.show_booking", booking_id=payload["id"]), "ETag": etag_of(payload)}
    return payload, status, headers


def _wish_of(body: BookingIn) -> Wish:
    chosen = body.instruments if body.instruments is not None else [body.instrument] if body.instrument is not None else []
    if not chosen or (body.instrument is not None and body.instruments is not None):
        raise Invalid("instrument", Sentence("请填写 instrument 或 instruments 之一。", "Give either instrument or instruments."))
    ids = tuple(read_id(one) for one in chosen)
    group = read_id(body.group) if body.group else (viewer().group_ids[0] if len(viewer().group_ids) == 1 else None)
    return Wish(
        ids, TimeSpan(body.start, body.end), body.mode or "self", body.purpose, group, body.note,
        account_id=account_of(body.account),
        quantities=quantities_of(body.samples, body.quantities), options=tuple(body.items),
    )  # fmt: skip


@api.operation("GET", "/bookings/{booking_id}", "One booking", tag="bookings", answers={200: BookingOut})
def show_booking(booking_id: int) -> tuple[BookingOut, int, dict[str, str]]:
    """Show a booking that is mine, my group's as its PI, or my instrument's."""
    with reading() as session:
        shown = booking_out(seen_booking(session, booking_id, viewer()), quote_of(session, booking_id))
    return shown, 200, {"ETag": etag_of(shown.model_dump())}


@api.operation(
    "PATCH", "/bookings/{booking_id}", "Move a booking or change its note", tag="bookings", body=BookingPatch, answers={200: BookingOut},
    errors=(403, 409, 412), headers=(KEY, MATCH),
)  # fmt: skip
def change_booking(booking_id: int, body: BookingPatch) -> Answered:
    """Move by the same rules as a new booking; the answer is the new version, linked to the old by `previous`."""

    def do(session: Session) -> Answer:
        now = clock.now()
        old = seen_booking(session, booking_id, viewer())
        check_match(old)
        if body.start is None and body.end is None:
            note = old.note if body.note is None else body.note
            return kept(session, changing.annotate(session, booking_id, note, viewer=viewer(), now=now))
        new = changing.move(session, booking_id, _moved(old, body), viewer=viewer(), now=now, note=body.note)
        if new is not old:
            notice(session, new, "changed", now, actor=viewer(), before=old)
        return kept(session, new)

    def refuse(error: PortalError) -> Answer:
        if isinstance(error, Refused):
            with reading() as session:
                old = seen_booking(session, booking_id, viewer())
                span = _moved(old, body)
                error.alternatives = quote_move(session, old, span, viewer=viewer(), now=clock.now()).alternatives
            remember_move(error, booking_id, old.instrument_id, span)
        return refusal_of(error)

    return versioned(answer_once(f"bookings/{booking_id}", with_match(body), do, refuse))


def _moved(old: Booking, body: BookingPatch) -> TimeSpan:
    return TimeSpan(body.start or old.start_at, body.end or old.end_at)


def _bundle(session: Session, made: Sequence[Booking]) -> BundleOut:
    quotes = quotes_of(session, [one.id for one in made])
    shown = [booking_out(one, quotes.get(one.id)) for one in made]
    return BundleOut(**shown[0].model_dump(), bookings=shown)
