"""Everything that can go wrong, in words a scientist understands, in both languages.

One small tree: portal/errors.py maps each type to one HTTP status. Domain code raises; nothing returns None or False for a failure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text in both languages, written for each."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """Give the text for 'zh' or 'en'."""
        return self.zh if language == "zh" else self.en

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason why something may not be: a stable code, a sentence, and what would be allowed instead."""

    code: str
    sentence: Sentence
    allowed: Mapping[str, Any] = field(default_factory=dict)


class PortalError(Exception):
    """Something a person can be told in one sentence."""

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


class NotFound(PortalError):
    """There is no such thing, or it is not this person's to know of (404)."""

    def __init__(self, sentence: Sentence | None = None) -> None:
        super().__init__(sentence or Sentence("没有找到，或者您无权查看。", "There is nothing here, or it is not yours to see."))


class Forbidden(PortalError):
    """The thing is known to the person, but the step is not theirs to take (403)."""

    def __init__(self, sentence: Sentence | None = None) -> None:
        super().__init__(sentence or Sentence("您没有进行此操作的权限。", "This step is not yours to take."))


class Invalid(PortalError):
    """A value that cannot be right, with the name of its field (422)."""

    def __init__(self, field: str, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.field = field


class OutOfOrder(PortalError):
    """A step that does not follow from the state things are in (409)."""


class Changed(PortalError):
    """Somebody else changed the same thing meanwhile (409), with what changed: {field: (theirs, yours)}."""

    def __init__(self, sentence: Sentence, changes: Mapping[str, tuple[Any, Any]] | None = None) -> None:
        super().__init__(sentence)
        self.changes = dict(changes or {})


class Refused(PortalError):
    """Rules say no (422): every refusal at once, and the nearest alternatives."""

    def __init__(self, refusals: Sequence[Refusal], alternatives: Sequence[Any] = ()) -> None:
        first = refusals[0].sentence
        super().__init__(first)
        self.refusals = tuple(refusals)
        self.alternatives = tuple(alternatives)


class Taken(Refused):
    """The time is not free any more (409), with every other refusal and the nearest alternatives."""
