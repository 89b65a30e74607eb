"""Statements, as they come out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, Named
from portal.api.shapes.kinds import Cursor, Id, Instant, Limit

Month = Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="Such as 2026-10")]


class StatementsAsked(Asked):
    """Which statements: of a provider, an account, the cycle a month lies in; or only those still to be settled."""

    organisation: Id | None = None
    account: Id | None = None
    month: Month | None = None
    status: Literal["open", "all"] = "all"
    limit: Limit = 50
    cursor: Cursor = None


class StatementAsked(Asked):
    """Which of its lines: those after a cursor."""

    limit: Limit = 100
    cursor: Cursor = None


class StatementAccount(BaseModel):
    """Whose account it is on, with the names as they were when the books were closed."""

    id: str
    number: str
    name: str
    kind: str
    payer_zh: str
    payer_en: str


class StatementOut(BaseModel):
    """A statement. `charged` is what uses cost less what was taken back; `due` is to be transferred, of which `left` is not marked yet."""

    id: str
    number: str
    month: Annotated[str, Field(description="The first month of the closing cycle it is of")]
    months: Annotated[int, Field(description="How many months the cycle has: 1, 3, 6 or 12")]
    last_month: Annotated[str, Field(description="The last month of the cycle")]
    organisation: Named
    account: StatementAccount
    charged: str
    paid_in: str
    opening: str | None
    closing: str | None
    due: str
    settled: str
    left: str
    status: Literal["open", "settled"]
    currency: str
    line_count: int
    closed_at: Instant


class StatementPartOut(BaseModel):
    """One step of how a line was worked out."""

    code: str
    label_zh: str
    label_en: str
    quantity: str
    unit_zh: str
    unit_en: str
    rate: str | None
    amount: str


class StatementLineOut(BaseModel):
    """A line: `amount` above zero costs, below zero was paid or taken back."""

    position: int
    entry: str
    kind: str
    at: Instant
    used_at: Instant | None
    charge: str | None
    person: str
    instrument_zh: str
    instrument_en: str
    reference: str
    amount: str
    parts: list[StatementPartOut]


class StatementWithLines(StatementOut):
    """A statement with its lines, a page of them; whole is false where only the caller's own are hers to see."""

    whole: bool
    lines: list[StatementLineOut]
    next: str | None


class StatementsOut(BaseModel):
    """A page of statements, the newest first."""

    items: list[StatementOut]
    total: int
    next: str | None
