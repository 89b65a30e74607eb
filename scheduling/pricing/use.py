"""What is priced: a use, booked or done, and the figures of history a tariff asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from instruments.errors import Invalid, Sentence
from instruments.holidays import SpecialDay
from instruments.timespan import TimeSpan

MOST = Decimal(1_000_000_000)
LONGEST_MINUTES = 366 * 1440


@dataclass(frozen=True, slots=True)
class Use:
    """A use to be priced: as booked, as used or both; for a quote `used` is None. Quantities (samples, runs) go by the code of their unit."""

    booked: TimeSpan | None = None
    used: TimeSpan | None = None
    effective_minutes: int | None = None
    tz: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    holidays: Mapping[date, SpecialDay] = field(default_factory=dict)
    audience: str = "internal"
    mode: str = "self"
    purpose: str = "research"
    grade: int = 0
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    options: frozenset[str] = frozenset()
    hazard: int = 0
    overrun_was_wanted: bool = True
    consecutive_before_minutes: int = 0

    def __post_init__(self) -> None:
        for unit, quantity in self.quantities.items():
            if not quantity.is_finite() or not 0 <= quantity <= MOST:
                raise Invalid(unit, Sentence("数量必须是不小于 0 的数。", "A quantity is a number from 0 up."))
        if self.effective_minutes is not None and not 0 <= self.effective_minutes <= LONGEST_MINUTES:
            raise Invalid(
                "effective_minutes", Sentence("有效机时不能小于 0 或超过一年。", "Effective minutes are 0 or more, a year at most.")
            )

    @property
    def starts_at(self) -> datetime | None:
        """Give the instant at which it begins: as used, else as booked."""
        span = self.used or self.booked
        return span.start if span else None


@dataclass(frozen=True, slots=True)
class Need:
    """A figure of history: hours charged or yuan spent in [start, end) by the person or group, on the instrument or across the tariff."""

    what: Literal["hours", "spend"]
    per: Literal["person", "group"]
    start: datetime
    end: datetime
    tariff_wide: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """The figures of history; one that is missing is 0."""

    figures: Mapping[Need, Decimal] = field(default_factory=dict)

    def of(self, need: Need) -> Decimal:
        """Give one figure."""
        return self.figures.get(need, Decimal(0))
