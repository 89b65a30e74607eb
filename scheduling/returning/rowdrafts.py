"""A row on its way into a return, and how numbers and times are written in one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from instruments.timespan import zone
from scheduling.returning.checks import TIME, Problem

CENT, HOUR = Decimal("0.01"), Decimal(60)


@dataclass(frozen=True, slots=True)
class RowDraft:
    """What a row will say, what it came from, which figures were typed, and what its maker found wrong with it."""

    instrument_id: int
    data: dict[str, Any]
    usage_id: int | None = None
    usage_version: int | None = None
    typed: dict[str, Any] = field(default_factory=dict)
    known: tuple[Problem, ...] = ()


def in_hours(minutes: int) -> str:
    """Give minutes as hours with two places: 100 -> "1.67"."""
    return str((Decimal(minutes) / HOUR).quantize(CENT, rounding=ROUND_HALF_UP))


def two_places(value: Decimal | int) -> str:
    """Give a number with two places."""
    return str(Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP))


def wall_time(at: datetime, time_zone: str) -> str:
    """Give an instant as the wall clock of a zone shows it: 2026-07-01 09:00:00."""
    return at.astimezone(zone(time_zone)).strftime(TIME)
