"""Scores as they are kept: exact fractions as text, read back as they were."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from instruments.errors import Sentence
from scheduling.evaluations.scoring import ItemScore, PartScore, Score


def scores_kept(found: Score) -> dict[str, Any]:
    """Give a score as it is kept."""
    parts = [
        {
            "code": part.code, "points": _text(part.points), "score": _text(part.score),
            "items": [{"code": one.code, "points": str(one.points), "note": one.note and [one.note.zh, one.note.en]} for one in part.items],
        }
        for part in found.parts
    ]  # fmt: skip
    return {"parts": parts, "total": _text(found.total)}


def scores_from(given: Mapping[str, Any]) -> Score:
    """Read a score."""
    parts = [
        PartScore(
            part["code"], _number(part["points"]), _number(part["score"]),
            tuple(ItemScore(one["code"], Fraction(one["points"]), one["note"] and Sentence(*one["note"])) for one in part["items"]),
        )
        for part in given["parts"]
    ]  # fmt: skip
    return Score(tuple(parts), _number(given["total"]))


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)
