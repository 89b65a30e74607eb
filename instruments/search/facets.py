"""Facets: how many instruments each further choice would leave. Each facet is counted with all other choices applied, but not its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import SHARING_MODES
from instruments.classification import Category, codes_above
from instruments.codes import CodeEntry
from instruments.errors import Sentence
from instruments.facilities import Facility
from instruments.people import Organisation
from instruments.search.query import OPERATIONS, PRICE_BANDS, FacetValue, Query
from instruments.search.snapshot import Snapshot
from instruments.search.standing import Standing

MOST_VALUES = 200
QUALIFICATION = {
    True: Sentence("需要上机资格", "Qualification needed"),
    False: Sentence("无需上机资格", "No qualification needed"),
}

Labels = Callable[[Session], Mapping[Any, Sentence]]


@dataclass(frozen=True, slots=True)
class Choice:
    """What a query chooses of one facet."""

    facet: str
    values: tuple[Any, ...]

    def ids(self, snapshot: Snapshot, standing: Standing) -> int:
        """Give the instruments that have one of the chosen values; without a choice, all."""
        if not self.values:
            return snapshot.everything
        if self.facet == "price":
            return reduce(or_, (standing.paying(snapshot, value) for value in self.values))
        return reduce(or_, (snapshot.having(self.facet, value) for value in self.values))

    def counts(self, snapshot: Snapshot, found: int, standing: Standing) -> dict[Any, int]:
        """Count what was found by the values of the facet."""
        if self.facet != "price":
            return snapshot.count(self.facet, found)
        counts = {band: (found & standing.paying(snapshot, band)).bit_count() for band in PRICE_BANDS}
        return {band: count for band, count in counts.items() if count}


def choices(query: Query) -> list[Choice]:
    """Give what a query chooses, facet by facet."""
    return [
        Choice("category", (query.category,) if query.category else ()),
        Choice("organisation", query.organisation_ids),
        Choice("city", (query.city,) if query.city else ()),
        Choice("facility", () if query.facility_id is None else (query.facility_id,)),
        Choice("audience", (query.audience,) if query.audience else ()),
        Choice("operation", (query.operation,) if query.operation else ()),
        Choice("price", (query.price,) if query.price else ()),
        Choice("qualification", () if query.needs_qualification is None else (query.needs_qualification,)),
    ]


def chosen(snapshot: Snapshot, query: Query, standing: Standing, *, but: str = "") -> int:
    """Give the instruments that all choices leave, or all but one."""
    return reduce(and_, (choice.ids(snapshot, standing) for choice in choices(query) if choice.facet != but), snapshot.everything)


def facets(session: Session, snapshot: Snapshot, query: Query, found: int, standing: Standing) -> dict[str, tuple[FacetValue, ...]]:
    """Count every facet over what the text has found; a facet shows at most MOST_VALUES values, the most frequent first."""
    return {
        choice.facet: _facet(
            session, snapshot, choice, choice.counts(snapshot, found & chosen(snapshot, query, standing, but=choice.facet), standing)
        )
        for choice in choices(query)
    }


def _facet(session: Session, snapshot: Snapshot, choice: Choice, counts: Mapping[Any, int]) -> tuple[FacetValue, ...]:
    offered = _offered(counts, choice)
    left = sorted((value for value in offered if value not in ("", None)), key=lambda value: (-counts.get(value, 0), str(value)))[:MOST_VALUES]
    names = _names(session, snapshot, choice.facet)
    if choice.facet == "price":
        left = sorted(left, key=list(PRICE_BANDS).index)
    values = (_value(value, names.get(value), counts.get(value, 0), choice) for value in left)
    return tuple(sorted(values, key=lambda value: value.value) if choice.facet == "category" else values)


def _offered(counts: Iterable[Any], choice: Choice) -> set[Any]:
    """Give the values to show: of categories only the classes, and what lies beside and below the chosen one."""
    if choice.facet == "price" and set(counts) == {"request"} and not choice.values:
        return set()  # where nobody has published a price there is nothing to choose
    if choice.facet != "category":
        return {*counts, *choice.values}
    open_codes = {code for value in choice.values for code in (*codes_above(value), value)}
    return {code for code in counts if not codes_above(code) or codes_above(code)[-1] in open_codes} | open_codes


def _value(value: Any, name: Sentence | None, count: int, choice: Choice) -> FacetValue:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    above = codes_above(value) if choice.facet == "category" else ()
    return FacetValue(
        text, name or Sentence(text, text), count, is_chosen=value in choice.values,
        level=len(above) + 1 if choice.facet == "category" else 0, parent=above[-1] if above else "",
    )


def _names(session: Session, snapshot: Snapshot, facet: str) -> Mapping[Any, Sentence]:
    """Give the names of a facet's values; read once for a state of the index, which changes when one of them does."""
    if facet not in snapshot.labels:
        snapshot.labels[facet] = dict(LABELS[facet](session))
    return snapshot.labels[facet]


def _labels_of(table: Any, key: Any, *where: Any) -> Labels:
    wanted = select(key, table.name_zh, table.name_en).where(*where)
    return lambda session: {value: Sentence(zh or en, en or zh) for value, zh, en in session.execute(wanted)}


LABELS: dict[str, Labels] = {
    "category": _labels_of(Category, Category.code),
    "organisation": _labels_of(Organisation, Organisation.id),
    "city": _labels_of(CodeEntry, CodeEntry.code, CodeEntry.list_name == "city"),
    "facility": _labels_of(Facility, Facility.id),
    "audience": lambda _session: SHARING_MODES,
    "operation": lambda _session: OPERATIONS,
    "qualification": lambda _session: QUALIFICATION,
    "price": lambda _session: PRICE_BANDS,
}
