"""Search: the front page, what was found, proposals while typing, and several instruments side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from instruments.codes import names_of
from instruments.network import Frequent, frequent_categories, network_size
from instruments.search import suggest as proposals
from instruments.timespan import TimeSpan
from portal import clock
from portal.auth import viewer
from portal.comparison import MOST_COMPARED, compared, read_ids
from portal.facetlists import chosen_filters, export_url, facet_lists, results_url
from portal.instrumentstate import book_url
from portal.language import say
from portal.searchform import read_search
from portal.transactions import reading
from scheduling.finding import Page, find_instruments
from scheduling.held import count_begun

search = Blueprint("search", __name__)

LATELY = timedelta(days=30)
ON_FRONT = 10


@dataclass(frozen=True, slots=True)
class Front:
    """What only the front page shows: frequent techniques, and the network in three numbers."""

    techniques: Sequence[Frequent]
    instruments: int
    organisations: int
    bookings: int


@search.get("/")
def home() -> tuple[str, int]:
    """Ask what the reader wants to measure, and show what there is."""
    return _page(is_home=True)


@search.get("/instruments")
def results() -> tuple[str, int]:
    """Show what was found, with the ways to narrow it down."""
    return _page(is_home=False)


@search.get("/instruments/suggest")
def suggest() -> str:
    """Propose what could be meant by the beginning that was typed; a list for the field, empty where there is nothing."""
    with reading() as session:
        return render_template("search/suggestions.html", suggestions=proposals(session, request.args.get("q", "")[:200]))


@search.get("/instruments/compare")
def compare() -> tuple[str, int]:
    """Put up to four instruments side by side."""
    with reading() as session:
        ids = read_ids(request.args.getlist("ids"))
        comparison = compared(session, ids, viewer=viewer(), now=clock.now())
        return render_template(
            "search/compare.html", comparison=comparison, most=MOST_COMPARED, book_url=book_url
        ), 422 if comparison.is_too_many else 200


def _page(*, is_home: bool) -> tuple[str, int]:
    now = clock.now()
    asked = read_search(request.args, now)
    query = replace(asked.query, limit=ON_FRONT) if is_home else asked.query
    with reading() as session:
        page = find_instruments(session, query, free=asked.free, sort=asked.sort, now=now, viewer=viewer())
        content = render_template(
            "search/results.html",
            is_home=is_home,
            asked=asked,
            page=page,
            facets=facet_lists(page.facets),
            filters=chosen_filters(page.facets, asked),
            results_url=results_url,
            export_url=export_url,
            book_url=book_url,
            cities=_cities(session, page),
            front=_front(session, now) if is_home else None,
        )
    return content, 422 if asked.errors else 200


def _cities(session: Session, page: Page) -> dict[int, str]:
    """Give the city of each instrument shown, or else its organisation's; one statement."""
    codes = {row.instrument.id: row.instrument.city or row.instrument.organisation.city for row in page.rows}
    names = names_of(session, {("city", code) for code in codes.values() if code})
    return {key: say(names[("city", code)]) if ("city", code) in names else code for key, code in codes.items()}


def _front(session: Session, now: datetime) -> Front:
    instruments, organisations = network_size(session)
    return Front(frequent_categories(session), instruments, organisations, count_begun(session, TimeSpan(now - LATELY, now)))
