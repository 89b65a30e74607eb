"""How an instrument is written into a list: each field in words that an import reads back as they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from instruments.catalogue import PUBLICATIONS, SHARING_MODES, Instrument
from instruments.errors import Sentence
from instruments.exchange.fields import FIELDS, Field
from instruments.exchange.vocabulary import Vocabulary

YES, NO = Sentence("是", "Yes"), Sentence("否", "No")
GENERAL, DEDICATED = Sentence("通用", "General"), Sentence("专用", "Dedicated")
Value = str | Decimal | float


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes instruments in one language, with every field or with the public ones."""

    words: Vocabulary
    language: str = "zh"
    is_public: bool = True

    @property
    def fields(self) -> tuple[Field, ...]:
        """Give the fields that are written, in order."""
        return tuple(each for each in FIELDS if each.is_exported and (each.is_public or not self.is_public) and not self._is_inside(each))

    def headers(self) -> list[str]:
        """Give the header."""
        return [self.say(each.label) for each in self.fields]

    def values(self, row: Instrument) -> list[Value]:
        """Give one instrument's values, numbers as numbers, the rest as text."""
        return [self._value(row, each) for each in self.fields]

    def say(self, sentence: Sentence) -> str:
        """Pick the language."""
        return sentence.in_language(self.language)

    def _is_inside(self, field: Field) -> bool:
        return self.is_public and field.kind == "shown"

    def _value(self, row: Instrument, field: Field) -> Value:
        write = _WRITERS.get(field.key) or _BY_KIND.get(field.kind)
        return write(self, row, field) if write else _plain(getattr(row, field.attribute))


def _plain(value: Any) -> Value:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, Decimal | float) else str(value)


def _yes_no(writer: Writer, row: Instrument, field: Field) -> str:
    return writer.say(YES if getattr(row, field.attribute) else NO)


def _coded(writer: Writer, row: Instrument, field: Field) -> str:
    code = str(getattr(row, field.attribute) or "")
    return writer.say(writer.words.name(field.key, code)) if code else ""


def _aliases(writer: Writer, row: Instrument, field: Field) -> str:
    names = [alias.text for alias in row.aliases]
    return ("\n" if any(";" in name or "；" in name for name in names) else "; ").join(names)


def _subjects(writer: Writer, row: Instrument, field: Field) -> str:
    return "; ".join(f"{code} {writer.say(writer.words.name('subject', code))}" for code in row.subjects or ())


def _funds(writer: Writer, row: Instrument, field: Field) -> str:
    parts = [(writer.say(writer.words.name("fund", str(fund.get("kind", "")))), fund.get("amount", "")) for fund in row.funds or ()]
    return "; ".join(f"{words} {amount}".strip() for words, amount in parts)


def _organisation(writer: Writer, row: Instrument, field: Field) -> str:
    owner = row.organisation
    return owner.name_en or owner.name_zh if writer.language == "en" else owner.name_zh


def _facility(writer: Writer, row: Instrument, field: Field) -> str:
    if row.facility is None:
        return ""
    return row.facility.name_en or row.facility.name_zh if writer.language == "en" else row.facility.name_zh


_WRITERS: Mapping[str, Callable[[Writer, Instrument, Field], Value]] = {
    "organisation_code": lambda writer, row, field: row.organisation.code,
    "organisation": _organisation,
    "facility": _facility,
    "aliases": _aliases,
    "subjects": _subjects,
    "funds": _funds,
    "category": lambda writer, row, field: writer.say(writer.words.category_name(row.category_code)),
    "is_dedicated": lambda writer, row, field: writer.say(DEDICATED if row.is_dedicated else GENERAL),
    "sharing": lambda writer, row, field: writer.say(SHARING_MODES.get(row.sharing_mode, Sentence(row.sharing_mode, row.sharing_mode))),
    "raw": lambda writer, row, field: json.dumps(row.raw, ensure_ascii=False, sort_keys=True) if row.raw else "",
    "publication": lambda writer, row, field: writer.say(PUBLICATIONS.get(row.publication, Sentence(row.publication, row.publication))),
}
_BY_KIND: Mapping[str, Callable[[Writer, Instrument, Field], Value]] = {
    "yes_no": _yes_no,
    "choice": _coded,
    "country": _coded,
    "city": _coded,
}
