"""Instruments, their availability and quotes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import AlternativeOut, Asked, In, Named, RefusalOut, SpanOut, Words
from portal.api.shapes.kinds import ACCOUNT, Id, Instant, Items, Limit, Mode, Period, Purpose, Quantities, Samples, Text
from portal.api.shapes.register import CategoryOut, OrganisationOut


class WindowAsked(Asked):
    """A window of at most 92 days."""

    from_: Annotated[Instant, Field(alias="from")]
    until: Instant


class AvailabilityOut(BaseModel):
    """When an instrument is open, busy and free; nobody's name."""

    time_zone: str
    open: list[SpanOut]
    busy: list[SpanOut]
    free: list[SpanOut]


class QuoteLine(BaseModel):
    """One line of a price; what is an amount by itself has no rate. `code` stays the same from quote to charge."""

    code: str
    label: Words
    quantity: str
    unit: Words
    rate: str | None
    amount: str


class RatePrice(BaseModel):
    """What one unit costs some kinds of users, in words ("¥120.00", "free", "on request")."""

    audiences: list[str]
    price: Words


class RateOut(BaseModel):
    """One row of a rate table; without modes it is for all of them."""

    label: Words
    modes: Words | None
    unit: Words
    prices: list[RatePrice]


class QuoteOut(BaseModel):
    """What a use would cost and what stands against it. Without a total there are no rates, or a manager sets it, as the notes say."""

    lines: list[QuoteLine]
    total: str | None
    currency: str
    notes: list[Words]
    refusals: list[RefusalOut]
    approvals: list[RefusalOut]
    warnings: list[RefusalOut]
    alternatives: list[AlternativeOut]


class QuoteIn(In):
    """A use to be quoted."""

    start: Instant
    end: Instant
    mode: Mode | None = None
    purpose: Purpose = "research"
    group: Id | None = None
    samples: Samples = None
    quantities: Quantities = {}
    items: Items = []
    account: Annotated[Id | None, Field(description=ACCOUNT)] = None


class FacetValue(BaseModel):
    """One value of a facet and how many results have it."""

    value: str
    label: str
    count: int


class InstrumentRow(BaseModel):
    """An instrument as a search shows it."""

    id: str
    inner_id: str
    name_zh: str
    name_en: str
    organisation: OrganisationOut
    category: CategoryOut | None
    model: str
    manufacturer: str
    status: str
    bookable: bool
    next_free: Instant | None


class InstrumentsOut(BaseModel):
    """A page of instruments with facets."""

    items: list[InstrumentRow]
    total: int
    next: str | None
    facets: dict[str, list[FacetValue]]


class InstrumentsAsked(Asked):
    """What is looked for."""

    q: Annotated[Text, Field(max_length=200)] = ""
    category: Annotated[Text, Field(max_length=6)] = ""
    organisation: Annotated[Text, Field(max_length=40)] = ""
    city: Annotated[Text, Field(max_length=40)] = ""
    facility: Annotated[Text, Field(max_length=40)] = ""
    audience: Literal["", "external", "internal", "none", "group", "academic", "enterprise", "other"] = ""
    operation: Literal["", "self_operated", "sample_service"] = ""
    price: Literal["", "free", "to100", "to300", "to1000", "above", "request"] = ""
    free_from: Instant | None = None
    free_until: Instant | None = None
    duration: Period | None = None
    sort: Literal["relevance", "next_free", "name"] = "relevance"
    limit: Limit = 50
    cursor: Annotated[Text, Field(max_length=500)] = ""


class InstrumentOut(InstrumentRow):
    """Everything public about an instrument."""

    facility: Named | None
    department: str
    country: str
    original_value: str | None
    currency: str
    commissioned: str
    functions: str
    specifications: str
    services: str
    achievements: str
    requirements: str
    fees: str
    subjects: list[str]
    sharing_mode: str
    self_operated: bool
    sample_service: bool
    needs_qualification: bool
    place: dict[str, str]
    contact: dict[str, str]
    time_zone: str
    lanes: int
    step_minutes: int
    setup_minutes: int
    cleanup_minutes: int
    rules: list[Words]
    rates: list[RateOut]
    rate_rules: list[Words]
    links: dict[str, str]
    version: int
