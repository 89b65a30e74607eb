"""Returns, as they come out."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel

from portal.api.shapes.basics import Asked, Named
from portal.api.shapes.kinds import Cursor, Id, Instant, Limit

ReturnKind = Literal["service_records", "running", "yearly", "sj3"]
ReturnState = Literal["draft", "signed", "accepted", "sent_back"]


class ReturnsAsked(Asked):
    """Which returns: of an organisation, a kind, a state."""

    organisation: Id | None = None
    kind: ReturnKind | None = None
    state: ReturnState | None = None
    limit: Limit = 50
    cursor: Cursor = None


class ReturnAsked(Asked):
    """Which of its rows: those after a cursor."""

    limit: Limit = 100
    cursor: Cursor = None


class ReturnOut(BaseModel):
    """A return: who reports what for which time, how often it was made, how far it is. `digest` is the SHA-256 of its rows."""

    id: str
    organisation: Named
    kind: ReturnKind
    period: str
    starts_on: date
    ends_on: date
    edition: int
    state: ReturnState
    format: str
    row_count: int
    errors: int
    digest: str
    made_at: Instant
    signed_at: Instant | None
    reviewed_at: Instant | None
    note: str
    remark: str


class ReturnRowProblem(BaseModel):
    """What is wrong with a field of a row of a draft."""

    field: str
    code: str
    zh: str
    en: str


class ReturnRowOut(BaseModel):
    """A row in the national field names; who applied reads *** to everybody who does not sign. `typed` names the figures typed by hand."""

    position: int
    data: dict[str, Any]
    typed: list[str]
    problems: list[ReturnRowProblem]


class ReturnWithRows(ReturnOut):
    """A return with a page of its rows."""

    rows: list[ReturnRowOut]
    next: str | None


class ReturnsOut(BaseModel):
    """A page of returns, the newest first."""

    items: list[ReturnOut]
    total: int
    next: str | None
