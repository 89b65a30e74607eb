"""Organisations and classes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from portal.api.shapes.basics import Asked
from portal.api.shapes.kinds import Cursor, Limit, Text


class OrganisationOut(BaseModel):
    """An organisation."""

    id: str
    code: str
    name_zh: str
    name_en: str
    city: str


class OrganisationsAsked(Asked):
    """Which organisations."""

    q: Annotated[Text, Field(max_length=100)] = ""
    city: Annotated[Text, Field(max_length=40)] = ""
    limit: Limit = 50
    cursor: Cursor = None


class OrganisationsOut(BaseModel):
    """A page of organisations."""

    items: list[OrganisationOut]
    total: int
    next: str | None


class CategoryOut(BaseModel):
    """A class of the national classification."""

    code: str
    name: str
    name_zh: str = ""
    name_en: str = ""


class CategoriesAsked(Asked):
    """Which classes: those below one, or of one level."""

    parent: Annotated[Text, Field(max_length=6)] = ""
    level: Annotated[int, Field(ge=1, le=3)] | None = None
    limit: Limit = 200
    cursor: Cursor = None


class CategoryRow(CategoryOut):
    """A class and where it stands."""

    parent: str | None
    level: int


class CategoriesOut(BaseModel):
    """A page of classes."""

    items: list[CategoryRow]
    total: int
    next: str | None
