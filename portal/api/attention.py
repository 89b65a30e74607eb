"""What needs attention over the API: the counts and lists of the page, for whoever administers or audits."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from portal import clock
from portal.api.openapi import api
from portal.api.paging import cursor_of, key_of
from portal.api.prices import CURRENCY, words
from portal.api.shapes.attention import AttentionAsked, AttentionKind, AttentionOut, MarkedAsked, MarkedOut, MarkedPageOut, OverdueOut
from portal.api.shapes.basics import Named
from portal.attention import address_of, asked_ids, check_looker, mine_of
from portal.auth import viewer
from portal.transactions import reading
from scheduling.returning.overdue import overdue_returns
from scheduling.statistics.attention import count_marked, kind_of, look_at, page_of_marked
from scheduling.statistics.marks import Kind, Look, Marked


@api.operation("GET", "/attention", "How many instruments need attention, by kind", tag="attention", query=AttentionAsked, answers={200: AttentionOut})
def show_attention(query: AttentionAsked) -> AttentionOut:
    """Count the instruments of each kind, and the returns overdue."""
    check_looker(viewer())
    ids = asked_ids(query.organisation or "")
    with reading() as session:
        look = _look(session, query)
        counted = count_marked(session, look)
        overdue = overdue_returns(session, ids, now=clock.now())
        return AttentionOut(
            year=look.year, least_value=f"{look.limits.least_value:.2f}", currency=CURRENCY, total=sum(one.count for one in counted),
            items=[AttentionKind(**_said(one.kind, look), count=one.count) for one in counted],
            overdue=[OverdueOut(kind=one.layout.kind, period=one.period.code, count=one.count, days=one.days) for one in overdue],
        )  # fmt: skip


@api.operation(
    "GET", "/attention/instruments", "The instruments of one kind that need attention", tag="attention", query=MarkedAsked, answers={200: MarkedPageOut}
)  # fmt: skip
def list_attention(query: MarkedAsked) -> MarkedPageOut:
    """List the instruments marked with a kind, by organisation, a page at a time."""
    check_looker(viewer())
    kind, key = kind_of(query.kind), key_of(query.cursor, int, int)
    with reading() as session:
        look = _look(session, query)
        page = page_of_marked(session, kind, look, cursor=f"{key[0]}-{key[1]}" if key else "", limit=query.limit)
        last = page.rows[-1].instrument if page.next else None
        return MarkedPageOut(
            year=look.year, **_said(kind, look), items=[_marked(kind, row) for row in page.rows], total=page.total,
            next=cursor_of(last.organisation_id, last.id) if last else None,
        )  # fmt: skip


def _look(session: Session, query: AttentionAsked) -> Look:
    return look_at(session, mine_of(asked_ids(query.organisation or "")), now=clock.now(), year=query.year)


def _said(kind: Kind, look: Look) -> dict[str, Any]:
    return {"kind": kind.code, "title": words(kind.title), "means": words(kind.sentence(look))}


def _marked(kind: Kind, row: Marked) -> MarkedOut:
    one: Instrument = row.instrument
    return MarkedOut(
        id=str(one.id), inner_id=one.inner_id, name_zh=one.name_zh, name_en=one.name_en, model=one.model, status=one.publication,
        organisation=_named(one.organisation), facility=_named(one.facility) if one.facility else None, figures=words(row.words),
        look_at=address_of(kind, one),
    )  # fmt: skip


def _named(thing: Any) -> Named:
    return Named(id=str(thing.id), name_zh=thing.name_zh, name_en=thing.name_en)
