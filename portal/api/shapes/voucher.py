"""Vouchers of firms, as they go in and come out."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, In, Named
from portal.api.shapes.kinds import Cursor, Id, Instant, Limit, Text

VoucherStatus = Literal["applied", "granted", "refused", "withdrawn", "closed"]
Yuan = Annotated[str, Field(pattern=r"^[0-9]{1,10}(\.[0-9]{1,2})?$")]


class VouchersAsked(Asked):
    """Which vouchers."""

    status: VoucherStatus | None = None
    limit: Limit = 50
    cursor: Cursor = None


class VoucherIn(In):
    """What one's own organisation applies for. Over the programme's quota, in another year, or twice: 422."""

    programme: Id
    year: Annotated[int, Field(ge=2000, le=2100)]
    amount: Yuan
    plan: Annotated[Text, Field(min_length=1, max_length=1000, pattern=r"\S")]


class VoucherOut(BaseModel):
    """A voucher: what was asked, what was granted, and what of it is left beside claims paid or under way."""

    id: str
    number: str
    status: VoucherStatus
    programme: Named
    organisation: Named
    year: int
    asked: str
    granted: str | None
    left: str | None
    currency: str
    valid_until: date
    applied: Instant
    reason: str


class VouchersOut(BaseModel):
    """A page of vouchers, the newest first."""

    items: list[VoucherOut]
    next: str | None
