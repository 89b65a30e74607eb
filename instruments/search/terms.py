"""What somebody typed, taken apart: terms that must all be found, each in one of several ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from instruments.search.aliases import Synonyms, Thesaurus, words_in
from instruments.search.fields import ALIAS, CATEGORY, FIELDS, MAKER, MODEL, NAME
from instruments.search.pinyin import initial_tokens, spellings, syllable_tokens
from instruments.search.tokens import Run, atoms, fold, han_tokens, joined, runs

LONGEST_TEXT = 200
MOST_TERMS = 8
MOST_WORDS_IN_A_TERM = 7
EVERYWHERE = "".join(field.letter for field in FIELDS)
OF_A_MAKER = "".join(field.letter for field in (NAME, ALIAS, MODEL, MAKER))
OF_AN_ABBREVIATION = "".join(field.letter for field in (NAME, ALIAS, CATEGORY))
EMPTY_WORDS = frozenset(("a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with", "的", "和", "及", "与"))


@dataclass(frozen=True, slots=True)
class Way:
    """One way to find a term: tokens that stand together in one field, or (spread) anywhere; `less` is taken off the field's worth."""

    tokens: tuple[str, ...]
    less: int = 0
    fields: str = EVERYWHERE
    is_begun: bool = False
    is_spread: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A word or several that belong together, and the ways to find them."""

    text: str
    ways: tuple[Way, ...]
    is_han: bool = False


def read_terms(text: str, thesaurus: Thesaurus) -> tuple[Term, ...]:
    """Take a text apart; a very long one is cut."""
    parts = list(_pieces(text, thesaurus))
    full = [part for part in parts if part.key not in EMPTY_WORDS]
    return tuple(_terms(full or parts, thesaurus))[:MOST_TERMS]


def _pieces(text: str, thesaurus: Thesaurus) -> Iterator[Run]:
    for run in runs(fold(text[:LONGEST_TEXT])[: 2 * LONGEST_TEXT]):
        if run.is_han and run.text not in thesaurus.by_word:
            yield from (Run(word, True) for word in words_in(run.text, thesaurus))
        else:
            yield run


def _terms(parts: Sequence[Run], thesaurus: Thesaurus) -> Iterator[Term]:
    at = 0
    while at < len(parts):
        length = _known_length(parts[at : at + MOST_WORDS_IN_A_TERM], thesaurus)
        yield _term(parts[at : at + length], thesaurus)
        at += length


def _known_length(parts: Sequence[Run], thesaurus: Thesaurus) -> int:
    lengths = range(len(parts), 1, -1)
    return next((length for length in lengths if "".join(part.key for part in parts[:length]) in thesaurus.by_word), 1)


def _term(parts: Sequence[Run], thesaurus: Thesaurus) -> Term:
    text = " ".join(part.text for part in parts)
    groups = thesaurus.groups_of("".join(part.key for part in parts))
    ways = list(phrase_ways(parts, less=0))
    for group in groups:
        ways += _synonym_ways(group, less=1)
        for kind in thesaurus.kinds_of(group):
            ways += _synonym_ways(kind, less=2)
    if len(parts) == 1 and not parts[0].is_han:
        ways += _latin_ways(parts[0].text, is_known=bool(groups))
    return Term(text, tuple(_needed(ways)), all(part.is_han for part in parts))


def _needed(ways: Iterable[Way]) -> Iterator[Way]:
    """Leave out the ways that find nothing another does not find at least as well (质谱仪 beside 质谱)."""
    kept: list[tuple[frozenset[str], Way]] = []
    for way in sorted(dict.fromkeys(ways), key=lambda way: (way.less, len(way.tokens))):
        tokens = frozenset(way.tokens)
        plain = not (way.is_begun or way.is_spread)
        if not (plain and any(other <= tokens and set(way.fields) <= set(wider.fields) for other, wider in kept)):
            yield way
            if plain:
                kept.append((tokens, way))


def phrase_ways(parts: Sequence[Run], *, less: int, fields: str = EVERYWHERE) -> Iterator[Way]:
    """Give the ways to find words as they stand: Latin runs whole, or in their parts."""
    yield Way(tuple(_distinct(token for part in parts for token in _whole(part))), less, fields)
    if any(not part.is_han and len(atoms(part.text)) > 1 for part in parts):
        apart = tuple(_distinct(token for part in parts for token in (_whole(part) if part.is_han else atoms(part.text))))
        yield Way(apart, less + 1, fields)
        yield Way(apart, less + 4, fields, is_spread=True)
    elif len(parts) > 1:
        yield Way(tuple(_distinct(token for part in parts for token in _whole(part))), less + 4, fields, is_spread=True)


def _whole(part: Run) -> list[str]:
    return han_tokens(part.text) if part.is_han else [joined(part.text)]


def _distinct(items: Iterable[str]) -> dict[str, None]:
    return dict.fromkeys(items)


def _synonym_ways(group: Synonyms, *, less: int) -> Iterator[Way]:
    for text in group.texts:
        parts = list(runs(fold(text)))
        is_short = sum(len(part.key) for part in parts) <= 2 and not any(part.is_han for part in parts)
        if group.kind == "maker":
            yield from phrase_ways(parts, less=less, fields=OF_A_MAKER)
        else:
            yield from phrase_ways(parts, less=less, fields=OF_AN_ABBREVIATION if is_short else EVERYWHERE)


def _latin_ways(text: str, *, is_known: bool) -> Iterator[Way]:
    whole = joined(text)
    if len(whole) > 2:
        yield Way((whole,), 3, is_begun=True)
    if not is_known:
        yield from sound_ways(text, less=2)


def sound_ways(letters: str, *, less: int) -> Iterator[Way]:
    """Give the ways to find letters as pinyin, full or by initials."""
    for spelling in spellings(letters):
        yield Way(tuple(syllable_tokens(spelling.syllables)), less, is_begun=spelling.is_begun)
    initials = initial_tokens(letters)
    if initials:
        yield Way(tuple(initials), less + 2)
