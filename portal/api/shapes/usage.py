"""Uses, as they go in and come out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, In, Named
from portal.api.shapes.kinds import Cursor, Id, Instant, Limit, Mode, Note, Purpose, Text

UseMode = Literal["self", "assisted", "remote", "teaching", "training", "maintenance", "sample"]
UseStatus = Literal["running", "recorded", "confirmed", "void"]
Minutes = Annotated[int, Field(ge=0, le=132480)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Amount = Annotated[str, Field(pattern=r"^\d{1,10}(\.\d{1,6})?$")]
Code = Annotated[Text, Field(min_length=1, max_length=40)]


class UsageAsked(Asked):
    """Which uses, and whether as a page of JSON or all of them as CSV."""

    mine: bool = False
    instrument: Id | None = None
    from_: Annotated[Instant | None, Field(alias="from")] = None
    until: Instant | None = None
    status: UseStatus | None = None
    format: Literal["json", "csv"] = "json"
    limit: Limit = 50
    cursor: Cursor = None


class UsageIn(In):
    """A use that is over, as its instrument's manager records it; `person` is an e-mail address. Without `booking` it is looked for."""

    instrument: Id
    person: Annotated[Text, Field(min_length=3, max_length=254)]
    start: Instant
    end: Instant
    mode: UseMode = "self"
    purpose: Purpose = "research"
    group: Id | None = None
    booking: Id | None = None
    operator: Annotated[Text, Field(min_length=3, max_length=254)] | None = None
    effective_minutes: Minutes | None = None
    startup_minutes: Minutes = 0
    post_minutes: Minutes = 0
    fault_minutes: Minutes = 0
    samples: Count = 0
    runs: Count = 0
    quantities: Annotated[dict[Code, Amount], Field(max_length=40)] = {}
    options: Annotated[list[Code], Field(max_length=40)] = []
    content: Note = ""
    project: Annotated[Text, Field(max_length=200)] = ""
    outcome: Literal["", "ok", "partial", "failed"] = ""


class UseBegun(In):
    """Who begins to use what. `person`, an e-mail address, is for the instrument's manager; without it it is the caller.

    Without `booking` it is the one that is due, and where none is, a use without a booking. `mark` is what the code on the instrument holds as `at`.
    """

    instrument: Id
    booking: Id | None = None
    person: Annotated[Text, Field(min_length=3, max_length=254)] | None = None
    mode: Mode = "self"
    purpose: Purpose = "research"
    group: Id | None = None
    project: Annotated[Text, Field(max_length=200)] = ""
    mark: Annotated[Text, Field(max_length=40)] = ""


class UseEnded(In):
    """What is told when a use ends; `end`, for its manager only, says that it ended earlier than now."""

    end: Instant | None = None
    startup_minutes: Minutes = 0
    post_minutes: Minutes = 0
    fault_minutes: Minutes = 0
    samples: Count = 0
    runs: Count = 0
    quantities: Annotated[dict[Code, Amount], Field(max_length=40)] = {}
    options: Annotated[list[Code], Field(max_length=40)] = []
    content: Note = ""
    project: Annotated[Text, Field(max_length=200)] = ""
    outcome: Literal["", "ok", "partial", "failed"] = ""
    mark: Annotated[Text, Field(max_length=40)] = ""


class UsageOut(BaseModel):
    """A use. `provenance` is the weaker of where its two times come from; `charged` is null until there is a charge with a total."""

    id: str
    status: UseStatus
    instrument: Named
    organisation: Named
    user_organisation: Named
    person: str
    group: str | None
    start: Instant
    end: Instant | None
    effective_minutes: int | None
    external: bool
    audience: str
    mode: str
    purpose: str
    project: str
    outcome: str
    provenance: str
    start_source: str
    end_source: str
    samples: int
    runs: int
    quantities: dict[str, str]
    rating: str
    charged: str | None
    currency: str
    booking: str | None
    replaces: str | None
    problems: list[str]
    counted: Annotated[bool, Field(description="Whether statistics count it: it is over, no maintenance, and nothing about it is open.")]


class UsagesOut(BaseModel):
    """A page of uses."""

    items: list[UsageOut]
    total: int
    next: str | None
