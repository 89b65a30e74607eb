"""A small model of bookings: what should come of each verb. test_state_machine.py holds the verbs against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from instruments.errors import Forbidden, NotFound, OutOfOrder, PortalError, Refused, Taken
from instruments.timespan import TimeSpan
from scheduling.bookings import STEPS

ORIGIN = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
MINUTE, HALF_HOUR = timedelta(minutes=1), timedelta(minutes=30)
APPROVAL = {"kind": "approval", "parameters": {"decide_within_hours": 24}}
APPROVAL_HOLDING_NOTHING = {"kind": "approval", "parameters": {"decide_within_hours": 24, "holds_slot": False}}
NO_SHOW = {"kind": "no_show", "parameters": {"after_minutes": 30}}


@dataclass(frozen=True)
class Kind:
    """An instrument of the model."""

    lanes: int = 1
    cleanup: int = 0
    rules: tuple[dict, ...] = ()

    @property
    def asks(self) -> bool:
        return APPROVAL in self.rules or APPROVAL_HOLDING_NOTHING in self.rules

    @property
    def keeps(self) -> bool:
        return APPROVAL_HOLDING_NOTHING not in self.rules


KINDS = (Kind(cleanup=30, rules=(NO_SHOW,)), Kind(lanes=2, rules=(APPROVAL,)), Kind(rules=(APPROVAL_HOLDING_NOTHING,)))


@dataclass
class Kept:
    """A booking of the model."""

    kind: int
    who: str
    span: TimeSpan
    until: datetime
    lane: int
    status: str
    holds: bool
    expires: datetime | None = None
    previous: int | None = None

    def give_back(self, until: datetime) -> None:
        self.until = min(self.until, max(until, self.span.start + MINUTE))


@dataclass
class Model:
    """All bookings by id, the closures by kind, and what time it is."""

    now: datetime = ORIGIN
    kept: dict[int, Kept] = field(default_factory=dict)
    closed: list[list[TimeSpan]] = field(default_factory=lambda: [[] for _ in KINDS])

    def span(self, begin: int, length: int) -> TimeSpan:
        first = self.now + timedelta(minutes=-self.now.minute % 30) + begin * HALF_HOUR
        return TimeSpan(first, first + length * HALF_HOUR)

    def pick(self, number: int, actor: str = "", status: str = "") -> tuple[int, Kept, str]:
        """Choose a booking, mostly one in that state or else one of which something may still come, and who acts."""
        every = list(self.kept.items())
        likely = [(key, one) for key, one in every if (one.status == status if status else one.status in STEPS)]
        chosen = likely if likely and number % 5 else every
        key, one = chosen[number % len(chosen)]
        return key, one, one.who if actor == "herself" else actor

    def lane(self, kind: int, span: TimeSpan, apart_from: int | None = None) -> int | None:
        occupied = TimeSpan(span.start, span.end + KINDS[kind].cleanup * MINUTE)
        held = [one for key, one in self.kept.items() if one.holds and one.kind == kind and key != apart_from]
        taken = {one.lane for one in held if TimeSpan(one.span.start, one.until).overlaps(occupied)}
        return next((lane for lane in range(1, KINDS[kind].lanes + 1) if lane not in taken), None)

    def refusal(self, kind: int, span: TimeSpan, apart_from: int | None = None) -> type[PortalError] | None:
        if self.lane(kind, span, apart_from) is None:
            return Taken
        is_closed = any(shut.overlaps(span) for shut in self.closed[kind])
        return Refused if is_closed or span.start + MINUTE < self.now else None

    def step(self, one: Kept, target: str, actor: str, *, only_manager: bool = False) -> type[PortalError] | None:
        if actor not in (one.who, "manager"):
            return NotFound
        if only_manager and actor != "manager":
            return Forbidden
        return None if target in STEPS.get(one.status, ()) else OutOfOrder

    def make(self, kind: int, who: str, span: TimeSpan, *, asks: bool, lane: int | None, previous: int | None = None) -> Kept:
        expires = min(self.now + timedelta(hours=24), max(span.start, self.now + MINUTE)) if asks else None
        until, status = span.end + KINDS[kind].cleanup * MINUTE, "requested" if asks else "confirmed"
        return Kept(kind, who, span, until, lane or 0, status, not asks or KINDS[kind].keeps, expires, previous)
