"""Published evaluations, as they come out."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, Named
from portal.api.shapes.kinds import Cursor, Instant, Limit


class EvaluationsAsked(Asked):
    """A page of the list."""

    limit: Limit = 50
    cursor: Cursor = None


class EvaluationOut(BaseModel):
    """A published round: by which version of which scheme, of whom (none: the whole network), over which days, the last one included."""

    id: str
    scheme: str
    scheme_name_zh: str
    scheme_name_en: str
    scheme_version: int
    of: str
    organisation: Named | None
    starts_on: date
    ends_on: date
    published: Instant


class EvaluationsOut(BaseModel):
    """A page of published rounds, the newest first."""

    items: list[EvaluationOut]
    total: int
    next: str | None


class GradeOut(BaseModel):
    """The grade of one subject; none where nothing could be scored."""

    id: str
    name_zh: str
    name_en: str
    organisation: str
    grade: str | None
    grade_zh: str | None
    grade_en: str | None


class EvaluationWithGrades(EvaluationOut):
    """A published round with a page of its grades, in order of rank."""

    counts: Annotated[dict[str, int], Field(description="How many subjects have each grade, by its code, the best first.")]
    grades: list[GradeOut]
    total: int
    next: str | None
