"""What needs attention: how many instruments of each kind, and one kind's, as they come out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, Named, Words
from portal.api.shapes.kinds import Cursor, Id, Limit
from scheduling.statistics.attention import ALL

MarkedFor = Literal[tuple(ALL)]  # type: ignore[valid-type]  # the kinds there are, each by its code
Year = Annotated[int | None, Field(ge=1990, le=2199, description="A year that has begun; this one, unless said.")]


class AttentionAsked(Asked):
    """Which year, and whose instruments: one organisation's, or all of those I answer for."""

    year: Year = None
    organisation: Id | None = None


class MarkedAsked(AttentionAsked):
    """Which kind, and a page of it."""

    kind: MarkedFor
    limit: Limit = 50
    cursor: Cursor = None


class AttentionKind(BaseModel):
    """A kind, what it goes by, and how many instruments are marked with it."""

    kind: MarkedFor
    title: Words
    means: Words
    count: int


class OverdueOut(BaseModel):
    """How many organisations have not handed in a kind of return for its last period, and for how many days it has been due."""

    kind: str
    period: str
    count: int
    days: int


class AttentionOut(BaseModel):
    """All kinds with their counts. `total` adds up the instruments marked; what is overdue stands beside it."""

    year: int
    least_value: Annotated[str, Field(description="In scope are instruments of this original value or more, in yuan.")]
    currency: str
    items: list[AttentionKind]
    overdue: list[OverdueOut]
    total: int
    next: None = None


class MarkedOut(BaseModel):
    """An instrument that is marked, its figures in words, and the page where it can be mended or looked into."""

    id: str
    inner_id: str
    name_zh: str
    name_en: str
    model: str
    organisation: Named
    facility: Named | None
    status: str
    figures: Words
    look_at: str


class MarkedPageOut(BaseModel):
    """A page of the instruments marked with a kind, by organisation."""

    year: int
    kind: MarkedFor
    title: Words
    means: Words
    items: list[MarkedOut]
    total: int
    next: str | None
