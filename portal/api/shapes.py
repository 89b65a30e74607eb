"""What goes into the API and comes out of it. Times carry an offset, money is text with a currency, ids are opaque text."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
PERIOD = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?)?", re.ASCII)
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def _instant(value: Any) -> datetime:
    """Read RFC 3339 with an offset; numbers, bare dates and naive times are refused."""
    if isinstance(value, str):
        text = value.replace(" ", "+") if re.search(r" \d\d:\d\d$", value) and len(value) > 20 else value  # a + not escaped in a query
        if RFC3339.fullmatch(text):
            try:
                found = datetime.fromisoformat(text.upper())
                if 1970 <= found.year <= 2999:
                    return found
            except ValueError:
                pass
    raise PydanticCustomError("instant", "not an RFC 3339 time with an offset")


def _period(value: Any) -> timedelta:
    """Read an ISO 8601 duration of days, hours and minutes."""
    match = PERIOD.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        raise PydanticCustomError("duration", "not a duration such as PT2H")
    days, hours, minutes = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)


def _printable(value: str) -> str:
    if UNPRINTABLE.search(value):
        raise PydanticCustomError("text", "characters that cannot be used")
    return value


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(lambda value: value.isoformat(), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Period = Annotated[
    timedelta,
    BeforeValidator(_period),
    WithJsonSchema({"type": "string", "pattern": r"^P(?=.*\d)(\d{1,3}D)?(T(?=\d)(\d{1,4}H)?(\d{1,6}M)?)?$"}),
]
Text = Annotated[str, AfterValidator(_printable)]
Note = Annotated[Text, Field(max_length=500)]
Id = Annotated[Text, Field(min_length=1, max_length=40)]
Cursor = Annotated[Text | None, Field(max_length=500)]
Limit = Annotated[int, Field(ge=1, le=200)]
Mode = Literal["self", "assisted", "remote", "teaching", "training", "maintenance"]
Purpose = Literal["research", "development", "teaching", "other"]
Status = Literal["requested", "confirmed", "running", "finished", "cancelled", "declined", "expired", "no_show", "moved"]


class In(BaseModel):
    """What a caller sends in a body; unknown fields are refused, so that a slip is not silently lost."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """What a caller asks for in the query."""

    model_config = ConfigDict(extra="ignore")


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class RefusalOut(BaseModel):
    """One reason why not: its code, the sentence, and what would be allowed."""

    code: str
    message: Words
    allowed: dict[str, Any] = {}


class AlternativeOut(BaseModel):
    """A time that would work."""

    instrument: str
    start: str
    end: str
    total: str | None = None


class Problem(BaseModel):
    """What was wrong (RFC 9457), with every refusal and alternative."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    refusals: list[RefusalOut] = []
    alternatives: list[AlternativeOut] = []


class SpanOut(BaseModel):
    """A half-open stretch of time."""

    start: Instant
    end: Instant


class OrganisationOut(BaseModel):
    """An organisation."""

    id: str
    code: str
    name_zh: str
    name_en: str
    city: str


class CategoryOut(BaseModel):
    """A class of the national classification."""

    code: str
    name: str
    name_zh: str = ""
    name_en: str = ""


class Named(BaseModel):
    """Something with an id and a name in both languages."""

    id: str
    name_zh: str
    name_en: str


class QuoteLine(BaseModel):
    """One line of a quote."""

    label: Words
    quantity: str
    unit: str
    rate: str
    amount: str


class QuoteOut(BaseModel):
    """What a use would cost and what stands against it."""

    lines: list[QuoteLine]
    total: str | None
    currency: str
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
    samples: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    items: Annotated[list[Id], Field(max_length=50)] | None = None
    account: Id | None = None


class BookingIn(In):
    """A booking of one instrument, or of several (all or none)."""

    instrument: Id | None = None
    instruments: Annotated[list[Id], Field(min_length=1, max_length=20)] | None = None
    start: Instant
    end: Instant
    mode: Mode | None = None
    purpose: Purpose = "research"
    group: Id | None = None
    account: Id | None = None
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


class BookingOut(BaseModel):
    """A booking."""

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


class MeOut(BaseModel):
    """The person behind the token."""

    id: str
    name: str
    email: str
    language: str
    organisation: Named
    groups: list[Named]
    roles: list[str]


class TokenIn(In):
    """A token to be made."""

    label: Annotated[Text, Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class TokenOut(BaseModel):
    """A token, without its secret."""

    id: str
    label: str
    prefix: str
    created: Instant
    expires: Instant | None


class NewTokenOut(TokenOut):
    """A token just made; its secret is shown this once."""

    token: str


class TokensOut(BaseModel):
    """The living tokens of a person."""

    items: list[TokenOut]
    total: int
    next: str | None


class OrganisationsAsked(Asked):
    """Which organisations."""

    q: Annotated[Text, Field(max_length=100)] = ""
    city: Annotated[Text, Field(max_length=40)] = ""
    limit: Limit = 50
    cursor: Cursor = None


class OrganisationsOut(BaseModel):
    """A page of organisations."""

    items: list[OrganisationOut]
    total: int
    next: str | None


class CategoriesAsked(Asked):
    """Which classes: those below one, or of one level."""

    parent: Annotated[Text, Field(max_length=6)] = ""
    level: Annotated[int, Field(ge=1, le=3)] | None = None
    limit: Limit = 200
    cursor: Cursor = None


class CategoryRow(CategoryOut):
    """A class and where it stands."""

    parent: str | None
    level: int


class CategoriesOut(BaseModel):
    """A page of classes."""

    items: list[CategoryRow]
    total: int
    next: str | None


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
    rates: list[QuoteLine]
    links: dict[str, str]
    version: int
