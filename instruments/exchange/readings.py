"""What was read from one cell: a value or none, and everything a person should know about how it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instruments.errors import Sentence


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a cell (None: nothing could be taken), warnings, and what the same text proposes for other fields.

    A reading with a warning has its raw text kept beside the value.
    """

    value: Any = None
    warnings: tuple[Sentence, ...] = ()
    also: Mapping[str, Any] = field(default_factory=dict)

    def warn(self, zh: str, en: str) -> Reading:
        """Give the same reading with one more warning."""
        return Reading(self.value, (*self.warnings, Sentence(zh, en)), self.also)


class Unreadable(Exception):
    """A cell for which the whole row must stay out, with the reason."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = Sentence(zh, en)


def left_empty(zh: str, en: str) -> Reading:
    """Give a reading without a value, with the reason."""
    return Reading(None, (Sentence(zh, en),))
