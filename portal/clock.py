"""The one place where the portal asks what time it is. Tests stand the clock still."""

from __future__ import annotations

from datetime import UTC, datetime
from types import TracebackType

_stands_at: datetime | None = None


def now() -> datetime:
    """Give the time, aware and in UTC."""
    return _stands_at or datetime.now(UTC)


def freeze(at: datetime) -> StoppedClock:
    """Stop the clock of this process at an aware time, for good or for the length of a `with` block."""
    global _stands_at
    if at.tzinfo is None:
        raise ValueError("The clock needs a time with its zone.")
    stopped = StoppedClock(_stands_at)
    _stands_at = at.astimezone(UTC)
    return stopped


def thaw() -> None:
    """Let the clock run again."""
    global _stands_at
    _stands_at = None


class StoppedClock:
    """Knows what the clock did before it was stopped."""

    def __init__(self, before: datetime | None) -> None:
        self._before = before

    def __enter__(self) -> StoppedClock:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        global _stands_at
        _stands_at = self._before
