"""Availability, and a quote that writes nothing."""

from __future__ import annotations

from typing import Any

from instruments.schedules import schedule_of
from instruments.timespan import TimeSpan
from portal import clock
from portal.api.catalogue import seen_instrument
from portal.api.openapi import api, read_id
from portal.api.paging import window_of
from portal.api.prices import CURRENCY, account_of, amount_text, check_account, lines_out, quantities_of, words
from portal.api.shapes.basics import SpanOut
from portal.api.shapes.instrument import AvailabilityOut, QuoteIn, QuoteOut, WindowAsked
from portal.auth import viewer
from portal.problems import alternative_json, refusal_json
from portal.transactions import reading
from scheduling.availability import availability
from scheduling.quoting import quote
from scheduling.reserving import Wish


@api.operation(
    "GET", "/instruments/{instrument_id}/availability", "When it is open, busy and free", tag="instruments", query=WindowAsked,
    answers={200: AvailabilityOut}, public=True,
)  # fmt: skip
def show_availability(instrument_id: int, query: WindowAsked) -> AvailabilityOut:
    """Show open, busy and free spans of a window of at most 92 days."""
    assert query.from_ is not None  # pydantic lets no window be without
    window = window_of(query.from_, query.until, "until")
    with reading() as session:
        one = seen_instrument(session, instrument_id, viewer())
        found = availability(session, schedule_of(one), window)
    return AvailabilityOut(
        time_zone=one.time_zone, open=_spans(found.opening.open_spans), busy=_spans(found.busy_spans), free=_spans(found.free_spans)
    )


def _spans(spans: Any) -> list[SpanOut]:
    return [SpanOut(start=span.start, end=span.end) for span in spans]


@api.operation(
    "POST", "/instruments/{instrument_id}/quote", "What a use would cost and what stands against it", tag="instruments", body=QuoteIn,
    answers={200: QuoteOut},
)  # fmt: skip
def quote_use(instrument_id: int, body: QuoteIn) -> QuoteOut:
    """Judge a use as booking would, with every refusal and alternative; nothing is written."""
    group = read_id(body.group) if body.group else (viewer().group_ids[0] if len(viewer().group_ids) == 1 else None)
    wish = Wish(
        (instrument_id,), TimeSpan(body.start, body.end), body.mode or "self", body.purpose, group,
        account_id=account_of(body.account),
        quantities=quantities_of(body.samples, body.quantities), options=tuple(body.items),
    )  # fmt: skip
    with reading() as session:
        seen_instrument(session, instrument_id, viewer())
        found = quote(session, wish, viewer=viewer(), now=clock.now())
        check_account(found)
        return QuoteOut(
            lines=lines_out(found.lines), total=amount_text(found.total), currency=CURRENCY,
            notes=[words(note) for one in found.rated for note in one.priced.notes],
            refusals=[refusal_json(one) for one in found.refusals], approvals=[refusal_json(one) for one in found.approvals],
            warnings=[refusal_json(one) for one in found.warnings], alternatives=[alternative_json(one) for one in found.alternatives],
        )  # fmt: skip
