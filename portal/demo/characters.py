"""What the instruments of the sample are like: some are sought after, some hardly used, some shared with everybody and some with nobody.

Without it all would be used alike, and no figure would tell one from another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

YEARS_BACK = 2
SEASONS = {1: 0.85, 2: 0.6, 7: 0.85, 8: 0.7}  # quiet months: the end of term, spring festival, summer
GROWTH = (1.0, 0.9, 0.75)  # of this year, last year, the year before
IDLE_SINCE = timedelta(days=420)


@dataclass(frozen=True, slots=True)
class Character:
    """How often an instrument is taken when it is open, for how many hours at a time, and how often by somebody from outside."""

    name: str
    eager: float
    lengths: tuple[float, ...]
    outside: float

    def chance_of(self, at: datetime, now: datetime) -> float:
        """Give the chance that it is taken on an open span: less in quiet months and in earlier years; idle ones have stopped."""
        if self.name == "idle" and at > now - IDLE_SINCE:
            return 0.0
        if self.name == "sought":  # it was full from the first day
            return self.eager
        return self.eager * GROWTH[min(max(now.year - at.year, 0), YEARS_BACK)] * SEASONS.get(at.month, 1.0)


KINDS = {
    "sought": (1.0, (3.5, 5, 7, 8)),
    "busy": (0.72, (3, 3.5, 5, 6)),
    "usual": (0.28, (2, 3, 3.5, 5)),
    "light": (0.07, (1, 1.5, 2)),
    "idle": (0.15, (1, 2)),
}
TURNS = (
    "sought", "usual", "busy", "usual", "light", "busy", "usual", "sought", "usual", "light", "busy", "usual", "idle", "busy", "usual", "sought",
    "usual", "light", "usual",
)  # fmt: skip
OUTSIDE = (0.22, 0.08, 0.3, 0.02, 0.15, 0.55, 0.1)


def character_of(number: int) -> Character:
    """Give the character of the instrument with a number, the same on every run."""
    name = TURNS[number % len(TURNS)]
    eager, lengths = KINDS[name]
    return Character(name, eager, lengths, OUTSIDE[number % len(OUTSIDE)])


def began(now: datetime, years_back: int = YEARS_BACK) -> datetime:
    """Say when a calendar year began: the year before last, with which the portal of the sample did, so that there are whole years to compare."""
    return datetime(now.year - years_back, 1, 1, tzinfo=UTC) - timedelta(hours=8)


def joined(number: int, now: datetime) -> datetime:
    """Say when the instrument with a number came to the network: a third of them at its beginning, the others with the second year or during it."""
    if number % 3 == 0:
        return began(now)
    return began(now, YEARS_BACK - 1) + timedelta(days=30 * max(number % 10 - 6, 0))
