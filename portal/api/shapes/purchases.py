"""Purchase reviews, as they go in and come out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, In, Named
from portal.api.shapes.kinds import Cursor, Id, Instant, Limit, Text
from portal.api.shapes.voucher import Yuan
from scheduling.statistics.purchases import LONGEST


class ReviewsAsked(Asked):
    """A page of the list."""

    limit: Limit = 50
    cursor: Cursor = None


class ReviewIn(In):
    """What an organisation means to buy. A class or words to find comparable instruments by are needed."""

    organisation: Id
    title: Annotated[Text, Field(min_length=1, max_length=200, pattern=r"\S")]
    price: Yuan
    central: Annotated[bool, Field(description="Paid from central money.")] = False
    category: Annotated[Text, Field(pattern=r"^(\d{6})?$", description="A class of six digits.")] = ""
    words: Annotated[Text, Field(max_length=200, description="Words to find comparable instruments by.")] = ""
    city: Annotated[Text, Field(max_length=40, description="The code of the city where it will stand.")] = ""
    need: Annotated[Text, Field(max_length=LONGEST)] = ""


class ReviewOut(BaseModel):
    """A review: what is to be bought, and the opinion once it is given; a draft has no number."""

    id: str
    number: str | None
    organisation: Named
    title: str
    price: str
    currency: str
    central: bool
    category: str | None
    words: str
    city: str
    need: str
    verdict: Literal["buy", "share", "conditions"] | None
    opinion: str
    made: Instant
    given: Instant | None


class ReviewsOut(BaseModel):
    """A page of reviews, the newest first."""

    items: list[ReviewOut]
    total: int
    next: str | None


class ComparableOut(BaseModel):
    """An instrument that is comparable: how many effective and external hours it worked by year (without a year it was not on the network for)."""

    id: str
    name_zh: str
    name_en: str
    model: str
    organisation_zh: str
    organisation_en: str
    own: bool
    city_zh: str
    city_en: str
    distance_km: int | None
    sharing_zh: str
    sharing_en: str
    bookable: bool
    samples: bool
    qualification: bool
    hours: dict[str, float]
    external_hours: dict[str, float]
    mean_hours: float | None
    free: Instant | None
    rates_zh: str
    rates_en: str


class ConcludedOut(BaseModel):
    """What follows from the instruments chosen (none chosen: from all): how many count, their mean effective hours a year, and whether they are saturated."""

    chosen: list[str]
    counted: int
    mean_hours: float | None
    saturated: bool | None


class ReviewWithFigures(ReviewOut):
    """A review with what it rests on: as it was when the opinion was given, of a draft as it is now."""

    as_of: Instant
    years: list[int]
    saturated_hours: int
    review_from: Annotated[str, Field(description="The price in yuan from which on central purchases are reviewed.")]
    needs_review: bool
    comparable: list[ComparableOut]
    concluded: ConcludedOut
