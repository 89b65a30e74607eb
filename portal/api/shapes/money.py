"""Accounts and charges, as they go in and come out. Amounts are texts such as "120.00"."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked, In, Named, Words
from portal.api.shapes.kinds import Cursor, Id, Instant, Limit, Text

Amount = Annotated[Text, Field(pattern=r"^-?\d{1,13}(\.\d{1,2})?$", max_length=20)]
Positive = Annotated[Text, Field(pattern=r"^\d{1,13}(\.\d{1,2})?$", max_length=20)]
Percent = Annotated[Text, Field(pattern=r"^\d{1,3}(\.\d{1,2})?$", max_length=6)]
Reason = Annotated[Text, Field(min_length=1, max_length=500)]
Day = Annotated[Text, Field(pattern=r"^\d{4}-\d\d-\d\d$", json_schema_extra={"format": "date"})]


class AccountIn(In):
    """A new account: a grant of a group, or the prepaid or credit account of an organisation or firm, by its code."""

    kind: Literal["grant", "prepaid", "credit"]
    name: Annotated[Text, Field(min_length=1, max_length=200)]
    group: Id | None = None
    holder: Annotated[Text, Field(max_length=40)] | None = None
    number: Annotated[Text, Field(max_length=60)] = ""
    valid_from: Day | None = None
    valid_until: Day | None = None
    credit_limit: Positive = "0"
    needs_hold: bool = False
    approve_above: Positive | None = None
    quota_mode: Literal["shared", "fixed"] = "shared"


class AccountOut(BaseModel):
    """An account. The balance and what is held are null for who may spend from it but not read it."""

    id: str
    number: str
    kind: str
    name: str
    organisation: Named
    group: Named | None
    holder: Named | None
    valid_from: date | None
    valid_until: date | None
    quota_mode: str
    needs_hold: bool
    is_active: bool
    balance: str | None
    held: str | None
    currency: str = "CNY"


class AccountsOut(BaseModel):
    """Accounts I answer for or may spend from."""

    items: list[AccountOut]
    total: int
    next: str | None


class DepositIn(In):
    """A transfer that came in, or with `refund` went back, with its reference."""

    amount: Positive
    reference: Annotated[Text, Field(min_length=1, max_length=80)]
    moved_on: Day
    payer: Annotated[Text, Field(max_length=200)] = ""
    note: Annotated[Text, Field(max_length=500)] = ""
    refund: bool = False


class ChargesAsked(Asked):
    """Which charges."""

    whose: Literal["mine", "groups", "managed", "organisation", "all"] = "all"
    status: Literal["draft", "review", "disputed", "final", "reversed"] | None = None
    limit: Limit = 50
    cursor: Cursor = None


class ChargeIn(In):
    """A charge for something that is no use, made by the instrument's manager; `person` is an e-mail address."""

    instrument: Id
    person: Annotated[Text, Field(min_length=3, max_length=254)]
    label: Annotated[Text, Field(min_length=1, max_length=300)]
    amount: Positive
    reason: Reason
    account: Id | None = None


class ChargeLineOut(BaseModel):
    """One line of a charge."""

    code: str
    label: Words
    quantity: str
    unit: Words
    rate: str | None
    amount: str
    reason: str


class ShareOut(BaseModel):
    """Who pays which part."""

    account: str
    percent: str
    amount: str


class ChargeOut(BaseModel):
    """A charge; its total is null until a manager has set the price. Lines and shares stand in the answer for one charge."""

    id: str
    kind: str
    status: str
    instrument: Named
    person: str
    used_at: Instant
    usage: str | None
    booking: str | None
    total: str | None
    quoted: str | None
    currency: str
    review_until: Instant | None
    final_at: Instant | None
    reverses: str | None
    reason: str
    lines: list[ChargeLineOut] = []
    shares: list[ShareOut] = []


class ChargesOut(BaseModel):
    """Charges, the newest first."""

    items: list[ChargeOut]
    total: int
    next: str | None


class ChargeStepIn(In):
    """A step of a charge. `reason` for disputing, answering and reversing; `adjustment` with an answer."""

    reason: Annotated[Text, Field(max_length=500)] = ""
    adjustment: Amount | None = None


class LineIn(In):
    """A line of the manager's own, for a draft."""

    label: Annotated[Text, Field(min_length=1, max_length=300)]
    amount: Amount
    reason: Reason


class ShareIn(In):
    """An account and its percent."""

    account: Id
    percent: Percent


class PayersIn(In):
    """Who pays; the percents make 100."""

    shares: Annotated[list[ShareIn], Field(min_length=1, max_length=10)]
