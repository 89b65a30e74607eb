"""One row of a list, read: what it states about an instrument, its raw texts, and everything to tell about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instruments.errors import Sentence

LONGEST_SHOWN = 500
NOTE = "column: "  # before the header of a column that is only kept as raw text


@dataclass(frozen=True, slots=True)
class Note:
    """Something to tell about a row: where (row number, header, field), the value as it stood, and why. A refusal keeps the row out."""

    row: int
    column: str
    field: str
    value: str
    reason: Sentence
    is_refusal: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """One value for an instrument's attribute. `raws` are the raw texts it was read from, when they say more than the value.

    A proposed value only fills what is empty.
    """

    attribute: str
    value: Any
    raws: Mapping[str, str] = field(default_factory=dict)
    is_proposed: bool = False


@dataclass(slots=True)
class Draft:
    """A row as it was read, before anybody has looked whether the instrument is there already."""

    row: int
    inner_id: str = ""
    inner_id_as_written: str = ""
    organisation_code: str = ""
    organisation: str = ""
    facility: str = ""
    city: str = ""
    aliases: list[str] = field(default_factory=list)
    stated: list[Stated] = field(default_factory=list)
    raw: dict[str, str] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    likeness: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)  # the header of each field, for what is told later

    @property
    def is_refused(self) -> bool:
        """Say whether the row must stay out."""
        return any(note.is_refusal for note in self.notes)

    @property
    def names(self) -> tuple[str, str]:
        """Give the Chinese and the English name, either may be ''."""
        found = {stated.attribute: str(stated.value) for stated in self.stated if stated.attribute in ("name_zh", "name_en")}
        return found.get("name_zh", ""), found.get("name_en", "")

    def tell(self, field_key: str, value: str, reason: Sentence, *, is_refusal: bool = False) -> None:
        """Note something about one of the row's fields."""
        self.notes.append(Note(self.row, self.columns.get(field_key, ""), field_key, value[:LONGEST_SHOWN], reason, is_refusal))
