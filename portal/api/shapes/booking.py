"""Bookings, as they go in and come out."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, In, Named
from portal.api.shapes.instrument import QuoteIn, QuoteLine
from portal.api.shapes.kinds import ACCOUNT, Cursor, Id, Instant, Items, Limit, Mode, Note, Purpose, Quantities, Samples, Status


class BookingIn(In):
    """A booking of one instrument, or of several (all or none)."""

    instrument: Id | None = None
    instruments: Annotated[list[Id], Field(min_length=1, max_length=20)] | None = None
    start: Instant
    end: Instant
    mode: Mode | None = None
    purpose: Purpose = "research"
    group: Id | None = None
    samples: Samples = None
    quantities: Quantities = {}
    items: Items = []
    account: Annotated[Id | None, Field(description=ACCOUNT)] = None
    note: Note = ""


class BookingPatch(In):
    """A change of time or note; what is left out stays."""

    start: Instant | None = None
    end: Instant | None = None
    note: Note | None = None


class StepIn(In):
    """A reason or note that goes with a step."""

    reason: Note = ""
    note: Note = ""


class BookingQuoteOut(BaseModel):
    """What a booking was priced at when it was made or moved; without a total a manager sets it."""

    lines: list[QuoteLine]
    total: str | None
    currency: str
    account: str | None
    quantities: dict[str, str]
    items: list[str]


class QuotedOut(BookingQuoteOut):
    """A quote, and the booking it was made for."""

    booking: str
    instrument: str
    start: Instant
    end: Instant
    status: Status
    made: Instant


class QuotesOut(BaseModel):
    """A page of quotes."""

    items: list[QuotedOut]
    total: int
    next: str | None


class QuotesAsked(Asked):
    """Which quotes."""

    mine: bool = False
    instrument: Id | None = None
    from_: Annotated[Instant | None, Field(alias="from")] = None
    until: Instant | None = None
    limit: Limit = 50
    cursor: Cursor = None


class QuoteAsked(QuoteIn):
    """A use to be quoted, and of which instrument."""

    instrument: Id


class BookingOut(BaseModel):
    """A booking. One that had no rates has no quote."""

    id: str
    status: Status
    instrument: Named
    start: Instant
    end: Instant
    mode: str
    purpose: str
    audience: str
    person: str
    group: str | None
    note: str
    reason: str
    quote: BookingQuoteOut | None
    previous: str | None
    bundle: str | None
    version: int
    created: Instant
    expires: Instant | None
    started: Instant | None
    ended: Instant | None
    links: dict[str, str]


class BookingsOut(BaseModel):
    """A page of bookings."""

    items: list[BookingOut]
    total: int
    next: str | None


class BundleOut(BookingOut):
    """A booking, and those made with it."""

    bookings: list[BookingOut] = []


class BookingsAsked(Asked):
    """Which bookings."""

    mine: bool = False
    instrument: Id | None = None
    from_: Annotated[Instant | None, Field(alias="from")] = None
    until: Instant | None = None
    status: Status | None = None
    limit: Limit = 50
    cursor: Cursor = None
