"""What of an instrument is searched, and how much a find in each field counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from instruments.catalogue import Instrument
from instruments.classification import Category, codes_above
from instruments.search.pinyin import pinyin_tokens, syllables_of
from instruments.search.tokens import fold, runs, tokens


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the index: its letter, its worth, and whether it is a name, found also by pinyin and by a single character."""

    letter: str
    worth: int
    is_name: bool = True


NAME = Field("a", 12)
ALIAS = Field("b", 11)
MODEL = Field("c", 10, is_name=False)
MAKER = Field("d", 9)
CATEGORY = Field("e", 7)
FUNCTIONS = Field("f", 4, is_name=False)
PLACE = Field("g", 3)
FIELDS = (NAME, ALIAS, MODEL, MAKER, CATEGORY, FUNCTIONS, PLACE)

# "Other" says nothing: whoever types it does not look for the categories that are called so.
SAYS_NOTHING = ("其他", "Other")


def document(instrument: Instrument, categories: Mapping[str, Category]) -> frozenset[str]:
    """Give every key under which an instrument is found: the letter of a field and a token."""
    return frozenset().union(*(_keys(field, text) for field, text in texts(instrument, categories) if text))


def texts(instrument: Instrument, categories: Mapping[str, Category]) -> list[tuple[Field, str]]:
    """Give the searched texts of an instrument, each with its field."""
    facility = instrument.facility
    return [
        (NAME, instrument.name_zh),
        (NAME, instrument.name_en),
        *((ALIAS, alias.text) for alias in instrument.aliases),
        (MODEL, instrument.model),
        (MAKER, instrument.manufacturer),
        *((CATEGORY, name) for name in _category_names(instrument.category_code, categories)),
        (FUNCTIONS, instrument.functions),
        (FUNCTIONS, instrument.specifications),
        (FUNCTIONS, instrument.services),
        (PLACE, instrument.organisation.name_zh),
        (PLACE, instrument.organisation.name_en),
        *((PLACE, name) for name in ((facility.name_zh, facility.name_en) if facility else ())),
        (PLACE, instrument.department),
    ]


def _category_names(code: str | None, categories: Mapping[str, Category]) -> list[str]:
    if code is None:
        return []
    on_the_way = [categories[each] for each in (*codes_above(code), code) if each in categories]
    names = [name for category in on_the_way for name in (category.name_zh, category.name_en)]
    return [name for name in names if not name.startswith(SAYS_NOTHING)]


def _keys(field: Field, text: str) -> frozenset[str]:
    return _name_keys(field.letter, text) if field.is_name else frozenset(field.letter + token for token in tokens(fold(text), with_single=False))


@lru_cache(maxsize=2_000)
def _name_keys(letter: str, text: str) -> frozenset[str]:
    folded = fold(text)
    return frozenset(letter + token for token in tokens(folded) | pinyin_tokens(runs(folded)))


def sort_name(instrument: Instrument) -> str:
    """Give the name by which it is put in order: Chinese by pinyin, everything else by its letters."""
    name = instrument.name_zh or instrument.name_en
    words = [" ".join(syllables_of(run.text)) or run.text if run.is_han else run.text for run in runs(fold(name))]
    return " ".join(words)[:200]
