"""From terms to instruments: for each term the ids by worth, and for all terms together the ids by score, best first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_, or_

from sqlalchemy.orm import Session

from instruments.search.fields import FIELDS
from instruments.search.postings import Postings, fetch
from instruments.search.terms import Term, Way

SPREAD_WORTH = 7
Levels = list[tuple[int, int]]


def match(session: Session, terms: Sequence[Term], within: int) -> list[Levels]:
    """Give for each term its levels: (worth, ids), the highest first, each id of `within` at its best worth only; two or so statements."""
    postings = fetch_for(session, [way for term in terms for way in term.ways])
    return [levels_of(term.ways, postings, within) for term in terms]


def fetch_for(session: Session, ways: Iterable[Way]) -> Postings:
    """Read the rows that some ways need."""
    wanted = list(ways)
    whole = {token for way in wanted for token in (way.tokens[:-1] if way.is_begun else way.tokens)}
    return fetch(session, whole, {way.tokens[-1] for way in wanted if way.is_begun})


def levels_of(ways: Iterable[Way], postings: Postings, within: int) -> Levels:
    """Evaluate the ways to find one term."""
    by_worth: dict[int, int] = {}
    for way in ways:
        for worth, ids in _found(way, postings):
            by_worth[worth] = by_worth.get(worth, 0) | ids
    levels, left = [], within
    for worth in sorted(by_worth, reverse=True):
        ids = by_worth[worth] & left
        if ids:
            levels.append((worth, ids))
            left &= ~ids
    return levels


def _found(way: Way, postings: Postings) -> Iterable[tuple[int, int]]:
    if not way.tokens:
        return
    if way.is_spread:
        anywhere = [reduce(or_, (postings.exact(token, letter) for letter in way.fields)) for token in way.tokens]
        yield max(1, SPREAD_WORTH - way.less), reduce(and_, anywhere)
        return
    for field in FIELDS:
        if field.letter in way.fields:
            yield max(1, field.worth - way.less), _together(way, postings, field.letter)


def _together(way: Way, postings: Postings, letter: str) -> int:
    last = postings.begun(way.tokens[-1], letter) if way.is_begun else postings.exact(way.tokens[-1], letter)
    for token in way.tokens[:-1]:
        if not last:
            break
        last &= postings.exact(token, letter)
    return last


def all_of(per_term: Sequence[Levels], within: int) -> Levels:
    """Join terms that must all be found: (score, ids), best first; the score is the sum of the terms' worths."""
    scored = {0: within}
    for levels in per_term:
        scored = _added(scored, levels)
    return sorted(scored.items(), reverse=True)


def any_of(per_term: Sequence[Levels], within: int) -> Levels:
    """Join terms of which some must be found."""
    scored = {0: within}
    for levels in per_term:
        found = reduce(or_, (ids for _, ids in levels), 0)
        joined = _added(scored, levels)
        for score, ids in scored.items():
            if ids & ~found:
                joined[score] = joined.get(score, 0) | ids & ~found
        scored = joined
    return sorted(((score, ids) for score, ids in scored.items() if score), reverse=True)


def _added(scored: dict[int, int], levels: Levels) -> dict[int, int]:
    joined: dict[int, int] = {}
    for score, ids in scored.items():
        for worth, more in levels:
            both = ids & more
            if both:
                joined[score + worth] = joined.get(score + worth, 0) | both
    return joined


def union(levels: Levels) -> int:
    """Give all ids of some levels."""
    return reduce(or_, (ids for _, ids in levels), 0)


def half_of(tokens: Sequence[str], postings: Postings, within: int) -> Levels:
    """Find at least half of some tokens, rounded up, in any field; the worth is 1 for the half and 1 more for each further token."""
    at_least = [within, *(0 for _ in tokens)]
    for token in tokens:
        found = reduce(or_, (postings.exact(token, field.letter) for field in FIELDS))
        for count in range(len(tokens), 0, -1):
            at_least[count] |= at_least[count - 1] & found
    half = (len(tokens) + 1) // 2
    exactly = ((count - half + 1, at_least[count] & ~(at_least[count + 1] if count < len(tokens) else 0)) for count in range(len(tokens), half - 1, -1))
    return [(worth, ids) for worth, ids in exactly if ids]
