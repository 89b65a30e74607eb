"""The words lists may use for coded values: the classification and the code lists, read once per import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.classification import Category
from instruments.codes import LISTS, CodeEntry
from instruments.errors import Sentence
from instruments.exchange.cells import fold


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names by code and codes by name: of the categories, and of each code list."""

    categories: Mapping[str, Sentence] = field(default_factory=dict)
    category_codes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, Sentence]] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def code(self, list_name: str, text: str) -> str | None:
        """Find the code in a list by a text that means it: a code or a name, in either language."""
        return self.codes.get(list_name, {}).get(fold(text))

    def name(self, list_name: str, code: str) -> Sentence:
        """Give the name of a code; a code that is in no list names itself."""
        return self.names.get(list_name, {}).get(code) or Sentence(code, code)

    def category_name(self, code: str | None) -> Sentence:
        """Give the name of a category; none has no name."""
        return self.categories.get(code or "") or Sentence("", "")


def read_vocabulary(session: Session) -> Vocabulary:
    """Read the classification and every code list; two statements."""
    categories = {row.code: Sentence(row.name_zh, row.name_en or row.name_zh) for row in session.scalars(select(Category))}
    names: dict[str, dict[str, Sentence]] = {name: {} for name in LISTS}
    codes: dict[str, dict[str, str]] = {name: {} for name in LISTS}
    for entry in session.scalars(select(CodeEntry).order_by(CodeEntry.position)):
        names.setdefault(entry.list_name, {})[entry.code] = entry.name
        for text in (entry.name_en, entry.name_zh, *entry.other_codes, entry.code):
            if text:
                codes.setdefault(entry.list_name, {})[fold(text)] = entry.code
    return Vocabulary(categories, _codes_by_name(categories), names, codes)


def _codes_by_name(categories: Mapping[str, Sentence]) -> dict[str, str]:
    """Give each category's code by its name; a name that several categories bear, such as 其他，means none of them."""
    texts = [(fold(text), code) for code, name in categories.items() for text in {name.zh, name.en}]
    bearers = Counter(text for text, _ in texts)
    return {text: code for text, code in texts if bearers[text] == 1}
