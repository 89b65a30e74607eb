"""What a request costs, counted and never timed: statements sent, bytes answered, functions called."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from cProfile import Profile
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event

# How much more than a page's own cost, without a query, is still the same page.
MORE_STATEMENTS, MORE_CALLS, MOST_BYTES = 60, 400_000, 1_000_000


@dataclass(frozen=True)
class Cost:
    """What one request came to."""

    statements: int
    size: int
    calls: int


def cost_of(engine: Engine, send: Callable[[], Any]) -> Cost:
    """Send a request, and count."""
    work = Profile(builtins=False)
    with counted(engine) as said:
        size = len(work.runcall(send).data)
    return Cost(len(said), size, sum(entry.callcount for entry in work.getstats()))


def too_much(usual: Cost, cost: Cost) -> bool:
    """Say whether a request came to more than its query may make of it."""
    return cost.statements > usual.statements + MORE_STATEMENTS or cost.calls > usual.calls + MORE_CALLS or cost.size > MOST_BYTES


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that are sent."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
