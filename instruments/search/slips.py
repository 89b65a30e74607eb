"""When nothing is found: slips of the finger in Latin letters, Chinese words typed with the wrong characters of the right sound, too many words."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.search.aliases import Thesaurus
from instruments.search.matching import Levels, all_of, any_of, fetch_for, half_of, levels_of, union
from instruments.search.pinyin import spellings, syllable_tokens, syllables_of
from instruments.search.postings import Postings, fetch
from instruments.search.terms import Term, Way, read_terms
from instruments.search.tokens import fold, han_tokens, joined

SHORTEST_SLIP, LONGEST_SLIP = 4, 24


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found instead: the levels, the text that was searched for, and whether not all of it had to be there."""

    levels: Levels
    text: str | None
    is_loosened: bool


def repair(session: Session, text: str, terms: Sequence[Term], found: Sequence[Levels], within: int, thesaurus: Thesaurus) -> Repair:
    """Search for what was probably meant; terms that were found stay as they are."""
    per_term, words, is_loosened = list(found), [term.text for term in terms], False
    for i, term in enumerate(terms):
        if found[i]:
            continue
        if term.is_han:
            per_term[i], words[i], half = _unheard(session, term, within)
            is_loosened = is_loosened or half
        else:
            per_term[i], words[i] = _slipped(session, term, within, thesaurus)
    levels = all_of(per_term, within)
    if not union(levels) and len(terms) > 1:
        levels, is_loosened = any_of(per_term, within), True
    corrected = _rewritten(text, terms, words)
    return Repair(levels, corrected if levels and corrected != fold(text).strip() else None, is_loosened and bool(levels))


def _rewritten(text: str, terms: Sequence[Term], words: Sequence[str]) -> str:
    """Put the other words into the text where the mistaken ones stood."""
    corrected = fold(text).strip()
    for term, word in zip(terms, words, strict=True):
        if word != term.text:
            corrected = corrected.replace(term.text, word, 1)
    return corrected


def _unheard(session: Session, term: Term, within: int) -> tuple[Levels, str, bool]:
    """Find Chinese by its sound, failing that by half of its pairs of characters."""
    syllables = syllables_of(term.text)
    if len(syllables) > 1:
        way = Way(tuple(syllable_tokens(syllables)), 2)
        levels = levels_of([way], fetch_for(session, [way]), within)
        if levels:
            return levels, _word_heard(session, levels[0][1], term.text) or term.text, False
    if len(term.text) > 2:
        pairs = han_tokens(term.text)
        return half_of(pairs, fetch(session, pairs), within), term.text, True
    return [], term.text, False


def _word_heard(session: Session, ids: int, word: str) -> str | None:
    """Give the word of this sound in the name of the first of some instruments."""
    first = (ids & -ids).bit_length() - 1
    name = fold(session.scalar(select(Instrument.name_zh).where(Instrument.id == first)) or "")
    windows = (name[start : start + len(word)] for start in range(len(name) - len(word) + 1))
    return next((window for window in windows if syllables_of(window) == syllables_of(word)), None)


def _slipped(session: Session, term: Term, within: int, thesaurus: Thesaurus) -> tuple[Levels, str]:
    """Find the word that is one slip away, by the best field, then by the number of instruments."""
    word = joined(term.text)
    if not SHORTEST_SLIP <= len(word) <= LONGEST_SLIP or not word.isascii():
        return [], term.text
    ways = {near: list(_ways(near, thesaurus)) for near in sorted(set(slips(word)))}
    postings = fetch_for(session, [way for some in ways.values() for way in some])
    found = [(near, levels_of(some, postings, within)) for near, some in ways.items() if _is_possible(some, postings)]
    best = max((pair for pair in found if pair[1]), key=lambda pair: (pair[1][0][0], union(pair[1]).bit_count()), default=None)
    return (best[1], best[0]) if best else ([], term.text)


def _ways(word: str, thesaurus: Thesaurus) -> Iterator[Way]:
    if word in thesaurus.by_word:
        yield from (way for term in read_terms(word, thesaurus) for way in term.ways if not way.is_begun)
        return
    yield Way((word,))
    for spelling in spellings(word):
        if not spelling.is_begun and len(spelling.syllables) > 1:
            yield Way(tuple(syllable_tokens(spelling.syllables)), 2)


def _is_possible(ways: Sequence[Way], postings: Postings) -> bool:
    known = postings.known()
    return any(known.issuperset(way.tokens) for way in ways)


def slips(word: str) -> Iterator[str]:
    """Give every word that is one slip away: a character left out, doubled, wrong, or two changed round."""
    letters = string.ascii_lowercase if word.isalpha() else string.ascii_lowercase + string.digits
    for i in range(len(word) + 1):
        head, tail = word[:i], word[i:]
        yield from (head + letter + tail for letter in letters)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in letters if letter != tail[0])
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
