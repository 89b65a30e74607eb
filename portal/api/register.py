"""Organisations and classes, as everybody may read them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, or_, select

from instruments.classification import Category
from instruments.people import Organisation
from portal.api.openapi import api
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.register import CategoriesAsked, CategoriesOut, CategoryRow, OrganisationOut, OrganisationsAsked, OrganisationsOut
from portal.language import name
from portal.transactions import reading


def organisation_out(one: Organisation) -> OrganisationOut:
    """Show an organisation."""
    return OrganisationOut(id=str(one.id), code=one.code, name_zh=one.name_zh, name_en=one.name_en, city=one.city)


@api.operation(
    "GET", "/organisations", "List organisations", tag="register", query=OrganisationsAsked, answers={200: OrganisationsOut}, public=True
)
def list_organisations(query: OrganisationsAsked) -> OrganisationsOut:
    """List active organisations by code."""
    conditions: list[Any] = [Organisation.is_active]
    if query.city:
        conditions.append(Organisation.city == query.city)
    if query.q:
        conditions.append(or_(*(column.contains(query.q, autoescape=True) for column in (Organisation.name_zh, Organisation.name_en))))
    after = key_of(query.cursor, str)
    with reading() as session:
        total = session.scalar(select(func.count(Organisation.id)).where(*conditions)) or 0
        if after:
            conditions.append(Organisation.code > after[0])
        rows = session.scalars(select(Organisation).where(*conditions).order_by(Organisation.code).limit(query.limit + 1)).all()
    items = [organisation_out(row) for row in rows[: query.limit]]
    return OrganisationsOut(items=items, total=total, next=cursor_of(items[-1].code) if len(rows) > query.limit else None)


@api.operation(
    "GET", "/categories", "List classes of instruments", tag="register", query=CategoriesAsked, answers={200: CategoriesOut}, public=True
)
def list_categories(query: CategoriesAsked) -> CategoriesOut:
    """List the national classification, by code."""
    conditions: list[Any] = []
    if query.parent:
        conditions.append(Category.parent_code == query.parent)
    if query.level:
        conditions.append(Category.level == query.level)
    after = key_of(query.cursor, str)
    with reading() as session:
        total = session.scalar(select(func.count(Category.code)).where(*conditions)) or 0
        if after:
            conditions.append(Category.code > after[0])
        rows = session.scalars(select(Category).where(*conditions).order_by(Category.code).limit(query.limit + 1)).all()
    items = [
        CategoryRow(code=row.code, name=name(row), name_zh=row.name_zh, name_en=row.name_en, parent=row.parent_code, level=row.level)
        for row in rows[: query.limit]
    ]
    return CategoriesOut(items=items, total=total, next=cursor_of(items[-1].code) if len(rows) > query.limit else None)
