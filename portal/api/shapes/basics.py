"""What all shapes are made of: problems, refusals, names, spans."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from portal.api.shapes.kinds import Instant


class In(BaseModel):
    """What a caller sends in a body; unknown fields are refused, so that a slip is not silently lost."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """What a caller asks for in the query."""

    model_config = ConfigDict(extra="ignore")


class Words(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class RefusalOut(BaseModel):
    """One reason why not: its code, the sentence, and what would be allowed."""

    code: str
    message: Words
    allowed: dict[str, Any] = {}


class AlternativeOut(BaseModel):
    """A time that would work."""

    instrument: str
    start: str
    end: str
    total: str | None = None


class Problem(BaseModel):
    """What was wrong (RFC 9457), with every refusal and alternative."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    refusals: list[RefusalOut] = []
    alternatives: list[AlternativeOut] = []


class SpanOut(BaseModel):
    """A half-open stretch of time."""

    start: Instant
    end: Instant


class Named(BaseModel):
    """Something with an id and a name in both languages."""

    id: str
    name_zh: str
    name_en: str
