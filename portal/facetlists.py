"""The ways to narrow a search down, as links: the facets with their counts, and what has been chosen, to be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import request, url_for

from instruments.search import FacetValue
from portal.formats import duration, when
from portal.language import say, t
from portal.searchform import AskedSearch

FIRST_SHOWN = 8
NARROWING = ("q", "category", "organisation", "city", "facility", "audience", "operation", "price", "qualification")
SEARCHED = (*NARROWING, "free_from", "free_until", "hours", "sort", "lang")


@dataclass(frozen=True, slots=True)
class FacetLink:
    """One value: what it is called, how many it would leave, and where choosing it (or taking it back) leads.

    `key` is the same on every page, so that the keyboard stays where it was when the list is renewed.
    """

    key: str
    text: str
    count: int
    url: str
    is_chosen: bool
    level: int


@dataclass(frozen=True, slots=True)
class FacetList:
    """One facet: the values shown at once, and the rest."""

    title: str
    shown: Sequence[FacetLink]
    rest: Sequence[FacetLink]


def facet_lists(facets: Mapping[str, Sequence[FacetValue]]) -> list[FacetList]:
    """Lay out the facets that have something to choose."""
    titles = {
        "category": t("仪器分类", "Category"),
        "operation": t("使用方式", "How it is used"),
        "price": t("您每小时的费用", "What an hour costs you"),
        "qualification": t("上机资格", "Qualification"),
        "city": t("城市", "City"),
        "organisation": t("管理单位", "Organisation"),
        "facility": t("设施", "Facility"),
        "audience": t("谁能用", "Who may use it"),
    }
    lists = [_list(title, name, facets.get(name, ())) for name, title in titles.items()]
    return [each for each in lists if each.shown]


def chosen_filters(facets: Mapping[str, Sequence[FacetValue]], asked: AskedSearch) -> list[tuple[str, str]]:
    """Give everything that narrows the search, each with the address without it."""
    chosen = [(asked.query.text, results_url(q=None))] if asked.query.text else []
    chosen += [(say(value.name), _toggled(name, value)) for name, values in facets.items() for value in values if value.is_chosen]
    if asked.free:
        words = t(
            "空闲 {length}：{window}", "Free for {length}: {window}", length=duration(asked.free.duration), window=when(asked.free.window)
        )
        chosen.append((words, results_url(free_from=None, free_until=None, hours=None)))
    return chosen


def results_url(**changes: Any) -> str:
    """Give the address of the results with some of what was asked changed, from the first page; None takes a part out."""
    return _url("search.results", SEARCHED, changes)


def export_url(kind: str) -> str:
    """Give the address of a list to take away, csv or xlsx, of all that the search finds at any time."""
    return _url("exchange.export", NARROWING, {"kind": kind})


def _url(endpoint: str, names: Sequence[str], changes: Mapping[str, Any]) -> str:
    # The names in an address are anybody's: only ours may reach url_for, which knows _external and _scheme.
    query: dict[str, Any] = {name: request.args.getlist(name) for name in names} | dict(changes)
    return url_for(endpoint, **{key: value for key, value in query.items() if value not in (None, "", [], [""])})


def _list(title: str, name: str, values: Sequence[FacetValue]) -> FacetList:
    links = [
        FacetLink(f"{name}-{quote(value.value)}", say(value.name), value.count, _toggled(name, value), value.is_chosen, max(1, value.level))
        for value in (_branch(values) if name == "category" else values)
    ]
    first = [link for i, link in enumerate(links) if i < FIRST_SHOWN or link.is_chosen or name == "category"]
    return FacetList(title, first, [link for link in links if link not in first])


def _branch(values: Sequence[FacetValue]) -> list[FacetValue]:
    """Keep the classes, and below the chosen one its own branch; once a class is chosen, the others wait behind it."""
    chosen = next((value for value in values if value.is_chosen), None)
    if chosen is None:
        return sorted((value for value in values if value.level == 1), key=lambda value: -value.count)
    top = chosen.value[:2]
    return [value for value in values if value.value.startswith(top)]


def _toggled(name: str, value: FacetValue) -> str:
    if name == "organisation":
        others = [each for each in request.args.getlist("organisation") if each != value.value]
        return results_url(organisation=others if value.is_chosen else [*others, value.value])
    if value.is_chosen:
        return results_url(**{name: value.parent or None})
    return results_url(**{name: value.value})
