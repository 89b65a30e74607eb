"""The one tokenizer: what is indexed and what is typed are cut up by the same rules, whatever the database.

Chinese runs give pairs of characters and single ones, Latin runs are joined and split (LC-MS: lcms, lc, ms; JEM-2100HR: jem2100hr, jem,
2100hr, 2100, hr). Width, case, accents, traditional forms, British and American spelling and the plural make no difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

LONGEST_TOKEN = 40
MOST_ATOMS = 12

_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"(?:(?![{_HAN}])[^\W_])"
_RUNS = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<latin>{_LETTER}+(?:[-./_+&·]{{1,2}}{_LETTER}+)*)")
_ATOMS = re.compile(r"\d+|[^\W\d_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Forms written in Japan only; names of instruments imported from there carry them.
_JAPANESE = dict(
    zip(
        "顕気蛍検図薬発転応変実験単関経続価対圧拡帯済歯黒焼営円広収観総権択沢鉄塩囲両繊剤継絵県穏齢売写歩毎浅渋焔竜粋脳臓覚読辺遅銭随隠静髄点",
        "显气荧检图药发转应变实验单关经续价对压扩带济齿黑烧营圆广收观总权择泽铁盐围两纤剂继绘县稳龄卖写步每浅涩焰龙粹脑脏觉读边迟钱随隐静髓点",
        strict=True,
    )
)
_SPELLINGS = (
    (re.compile("ies$"), "y"),
    (re.compile("(ss|sh|ch|x)es$"), r"\1"),
    (re.compile("(?<![isu])s$"), ""),
    (re.compile("yz"), "ys"),  # analyzer, analyser
    (re.compile("iz(?=[aei])"), "is"),  # ionization, ionisation
    (re.compile("our$"), "or"),  # colour, color
    (re.compile("([bt])re$"), r"\1er"),  # fibre, fiber; centre, center
)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of one script in a folded text."""

    text: str
    is_han: bool

    @property
    def key(self) -> str:
        """Give its letters and digits alone."""
        return self.text if self.is_han else "".join(atoms(self.text))


def fold(text: str) -> str:
    """Take away what makes no difference: width, case, accents, traditional forms; what is no character becomes a space."""
    text = unicodedata.normalize("NFKC", text).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text))).translate(_SIMPLIFIED)
    return text if text.isprintable() else "".join(character if character.isprintable() else " " for character in text)


class _Simplified(dict[int, str]):
    """Simplified forms by code point, learned one by one as they are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if not _IDEOGRAPH.match(character):
            return character
        found: str = _converter().convert(_JAPANESE.get(character, character))
        self[code] = found
        return found


_SIMPLIFIED = _Simplified()


@cache
def _converter() -> Any:
    from opencc import OpenCC  # its dictionaries are read when the first Chinese character is folded, not at every start

    return OpenCC("t2s")


def runs(folded: str) -> Iterator[Run]:
    """Cut a folded text into runs of Chinese (Japanese, Korean) and of everything else that has letters or digits."""
    for match in _RUNS.finditer(folded):
        yield Run(match.group(), match.lastgroup == "han")


def atoms(latin: str) -> list[str]:
    """Cut a Latin run at its joints, and between letters and digits: jem-2100hr gives jem, 2100, hr."""
    return [spelled(atom)[:LONGEST_TOKEN] for atom in _ATOMS.findall(latin)[:MOST_ATOMS]]


def joined(latin: str) -> str:
    """Write a Latin run without its joints: lc-ms gives lcms."""
    return "".join(atoms(latin))[:LONGEST_TOKEN]


@lru_cache(maxsize=10_000)
def spelled(word: str) -> str:
    """Give the one spelling under which a word of more than four letters is kept: singular, with ys for yz and so on."""
    if len(word) > 4 and word.isascii() and word.isalpha():
        for pattern, replacement in _SPELLINGS:
            word = pattern.sub(replacement, word)
    return word


def han_tokens(run: str) -> list[str]:
    """Give the tokens that find a Chinese run: its pairs of characters, or its only character."""
    return [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]


def tokens(folded: str, *, with_single: bool = True) -> set[str]:
    """Give every token under which a folded text is found; long texts do without single characters, which say too little there."""
    found: set[str] = set()
    for run in runs(folded):
        if not run.is_han:
            found |= _latin_tokens(run.text)
            continue
        found.update(han_tokens(run.text))
        if with_single:
            found.update(run.text)
    return found


@lru_cache(maxsize=5_000)
def _latin_tokens(latin: str) -> frozenset[str]:
    parts = atoms(latin)
    stretches = {"".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, min(start + 4, len(parts)) + 1)}
    return frozenset(stretch[:LONGEST_TOKEN] for stretch in (*stretches, joined(latin)) if stretch)


def key_of(text: str) -> str:
    """Give a text's letters and digits alone: the same key for LC-MS, lc/ms and LC MS."""
    return "".join(run.key for run in runs(fold(text)))
