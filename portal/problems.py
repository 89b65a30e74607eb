"""A problem as JSON: RFC 9457, with every refusal in both languages, and the times that would work."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from instruments.errors import Changed, Invalid, Sentence
from portal.language import say


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, ready to be shown in any form."""

    status: int
    code: str
    sentence: Sentence
    error: BaseException | None = None
    headers: dict[str, str] = field(default_factory=dict)
    trace: str = ""


def problem_json(problem: Problem) -> dict[str, Any]:
    """Give a problem as RFC 9457 asks, with every refusal and alternative."""
    error = problem.error
    content: dict[str, Any] = {
        "type": f"urn:instrument-portal:{problem.code}",
        "title": problem.sentence.en,
        "status": problem.status,
        "detail": say(problem.sentence),
        "message": {"zh": problem.sentence.zh, "en": problem.sentence.en},
        "refusals": [refusal_json(refusal) for refusal in getattr(error, "refusals", ())],
        "alternatives": [alternative_json(found) for found in getattr(error, "alternatives", ())],
    }
    if isinstance(error, Invalid):
        content["field"] = error.field
    if isinstance(error, Changed) and error.changes:
        content["changes"] = {key: {"theirs": theirs, "yours": yours} for key, (theirs, yours) in error.changes.items()}
    return content | ({"trace": problem.trace} if problem.trace else {})


def refusal_json(refusal: Any) -> dict[str, Any]:
    """Give one refusal as JSON can hold it: its code, its sentence in both languages, and what would be allowed."""
    allowed = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in refusal.allowed.items()}
    return {"code": refusal.code, "message": {"zh": refusal.sentence.zh, "en": refusal.sentence.en}, "allowed": allowed}


def alternative_json(found: Any) -> dict[str, Any]:
    """Give one time that would work: the instrument, the span, and the total where there are rates."""
    total = getattr(found, "total", None)
    return {
        "instrument": str(found.instrument_id),
        "start": found.span.start.isoformat(),
        "end": found.span.end.isoformat(),
        "total": None if total is None else f"{total:.2f}",
    }


def as_text(value: Any) -> str:
    """Write what JSON does not know: times as RFC 3339."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
