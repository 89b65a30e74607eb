"""Search over the API: the same as on the page, with facets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select

from instruments.classification import Category
from instruments.errors import Invalid, Sentence
from instruments.people import Organisation
from instruments.search import Query
from portal import clock
from portal.api.openapi import api, read_id
from portal.api.paging import window_of
from portal.api.register import organisation_out
from portal.api.shapes.instrument import FacetValue, InstrumentRow, InstrumentsAsked, InstrumentsOut
from portal.api.shapes.register import CategoryOut
from portal.auth import viewer
from portal.language import name, say
from portal.transactions import reading
from scheduling.finding import FreeWish, Page, Row, find_instruments

HOUR = timedelta(hours=1)
# People outside the organisation may use what is shared with everybody, whoever they are.
OUTSIDE = {"academic": "external", "enterprise": "external", "other": "external", "group": "internal"}
NOWHERE = -1


@api.operation(
    "GET", "/instruments", "Find instruments", tag="instruments", query=InstrumentsAsked, answers={200: InstrumentsOut}, public=True
)
def list_instruments(query: InstrumentsAsked) -> InstrumentsOut:
    """Find published instruments by words, choices and free time, with counts of every further choice."""
    with reading() as session:
        asked = Query(
            text=query.q, category=query.category, organisation_ids=_organisation_ids(session, query.organisation), city=query.city,
            facility_id=read_id(query.facility) if query.facility else None, audience=OUTSIDE.get(query.audience, query.audience),
            operation=query.operation, price=query.price, limit=query.limit, cursor=query.cursor,
        )  # fmt: skip
        found = find_instruments(session, asked, free=_free_wish(query), sort=query.sort, now=clock.now(), viewer=viewer())
        return _shown(session, found)


def _organisation_ids(session: Any, asked: str) -> tuple[int, ...]:
    """Read an organisation by its code, or by its id as the facet gives it; an unknown one has no instruments."""
    if not asked:
        return ()
    by_id = Organisation.id == int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else Organisation.id == NOWHERE
    return tuple(session.scalars(select(Organisation.id).where(or_(Organisation.code == asked, by_id)))) or (NOWHERE,)


def _free_wish(query: InstrumentsAsked) -> FreeWish | None:
    if query.free_from is None and query.free_until is None:
        return None
    if query.free_from is None or query.free_until is None:
        missing = "free_from" if query.free_from is None else "free_until"
        raise Invalid(missing, Sentence("free_from 与 free_until 须同时填写。", "Give free_from and free_until together."))
    return FreeWish(window_of(query.free_from, query.free_until, "free_until"), HOUR if query.duration is None else query.duration)


def _shown(session: Any, found: Page) -> InstrumentsOut:
    codes = {row.instrument.category_code for row in found.rows if row.instrument.category_code}
    classes = {one.code: one for one in session.scalars(select(Category).where(Category.code.in_(codes)))}
    facets = {
        facet: [FacetValue(value=str(one.value), label=say(one.name), count=one.count) for one in values]
        for facet, values in found.facets.items()
    }
    return InstrumentsOut(items=[_row_out(row, classes) for row in found.rows], total=found.total, next=found.next, facets=facets)


def _row_out(row: Row, classes: dict[str, Category]) -> InstrumentRow:
    one = row.instrument
    kind = classes.get(one.category_code or "")
    return InstrumentRow(
        id=str(one.id), inner_id=one.inner_id, name_zh=one.name_zh, name_en=one.name_en, organisation=organisation_out(one.organisation),
        category=CategoryOut(code=kind.code, name=name(kind), name_zh=kind.name_zh, name_en=kind.name_en) if kind else None,
        model=one.model, manufacturer=one.manufacturer, status=one.publication, bookable=one.is_published and one.accepts_bookings,
        next_free=row.free.start if row.free else None,
    )  # fmt: skip
