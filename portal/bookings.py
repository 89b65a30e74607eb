"""Every address of bookings; the list of one's own, the page of one, and its calendar entry. Verbs: reserving, moving, bookingsteps."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, render_template, request

from instruments.errors import Invalid, Sentence
from portal import bookingsteps, clock, moving, reserving
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.bookingpage import KINDS, booking_page
from portal.ical import entry_of
from portal.language import say
from portal.transactions import reading
from scheduling.agenda import PARTS, Key, agenda
from scheduling.bookings import STATUSES, seen_booking
from scheduling.ical import invitation
from scheduling.steps import open_steps

bookings = Blueprint("bookings", __name__)

ROWS = 25
LONGEST_TEXT = 100


@bookings.get("/bookings")
@login_required
def mine() -> str:
    """List my own bookings, or those of the groups I lead: what comes, what waits, what runs, what is over."""
    part, text = request.args.get("show", "upcoming"), request.args.get("q", "").strip()
    of_groups = request.args.get("whose") == "groups" and bool(viewer().pi_group_ids)
    if part not in PARTS:
        raise Invalid("show", Sentence("没有这个列表。", "There is no such list."))
    if len(text) > LONGEST_TEXT or "\x00" in text:
        raise Invalid("q", Sentence(f"最多 {LONGEST_TEXT} 个字符。", f"At most {LONGEST_TEXT} characters."))
    now = clock.now()
    with reading() as session:
        found = agenda(session, part, viewer=viewer(), now=now, of_groups=of_groups, text=text, after=_after(), limit=ROWS)
        return render_template(
            "bookings/mine.html",
            part=part,
            parts=[(key, say(words), found.counts[key]) for key, words in PARTS.items()],
            rows=[(one, say(STATUSES[one.status]), KINDS[one.status], open_steps(one, viewer(), now)) for one in found.bookings],
            next=cursor_of(found.next[0].isoformat(), found.next[1]) if found.next else None,
            total=found.counts[part],
            of_groups=of_groups,
            text=text,
        )


def _after() -> Key | None:
    key = key_of(request.args.get("cursor"), str, int)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
    except ValueError as error:
        raise _unknown_place() from error
    if at.tzinfo is None:
        raise _unknown_place()
    return at, key[1]


def _unknown_place() -> Invalid:
    return Invalid("cursor", Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page."))


@bookings.get("/bookings/<int:booking_id>")
@login_required
def show(booking_id: int) -> Response:
    """Show one booking."""
    with reading() as session:
        return booking_page(session, seen_booking(session, booking_id, viewer()))


@bookings.get("/bookings/<int:booking_id>.ics")
@login_required
def calendar(booking_id: int) -> Response:
    """Give a booking as an entry for a calendar program."""
    with reading() as session:
        entry = entry_of(seen_booking(session, booking_id, viewer()))
    content = invitation([entry], method="CANCEL" if entry.status == "CANCELLED" else "PUBLISH")
    response = Response(content, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f"attachment; filename=booking-{booking_id}.ics"
    return response


ADDRESSES = (
    ("/instruments/<int:instrument_id>/book", "create", reserving.create, ("GET", "POST")),
    ("/instruments/<int:instrument_id>/quote", "quote", reserving.quote_one, ("POST",)),
    ("/bookings/several", "several", reserving.several, ("GET", "POST")),
    ("/bookings/several/quote", "quote_several", reserving.quote_several, ("POST",)),
    ("/bookings/<int:booking_id>/move", "move", moving.move, ("GET", "POST")),
    ("/bookings/<int:booking_id>/quote", "quote_moved", moving.quote_moved, ("POST",)),
    ("/bookings/<int:booking_id>/cancel", "cancel", bookingsteps.cancel, ("POST",)),
    ("/bookings/<int:booking_id>/approve", "approve", bookingsteps.approve, ("POST",)),
    ("/bookings/<int:booking_id>/decline", "decline", bookingsteps.decline, ("POST",)),
    ("/bookings/<int:booking_id>/start", "start", bookingsteps.start, ("POST",)),
    ("/bookings/<int:booking_id>/finish", "finish", bookingsteps.finish, ("POST",)),
    ("/bookings/<int:booking_id>/no-show", "no_show", bookingsteps.no_show, ("POST",)),
)
for _address, _endpoint, _view, _methods in ADDRESSES:
    bookings.add_url_rule(_address, endpoint=_endpoint, view_func=_view, methods=_methods)
