"""The person behind the token, and her tokens."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from portal.api.shapes.basics import In, Named
from portal.api.shapes.kinds import Instant, Text


class MeOut(BaseModel):
    """The person behind the token."""

    id: str
    name: str
    email: str
    language: str
    organisation: Named
    groups: list[Named]
    roles: list[str]


class TokenIn(In):
    """A token to be made."""

    label: Annotated[Text, Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


class TokenOut(BaseModel):
    """A token, without its secret."""

    id: str
    label: str
    prefix: str
    created: Instant
    expires: Instant | None


class NewTokenOut(TokenOut):
    """A token just made; its secret is shown this once."""

    token: str


class TokensOut(BaseModel):
    """The living tokens of a person."""

    items: list[TokenOut]
    total: int
    next: str | None
