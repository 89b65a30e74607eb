"""Statistics: what is asked, and rows of figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, create_model

from portal.api.shapes.basics import Asked, Words
from portal.api.shapes.kinds import Id, Text
from portal.figurerows import COLUMNS, Column

Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="A month such as 2026-09.")]

LEAST = "Only instruments of this original value or more, in yuan."


class StatisticsAsked(Asked):
    """Which figures: a calendar year, a school year (from 1 September), a quarter of the year, or months from one up to and including another."""

    year: Annotated[int, Field(ge=1990, le=2199)] | None = None
    school_year: Annotated[int, Field(ge=1990, le=2198)] | None = None
    quarter: Annotated[int, Field(ge=1, le=4)] | None = None
    from_: Annotated[Month | None, Field(alias="from")] = None
    until: Month | None = None
    by: Literal["network", "organisation", "facility", "category", "city", "instrument", "month"] = "network"
    organisation: Id | None = None
    facility: Id | None = None
    instrument: Id | None = None
    category: Annotated[Text, Field(pattern=r"^\d{6}$")] | None = None
    city: Annotated[Text, Field(max_length=40)] = ""
    least_value: Annotated[Decimal | None, Field(ge=0, le=10**12, allow_inf_nan=False, description=LEAST)] = None
    mine: Annotated[bool, Field(description="Only what I manage or audit, with every count as it is.")] = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    offset: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    published: Annotated[bool, Field(description="A closed year as it was published; without, the figures as the rows now say.")] = True


def kind_of(column: Column) -> tuple[Any, Any]:
    """Give a column's type with its explanation, as a shape takes a field."""
    about = Field(description=f"{column.title.zh} / {column.title.en}: {column.explained.en}")
    if column.unit == "yuan":
        return str, about
    if column.unit in ("rate", "hours"):
        return float | None, about
    return (int | None if column.code in ("users", "external_users") else int), about


FigureRow: type[BaseModel] = create_model(
    "FigureRow",
    __doc__="One row of figures. A figure that is not defined, or not told, is null; `reason` says why, by the figure's name.",
    key=(str, ...), label=(str, ...), label_zh=(str, ...), label_en=(str, ...), currency=(str, ...),
    **{column.code: kind_of(column) for column in COLUMNS},
    reason=(dict[str, Words], Field(default_factory=dict)),
)  # fmt: skip


class StatisticsOut(BaseModel):
    """Rows of figures and their total. `waiting` changes are not counted yet; `published` says that a closed year is told as it was published."""

    year: int | None
    period: Words
    since: Annotated[str, Field(description="The first month, such as 2026-01.")]
    until: Annotated[str, Field(description="The last month.")]
    by: str
    rows: list[FigureRow]  # type: ignore[valid-type]  # made above
    total: FigureRow  # type: ignore[valid-type]  # made above
    next: str | None
    published: bool
    waiting: int
