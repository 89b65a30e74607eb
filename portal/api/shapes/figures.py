"""A manager's figures: what is asked, rows of figures, the week, what users said, and what would help."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field, create_model

from portal.api.shapes.basics import Asked, Named, SpanOut, Words
from portal.api.shapes.kinds import Cursor, Id
from portal.api.shapes.statistics import kind_of
from portal.figurerows import BY_CODE, PEOPLE
from scheduling.statistics.quantities import SUMMED
from scheduling.statistics.weekhours import MOST_INSTRUMENTS

_OF_TIME = [f"{name}_minutes" if f"{name}_minutes" in BY_CODE else name for name in SUMMED]
CODES = (*_OF_TIME, *PEOPLE, "utilisation_offered", "satisfaction")


class FiguresAsked(Asked):
    """Which instruments of mine (all, or one), in which year, quarter or month; a page of them by id."""

    year: Annotated[int | None, Field(ge=1990, le=2199, description="This year, unless said.")] = None
    quarter: Annotated[int | None, Field(ge=1, le=4)] = None
    month: Annotated[int | None, Field(ge=1, le=12, description="Not together with a quarter.")] = None
    instrument: Id | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_INSTRUMENTS)] = 20
    cursor: Cursor = None


LabRow: type[BaseModel] = create_model(
    "LabRow",
    __doc__="The figures of one instrument, of one month (without its people), or of all. A figure that is not defined is null; `reason` says why.",
    key=(str, ...), label=(str, ...), label_zh=(str, ...), label_en=(str, ...), currency=(str, ...),
    **{code: kind_of(BY_CODE[code]) for code in CODES},
    reason=(dict[str, Words], Field(default_factory=dict)),
)  # fmt: skip


class LostOut(BaseModel):
    """What became of the hours offered but not used, in minutes."""

    no_show_minutes: int
    down_open_minutes: int
    late_cancel_minutes: int
    never_booked_minutes: int


Cells = Annotated[list[list[int]], Field(description="Seven days from Monday, each with the minutes of its 24 hours.")]


class WeekOut(BaseModel):
    """The week hour by hour, by the instruments' own clocks, over `window`, of the instruments listed on this page."""

    window: SpanOut
    offered: Cells
    booked: Cells
    used: Cells


class CommentOut(BaseModel):
    """What a user said of a use; without who it was."""

    rating: str
    comment: str
    instrument: str
    on: date


class FiguresOut(BaseModel):
    """The figures of my instruments: a page of them, all of them together, and all by month as far as it has begun."""

    year: int
    period: Words
    since: Annotated[str, Field(description="The first month, such as 2026-01.")]
    until: Annotated[str, Field(description="The last month.")]
    instruments: int
    rows: list[LabRow]  # type: ignore[valid-type]  # made above
    total: LabRow  # type: ignore[valid-type]  # made above
    months: list[LabRow]  # type: ignore[valid-type]  # made above
    lost: LostOut
    week: WeekOut
    comments: list[CommentOut]
    next: str | None


class AdviceOut(BaseModel):
    """One thing that would help one instrument: what was seen, what might help, and the page where it is changed."""

    instrument: Named
    code: str
    seen: Words
    might: Words
    weight: int
    change_at: str


class AdvicesOut(BaseModel):
    """What would help the instruments of a page, the weightiest first; `total` counts what is on this page, `instruments` all to be looked at."""

    window: SpanOut
    items: list[AdviceOut]
    total: int
    instruments: int
    next: str | None
