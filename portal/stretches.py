"""What one instrument's time is made of for one reader: free, busy, mine, held, closed and past, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from instruments.timespan import TimeSpan, merged

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """Something with a name in a calendar: a booking the reader may open, or a closure with its reason as label.

    drawn is where it is drawn when that is wider than its span; words always tell the span.
    """

    span: TimeSpan
    label: str = ""
    url: str = ""
    drawn: TimeSpan | None = None

    @property
    def place(self) -> TimeSpan:
        """Give where it is drawn."""
        return self.drawn or self.span


@dataclass(frozen=True, slots=True)
class Times:
    """What is known of an instrument's time: when it is open, and what takes its places.

    busy and holds count one place for each span, and hold one place of `capacity`; buffers are already in them.
    mine may be opened by the reader, is drawn by name, and stands over everything else.
    """

    open_spans: Sequence[TimeSpan]
    busy: Sequence[TimeSpan] = ()
    mine: Sequence[Mark] = ()
    holds: Sequence[TimeSpan] = ()
    closures: Sequence[Mark] = ()
    capacity: int = 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of time in one state; kind is free, busy, mine, hold, closure, closed or past."""

    span: TimeSpan
    kind: str
    marks: tuple[Mark, ...] = ()
    places: int = 0


def stretches(times: Times, window: TimeSpan, now: datetime) -> list[Stretch]:
    """Cut the window into stretches, in order and without a gap; what is free and over is past."""
    walks = _Walks(times)
    result: list[Stretch] = []
    start = window.start
    for end in sorted({now, window.end, *walks.edges()}):
        if start < end <= window.end:
            _append(result, Stretch(TimeSpan(start, end), *walks.state(start, now)))
            start = end
    return result


def free_until(pieces: Sequence[Stretch]) -> list[datetime]:
    """Give for each stretch the end of the free time it belongs to, over changes of the number of places; its own end if it is not free."""
    ends = [piece.span.end for piece in pieces]
    for i in range(len(pieces) - 2, -1, -1):
        if pieces[i].kind == pieces[i + 1].kind == "free":
            ends[i] = ends[i + 1]
    return ends


def within(piece: Stretch, part: TimeSpan) -> Stretch:
    """Give the part of a stretch, with those of its marks that reach into it."""
    return Stretch(part, piece.kind, tuple(mark for mark in piece.marks if mark.place.overlaps(part)), piece.places)


def _append(result: list[Stretch], new: Stretch) -> None:
    last = result[-1] if result else None
    if last and (last.kind, last.marks, last.places) == (new.kind, new.marks, new.places):
        result[-1] = Stretch(TimeSpan(last.span.start, new.span.end), new.kind, new.marks, new.places)
    else:
        result.append(new)


def _clusters(marks: Iterable[Mark]) -> list[tuple[TimeSpan, tuple[Mark, ...]]]:
    """Put marks that overlap into one piece, so that none hides another; touching ones stay apart."""
    result: list[tuple[TimeSpan, tuple[Mark, ...]]] = []
    for mark in sorted(marks, key=lambda mark: (mark.place, mark.span)):
        if result and mark.place.overlaps(result[-1][0]):
            span, others = result[-1]
            result[-1] = (TimeSpan(span.start, max(span.end, mark.place.end)), (*others, mark))
        else:
            result.append((mark.place, (mark,)))
    return result


def _levels(spans: Iterable[TimeSpan]) -> list[tuple[TimeSpan, int]]:
    """Count how many spans run at each time: disjoint pieces with their number, in order."""
    steps: dict[datetime, int] = {}
    for span in spans:
        steps[span.start] = steps.get(span.start, 0) + 1
        steps[span.end] = steps.get(span.end, 0) - 1
    result: list[tuple[TimeSpan, int]] = []
    running, since = 0, None
    for at, step in sorted(steps.items()):
        if running and since is not None:
            result.append((TimeSpan(since, at), running))
        running, since = running + step, at
    return result


class _Walk(Generic[T]):
    """Disjoint pieces in order, asked for one later instant after the other."""

    def __init__(self, pieces: list[tuple[TimeSpan, T]]) -> None:
        self.pieces = pieces
        self._next = 0

    def at(self, instant: datetime) -> T | None:
        while self._next < len(self.pieces) and self.pieces[self._next][0].end <= instant:
            self._next += 1
        if self._next == len(self.pieces) or self.pieces[self._next][0].start > instant:
            return None
        return self.pieces[self._next][1]


class _Walks:
    """Everything that is known of the time, walked through side by side."""

    def __init__(self, times: Times) -> None:
        self.capacity = times.capacity
        self.mine, self.closures = _Walk(_clusters(times.mine)), _Walk(_clusters(times.closures))
        self.opened = _Walk([(span, True) for span in merged(times.open_spans)])
        self.busy, self.holds = _Walk(_levels(times.busy)), _Walk(_levels(times.holds))

    def edges(self) -> set[datetime]:
        """Give every time at which something begins or ends."""
        walks: tuple[_Walk[Any], ...] = (self.mine, self.closures, self.opened, self.busy, self.holds)
        return {edge for walk in walks for span, _ in walk.pieces for edge in (span.start, span.end)}

    def state(self, at: datetime, now: datetime) -> tuple[str, tuple[Mark, ...], int]:
        """Give kind, marks and free places at an instant; instants are asked for in order."""
        mine, closures, is_open = self.mine.at(at), self.closures.at(at), self.opened.at(at)
        busy, held = self.busy.at(at) or 0, self.holds.at(at) or 0
        if mine or closures:
            return ("mine", mine, 0) if mine else ("closure", closures or (), 0)
        if busy + held >= self.capacity:
            return "busy" if busy >= self.capacity else "hold", (), 0
        if not is_open:
            return "closed", (), 0
        return ("past", (), 0) if at < now else ("free", (), self.capacity - busy - held)
