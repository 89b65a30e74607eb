"""Purchase reviews over the API: listed, one with its comparable instruments, and a new one; the opinion itself is given on the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from portal import clock
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.prices import CURRENCY
from portal.api.shapes.basics import Named
from portal.api.shapes.purchases import ComparableOut, ConcludedOut, ReviewIn, ReviewOut, ReviewsAsked, ReviewsOut, ReviewWithFigures
from portal.auth import viewer
from portal.idempotency import Answer
from portal.purchases import check_reviewer, figures_shown
from portal.transactions import reading
from scheduling.statistics.purchases import PurchaseReview, Wanted, begin_review, count_reviews, page_of_reviews, seen_review


@api.operation("GET", "/purchase-reviews", "List purchase reviews I may read", tag="purchases", query=ReviewsAsked, answers={200: ReviewsOut})
def list_reviews(query: ReviewsAsked) -> ReviewsOut:
    """List the reviews of organisations I administer or audit, or all of them to the province, the newest first."""
    check_reviewer(viewer())
    key = key_of(query.cursor, int)
    with reading() as session:
        rows, more = page_of_reviews(session, viewer(), before=key[0] if key else None, limit=query.limit)
        total = count_reviews(session, viewer())
        return ReviewsOut(items=[ReviewOut(**_fields(one)) for one in rows], total=total, next=cursor_of(more) if more else None)


@api.operation("GET", "/purchase-reviews/{review_id}", "One purchase review with what is comparable", tag="purchases", answers={200: ReviewWithFigures})
def show_review(review_id: int) -> ReviewWithFigures:
    """Show a review with its comparable instruments and what follows from them."""
    check_reviewer(viewer())
    with reading() as session:
        one = seen_review(session, review_id, viewer())
        figures = figures_shown(session, one, one.chosen)
        return ReviewWithFigures(
            **_fields(one), as_of=datetime.fromisoformat(figures["as_of"]), years=figures["years"], saturated_hours=figures["saturated_hours"],
            review_from=figures["review_from"], needs_review=figures["needs_review"],
            comparable=[_comparable(row) for row in figures["rows"]], concluded=_concluded(figures["concluded"]),
        )  # fmt: skip


@api.operation(
    "POST", "/purchase-reviews", "Begin a purchase review", tag="purchases", body=ReviewIn, answers={201: ReviewOut}, errors=(403,), headers=(KEY,)
)  # fmt: skip
def create_review(body: ReviewIn) -> Answered:
    """Begin a review of what an organisation of mine means to buy; an organisation that is not mine is not found."""
    check_reviewer(viewer(), is_change=True)

    def do(session: Session) -> Answer:
        wanted = Wanted(body.title, Decimal(body.price), body.category, body.words, body.city, body.central, body.need)
        made = begin_review(session, read_id(body.organisation), wanted, viewer=viewer(), now=clock.now())
        return Answer(201, ReviewOut(**_fields(made)).model_dump(mode="json"))

    payload, status, headers = answer_once("purchase-reviews", body.model_dump(mode="json"), do)
    return payload, status, headers | ({"Location": url_for("api.show_review", review_id=payload["id"])} if status == 201 else {})


def _fields(one: PurchaseReview) -> dict[str, Any]:
    owner = one.organisation
    return {
        "id": str(one.id), "number": one.number, "organisation": Named(id=str(owner.id), name_zh=owner.name_zh, name_en=owner.name_en),
        "title": one.title, "price": f"{one.price:.2f}", "currency": CURRENCY, "central": one.is_central, "category": one.category_code,
        "words": one.words, "city": one.city, "need": one.need, "verdict": one.verdict or None, "opinion": one.opinion, "made": one.made_at,
        "given": one.given_at,
    }  # fmt: skip


def _comparable(row: Mapping[str, Any]) -> ComparableOut:
    both = {f"{name}_{tongue}": row[name][at] for name in ("name", "organisation", "city", "sharing", "rates") for at, tongue in enumerate(("zh", "en"))}
    same = {name: row[name] for name in ("model", "own", "bookable", "samples", "qualification", "hours")}
    return ComparableOut(
        id=str(row["id"]), **both, **same, distance_km=row["distance"], external_hours=row["external"], mean_hours=row["mean"],
        free=datetime.fromisoformat(row["free"]) if row["free"] else None,
    )  # fmt: skip


def _concluded(so: Mapping[str, Any]) -> ConcludedOut:
    return ConcludedOut(chosen=[str(one) for one in so["chosen"]], counted=so["counted"], mean_hours=so["mean"], saturated=so["saturated"])
