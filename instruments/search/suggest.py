"""Proposing, while somebody types: words that find something, categories, and names of instruments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.classification import Category
from instruments.errors import Sentence
from instruments.search.aliases import Heading
from instruments.search.find import first_ids
from instruments.search.matching import fetch_for, levels_of, union
from instruments.search.snapshot import Snapshot, snapshot
from instruments.search.terms import LONGEST_TEXT, read_terms
from instruments.search.tokens import fold, key_of

MOST = 8
MOST_WORDS = 4
MOST_CATEGORIES = 2
MOST_TRIED = 8


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to search for: a word (with what it finds), a category (its code), or an instrument (its id)."""

    kind: str
    text: Sentence
    count: int = 0
    code: str = ""
    id: int = 0


def suggest(session: Session, begin: str) -> tuple[Suggestion, ...]:
    """Propose up to MOST published things that begin with what has been typed, in Chinese, English or pinyin."""
    key = key_of(begin[:LONGEST_TEXT])
    if not key:
        return ()
    now = snapshot(session)
    words = list(islice(_words(session, now, key), MOST_WORDS))
    categories = list(islice(_categories(session, now, fold(begin[:LONGEST_TEXT]).strip()), MOST_CATEGORIES))
    instruments = islice(_instruments(session, begin), MOST - len(words) - len(categories))
    return (*words, *categories, *instruments)


def _words(session: Session, now: Snapshot, key: str) -> Iterator[Suggestion]:
    """Give known words that find something, one of each group, those that find most first."""
    terms = {heading.text: read_terms(heading.text, now.thesaurus) for heading in _headings(now, key)}
    postings = fetch_for(session, [way for some in terms.values() for term in some for way in term.ways])
    published = now.having("publication", "published")
    found = [(text, union(levels_of(some[0].ways, postings, published)).bit_count()) for text, some in terms.items() if len(some) == 1]
    for text, count in sorted(found, key=lambda pair: -pair[1]):
        if count:
            yield Suggestion("word", Sentence(text, text), count=count)


def _headings(now: Snapshot, key: str) -> Iterable[Heading]:
    """Give the shortest fitting word of each group."""
    by_group: dict[str, Heading] = {}
    for heading in sorted(now.thesaurus.headings, key=lambda heading: (len(heading.key), heading.text)):
        if heading.group not in by_group and _begins(heading, key):
            by_group[heading.group] = heading
    return islice(by_group.values(), MOST_TRIED)


def _begins(heading: Heading, key: str) -> bool:
    return any(text.startswith(key) for text in (heading.key, heading.reading, heading.initials if len(key) > 1 else ""))


def _categories(session: Session, now: Snapshot, begin: str) -> Iterator[Suggestion]:
    named = or_(Category.name_zh.istartswith(begin, autoescape=True), Category.name_en.istartswith(begin, autoescape=True))
    published = now.having("publication", "published")
    seen: set[str] = set()
    for category in session.scalars(select(Category).where(named).order_by(Category.level, Category.code)):
        count = (now.having("category", category.code) & published).bit_count()
        if count and category.name_zh not in seen:
            seen.add(category.name_zh)
            yield Suggestion("category", Sentence(category.name_zh, category.name_en or category.name_zh), count=count, code=category.code)


def _instruments(session: Session, begin: str) -> Iterator[Suggestion]:
    seen: set[str] = set()
    for found in _in_order(session, first_ids(session, begin, 4 * MOST)):
        name = found.name_zh or found.name_en
        if name not in seen:
            seen.add(name)
            yield Suggestion("instrument", Sentence(name, found.name_en or name), id=found.id)


def _in_order(session: Session, ids: Sequence[int]) -> list[Instrument]:
    by_id = {found.id: found for found in session.scalars(select(Instrument).where(Instrument.id.in_(ids)))}
    return [by_id[number] for number in ids if number in by_id]
