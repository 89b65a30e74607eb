"""Finding instruments: text, choices, facets, order and pages. The same answers in the same order on both databases."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload

from instruments.access import ANONYMOUS, Viewer, inspected_by
from instruments.catalogue import Instrument
from instruments.search.facets import chosen, facets
from instruments.search.matching import Levels, all_of, match, union
from instruments.search.postings import bits_of, ids_of
from instruments.search.query import Found, Place, Query, cursor_at, place_at
from instruments.search.slips import Repair, repair
from instruments.search.snapshot import Snapshot, snapshot
from instruments.search.standing import Standing
from instruments.search.terms import LONGEST_TEXT, read_terms

# Below this many, sorting the ids at hand is quicker than walking through all names.
FEW = 2_000


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a text has found among what may be seen and is asked for, before the choices."""

    snapshot: Snapshot
    levels: Levels
    corrected: str | None
    is_loosened: bool


def find(session: Session, query: Query, *, viewer: Viewer = ANONYMOUS) -> Found:
    """Find a page of instruments with facets; a few statements whatever the size of the register."""
    query.check()
    after = place_at(query.sort, query.cursor)
    answer = _search(session, query, viewer)
    standing = Standing.of(viewer)
    among, everything = chosen(answer.snapshot, query, standing), union(answer.levels)
    places = list(islice(_in_order(answer, among, query.sort, after), query.limit + 1))
    page = places[: query.limit]
    return Found(
        instruments=_load(session, [place.id for place in page], query, viewer),
        total=(everything & among).bit_count(),
        facets=facets(session, answer.snapshot, query, everything, standing),
        next=cursor_at(query.sort, page[-1]) if len(places) > len(page) else None,
        corrected=answer.corrected,
        is_loosened=answer.is_loosened,
    )


def matching_ids(session: Session, query: Query, *, viewer: Viewer = ANONYMOUS) -> list[int]:
    """Give the ids of all that would be found, in order, without pages: candidates for questions about time."""
    query.check()
    answer = _search(session, query, viewer)
    return [place.id for place in _in_order(answer, chosen(answer.snapshot, query, Standing.of(viewer)), query.sort, None)]


def first_ids(session: Session, text: str, most: int) -> list[int]:
    """Give the ids of the first published instruments a text finds as it stands, without guessing what else may be meant."""
    now = snapshot(session)
    published = now.having("publication", "published")
    terms = read_terms(text, now.thesaurus)
    levels = all_of(match(session, terms, published), published) if terms else []
    answer = _Answer(now, levels, None, False)
    return [place.id for place in islice(_in_order(answer, published, "relevance", None), most)]


def _search(session: Session, query: Query, viewer: Viewer) -> _Answer:
    now = snapshot(session)
    visible = _visible(session, now, query, viewer)
    meant = _meant(session, query.text, now, visible)
    levels = meant.levels
    if query.restrict_ids is not None:
        only = bits_of(query.restrict_ids)
        levels = [(score, ids & only) for score, ids in levels]
    return _Answer(now, levels, meant.text, meant.is_loosened)


def _meant(session: Session, text: str, now: Snapshot, visible: int) -> Repair:
    terms = read_terms(text, now.thesaurus)
    if not terms:
        return Repair([] if text.strip() else [(0, visible)], None, False)
    found = match(session, terms, visible)
    levels = all_of(found, visible)
    return Repair(levels, None, False) if levels else repair(session, text[:LONGEST_TEXT], terms, found, visible, now.thesaurus)


def _visible(session: Session, now: Snapshot, query: Query, viewer: Viewer) -> int:
    ids = now.having("publication", "published") if "published" in query.statuses else 0
    others = [status for status in query.statuses if status != "published"]
    if others and not viewer.is_anonymous:
        inspected = bits_of(session.scalars(select(Instrument.id).where(Instrument.publication.in_(others), inspected_by(viewer))))
        ids |= inspected & now.everything
    return ids


def _in_order(answer: _Answer, among: int, sort: str, after: Place | None) -> Iterator[Place]:
    """Walk through what was found from a place on: by score, then name, then id."""
    levels = answer.levels if sort == "relevance" else [(0, union(answer.levels))]
    for score, ids in levels:
        if after is None or score < after.score:
            start = None
        elif score == after.score:
            start = (after.name, after.id)
        else:
            continue
        for name, number in _by_name(answer.snapshot, ids & among, start):
            yield Place(score, name, number)


def _by_name(now: Snapshot, ids: int, start: tuple[str, int] | None) -> Iterator[tuple[str, int]]:
    if ids.bit_count() < FEW:
        named = sorted((now.names[number], number) for number in ids_of(ids))
        yield from named[bisect_right(named, start) if start else 0 :]
        return
    row = ids.to_bytes((ids.bit_length() + 7) // 8, "little")
    last = len(row) * 8
    for at in range(bisect_right(now.in_order, start) if start else 0, len(now.in_order)):
        number = now.in_order[at][1]
        if number < last and row[number >> 3] >> (number & 7) & 1:
            yield now.in_order[at]


_BY_ID = (
    select(Instrument)
    .where(Instrument.id.in_(bindparam("ids", expanding=True)))
    .options(joinedload(Instrument.organisation), joinedload(Instrument.facility))
)


def _load(session: Session, ids: list[int], query: Query, viewer: Viewer) -> tuple[Instrument, ...]:
    """Read a page's instruments, in its order; one that has just gone out of sight is left out."""
    by_id = {found.id: found for found in session.scalars(_BY_ID, {"ids": ids})} if ids else {}
    return tuple(by_id[number] for number in ids if number in by_id and _may_be_seen(by_id[number], query, viewer))


def _may_be_seen(instrument: Instrument, query: Query, viewer: Viewer) -> bool:
    return instrument.publication in query.statuses and viewer.may_see(instrument)
