"""What a return holds: its fields in the national names, which are needed, how long, from which list. All of it is data (returns.json)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from instruments import data
from instruments.errors import Invalid, Sentence

PERIODS = ("quarter", "year", "school_year")
# How a value is written, and so how it is checked.
FIELD_KINDS = (
    "text", "amount", "hours", "count", "time", "month", "partial_date", "digits", "email", "name", "code", "codes", "choice", "funds",
)  # fmt: skip
NUMBERS = ("amount", "hours", "count")
# Where what is wrong with a field is put right.
MENDS = ("use", "facts", "charge", "instrument", "organisation", "person", "figures")


@dataclass(frozen=True, slots=True)
class ReturnField:
    """One field: its national name, what people call it, how it is written, and where it is mended.

    `counts` is the quantity of the statistics it gives, `when` names the case in which it is needed although others go without; `typed` figures
    may be written by hand; `personal` ones are shown to nobody but who signs.
    """

    name: str
    label: Sentence
    kind: str
    is_required: bool
    mend: str
    length: int = 0
    list_name: str = ""
    values: tuple[str, ...] = ()
    most: int = 0
    unit: str = ""
    counts: str = ""
    when: str = ""
    is_personal: bool = False
    is_typed: bool = False


@dataclass(frozen=True, slots=True)
class ReturnFormat:
    """One kind of return: the period it is made for, who makes it, within how many days, and its fields in order."""

    kind: str
    name: Sentence
    source: Sentence
    period: str
    deadline_days: int
    only: str
    value_from: Decimal
    fields: tuple[ReturnField, ...]

    def field(self, name: str) -> ReturnField:
        """Give a field by its national name."""
        return next(one for one in self.fields if one.name == name)

    @property
    def typed(self) -> tuple[ReturnField, ...]:
        """Give the fields whose figure may be typed."""
        return tuple(one for one in self.fields if one.is_typed)


@cache
def formats() -> Mapping[str, ReturnFormat]:
    """Give every kind of return by its code, in the order it is offered."""
    return {kind: _format(kind, one) for kind, one in data.read("returns.json")["kinds"].items()}


@cache
def format_number() -> str:
    """Give the number of the formats as they are shipped; a return keeps the one it was made after."""
    return str(data.read("returns.json")["format"])


def format_of(kind: str) -> ReturnFormat:
    """Give the format of a kind of return; Invalid for a kind there is not."""
    found = formats().get(kind)
    if found is None:
        raise Invalid("kind", Sentence("请选择报送类别。", "Choose which return it is."))
    return found


def _format(kind: str, given: Mapping[str, Any]) -> ReturnFormat:
    return ReturnFormat(
        kind, Sentence(given["zh"], given["en"]), Sentence(given["source_zh"], given["source_en"]), given["period"], given["deadline_days"],
        given.get("only", ""), Decimal(given.get("value_from", 0)), tuple(_field(one) for one in given["fields"]),
    )  # fmt: skip


def _field(given: Mapping[str, Any]) -> ReturnField:
    return ReturnField(
        given["name"], Sentence(given["zh"], given["en"]), given["kind"], given["required"], given["mend"], given.get("length", 0),
        given.get("list", ""), tuple(given.get("values", ())), given.get("most", 0), given.get("unit", ""), given.get("from", ""), given.get("when", ""),
        given.get("personal", False), given.get("typed", False),
    )  # fmt: skip
