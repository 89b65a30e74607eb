"""Pinyin, full and by initials: 质谱仪 is found by zhipuyi, zhipu, puyi, zhip, zpy, zp.

A run is kept as pairs of syllables and as twos and threes of initials, so that the index stays small and any part of a name is found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

from instruments import data
from instruments.search.tokens import Run

SYLLABLE_MARK, INITIAL_MARK = "~", "="
MOST_SPELLINGS = 6
LONGEST_SPELLING = 48

# Every syllable of the standard language, without tones; ü is written v.
SYLLABLES = frozenset(data.read("syllables.json"))
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to read Latin letters as syllables; the last may be only begun."""

    syllables: tuple[str, ...]
    is_begun: bool = False


@lru_cache(maxsize=5_000)
def syllables_of(han: str) -> tuple[str, ...]:
    """Read Chinese characters aloud, one syllable each."""
    read = _reader()
    return tuple(syllable for part in _CHINESE.findall(han) for syllable in read(part))


@cache
def _reader() -> Any:
    from pypinyin import lazy_pinyin  # half a second of dictionaries, needed only where texts are indexed

    return lazy_pinyin


def pinyin_tokens(runs: Iterable[Run]) -> set[str]:
    """Give the tokens by which runs are found in pinyin; a lone Latin letter before Chinese counts as its own sound (X射线: xshexian, xsx)."""
    found: set[str] = set()
    letter = ""
    for run in runs:
        if run.is_han:
            found |= _run_tokens(letter, run.text)
        letter = run.text if not run.is_han and len(run.text) == 1 and run.text.isalpha() else ""
    return found


@lru_cache(maxsize=2_000)
def _run_tokens(letter: str, han: str) -> frozenset[str]:
    syllables = (*letter, *syllables_of(han))
    initials = "".join(syllable[0] for syllable in syllables)
    return frozenset(
        (
            *(SYLLABLE_MARK + syllable for syllable in syllables),
            *(SYLLABLE_MARK + first + second for first, second in pairwise(syllables)),
            *(INITIAL_MARK + initials[i : i + length] for length in (2, 3) for i in range(len(initials) - length + 1)),
        )
    )


def syllable_tokens(syllables: tuple[str, ...]) -> list[str]:
    """Give the tokens that find a row of syllables."""
    if len(syllables) == 1:
        return [SYLLABLE_MARK + syllables[0]]
    return [SYLLABLE_MARK + first + second for first, second in pairwise(syllables)]


def initial_tokens(letters: str) -> list[str]:
    """Give the tokens that find a row of initials; none for letters no syllable begins with, or for a single one."""
    if len(letters) < 2 or len(letters) > 12 or not letters.isascii() or not letters.isalpha() or set(letters) & set("iuv"):
        return []
    return [INITIAL_MARK + letters[i : i + 3] for i in range(max(1, len(letters) - 2))]


def spellings(letters: str) -> list[Spelling]:
    """Read Latin letters as pinyin in every way they can be read whole; failing that, with the last syllable only begun."""
    if not letters.isascii() or not letters.isalpha() or not 2 <= len(letters) <= LONGEST_SPELLING:
        return []
    whole = [Spelling(row) for row in _rows(letters)]
    if not whole and letters[0] not in "aeo":
        whole = [Spelling((letters[0], *row)) for row in _rows(letters[1:])]
    return whole or _begun(letters)


def _begun(letters: str) -> list[Spelling]:
    for cut in range(len(letters) - 1, 1, -1):
        rest = letters[cut:]
        if len(rest) < 6 and any(syllable.startswith(rest) for syllable in SYLLABLES):
            rows = _rows(letters[:cut])
            if rows:
                return [Spelling((*row, rest), is_begun=True) for row in rows]
    return []


@lru_cache(maxsize=1_000)
def _rows(letters: str) -> tuple[tuple[str, ...], ...]:
    """Give the readings with the fewest syllables first, at most MOST_SPELLINGS."""
    empty: tuple[str, ...] = ()
    reach = [[empty], *([] for _ in letters)]
    for end in range(1, len(letters) + 1):
        rows = [
            (*row, letters[start:end]) for start in range(max(0, end - 6), end) if letters[start:end] in SYLLABLES for row in reach[start]
        ]
        reach[end] = sorted(rows, key=lambda row: (len(row), row))[:MOST_SPELLINGS]
    return tuple(reach[-1])
