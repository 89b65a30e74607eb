"""Quotes as a list: what bookings were priced at. A quote for a use that is not booked yet writes nothing."""

from __future__ import annotations

from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.prices import booking_quote_out
from portal.api.quoting import quote_use
from portal.api.shapes.booking import QuoteAsked, QuotedOut, QuotesAsked, QuotesOut
from portal.api.shapes.instrument import QuoteIn, QuoteOut
from portal.auth import viewer
from portal.transactions import reading
from scheduling.bookingquotes import BookingQuote, quotes_of
from scheduling.bookings import Booking
from scheduling.diary import Wanted, page_of_bookings


@api.operation("GET", "/quotes", "What bookings I may see were priced at", tag="bookings", query=QuotesAsked, answers={200: QuotesOut})
def list_quotes(query: QuotesAsked) -> QuotesOut:
    """List the quotes of bookings that have a price, by the bookings' start."""
    after = key_of(query.cursor, str, int)
    wanted = Wanted(
        mine=query.mine, instrument_id=read_id(query.instrument) if query.instrument else None, since=query.from_, until=query.until,
        is_priced=True,
    )  # fmt: skip
    with reading() as session:
        found = page_of_bookings(session, wanted, viewer=viewer(), limit=query.limit, after=(after[0], after[1]) if after else None)
        quotes = quotes_of(session, [one.id for one in found.bookings])
        items = [_quoted(one, quotes[one.id]) for one in found.bookings]
    return QuotesOut(items=items, total=found.total, next=cursor_of(*found.next) if found.next else None)


@api.operation("POST", "/quotes", "What a use would cost", tag="bookings", body=QuoteAsked, answers={200: QuoteOut})
def ask_quote(body: QuoteAsked) -> QuoteOut:
    """Judge and price a use of an instrument as /instruments/{instrument_id}/quote does; nothing is written."""
    return quote_use(read_id(body.instrument), QuoteIn.model_validate(body.model_dump(exclude={"instrument"})))


def _quoted(one: Booking, quote: BookingQuote) -> QuotedOut:
    shown = booking_quote_out(quote)
    assert shown is not None  # there is a quote
    return QuotedOut(
        **shown.model_dump(), booking=str(one.id), instrument=str(one.instrument_id), start=one.start_at, end=one.end_at, status=one.status,
        made=quote.made_at,
    )  # fmt: skip
