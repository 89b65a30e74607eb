"""Caps: no more hours charged, or no more spend, than so much per use, window or cycle; beyond it free or at a percentage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from instruments.money import yuan
from instruments.timespan import TimeSpan, common, minus
from scheduling.pricing.cycles import need_of, windows
from scheduling.pricing.extras import Bracket, Cap
from scheduling.pricing.lines import Line
from scheduling.pricing.pieces import Item, Piece, Question
from scheduling.pricing.unitwords import TIMES
from scheduling.pricing.use import Need
from scheduling.pricing.values import Part

Window = tuple[TimeSpan | None, Need | None]
BILLION = Decimal(10**18)


def cap_hours(question: Question, part: Part, meter: str, spans: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Leave out the time beyond the hours that are charged, from the end of each window."""
    rest = list(spans)
    for cap in _caps(question, part, meter):
        if cap.hours is not None and rest:
            over = [span for window in cap_windows(cap, question, rest) for span in _beyond(cap.hours, question, window, rest)]
            rest = minus(rest, over)
    return rest


def edges(question: Question, part: Part, meter: str, spans: Sequence[TimeSpan]) -> set[TimeSpan]:
    """Give the windows at whose ends time must be split, so that its price can be told apart."""
    caps = [cap for cap in _caps(question, part, meter) if cap.brackets]
    return {window for cap in caps for window, _ in cap_windows(cap, question, spans) if window is not None}


def cap_spend(question: Question, pieces: Sequence[Piece]) -> list[Item]:
    """Give a line for each cap that takes something off."""
    taken: dict[str, Decimal] = {}
    items: list[Item] = []
    for cap in question.spec.caps:
        if not cap.brackets or not cap.only.is_met(question.use):
            continue
        mine = [piece for piece in pieces if piece.part in cap.covers and (not cap.meters or piece.source in cap.meters)]
        off = yuan(sum((_excess(cap, question, window, mine) for window in cap_windows(cap, question, _hull(mine))), Decimal(0)))
        if off > 0:
            taken[cap.code] = off
            line = Line(f"cap:{cap.code}", cap.name, Decimal(1), TIMES, -off, -off)
            items.append(Item("rates" if "rates" in cap.covers else cap.covers[0], cap.code, line))
    return items


def cap_windows(cap: Cap, question: Question, spans: Sequence[TimeSpan]) -> list[Window]:
    """Give the windows of a cap that time reaches, with the figure of history each needs; one without a span is the whole use."""
    use = question.use
    if cap.cycle is not None:
        start = use.starts_at
        reach = list(spans) or ([TimeSpan(start, start + timedelta(seconds=1))] if start else [])
        what = "spend" if cap.hours is None else "hours"
        return [(window, need_of(cap.cycle, what, window)) for window in windows(cap.cycle, reach, use.tz)]
    if cap.whens and spans:
        hull = TimeSpan(spans[0].start, spans[-1].end)
        found = [one for when in cap.whens for one in when.occurrences(hull, use.tz, use.holidays) if common(spans, [one])]
        return [(window, None) for window in sorted(set(found))]
    return [] if cap.whens else [(None, None)]


def _caps(question: Question, part: Part, meter: str) -> Iterator[Cap]:
    for cap in question.spec.caps:
        if part in cap.covers and (not cap.meters or meter in cap.meters) and cap.only.is_met(question.use):
            yield cap


def _beyond(hours: Decimal, question: Question, window: Window, spans: Sequence[TimeSpan]) -> list[TimeSpan]:
    span, need = window
    had = question.history.of(need) if need else Decimal(0)
    left = timedelta(minutes=int(max(hours - had, Decimal(0)) * 60))
    over: list[TimeSpan] = []
    for part in common(spans, [span]) if span else spans:
        if part.duration > left:
            over.append(TimeSpan(part.start + left, part.end))
        left = max(left - part.duration, timedelta())
    return over


def _hull(pieces: Sequence[Piece]) -> list[TimeSpan]:
    return sorted(piece.at for piece in pieces if piece.at is not None)


def _excess(cap: Cap, question: Question, window: Window, pieces: Sequence[Piece]) -> Decimal:
    """Give what goes beyond a cap in one window, after what was spent there before."""
    span, need = window
    spent = question.history.of(need) if need else Decimal(0)
    start = question.use.starts_at
    first = {id(piece): piece.at.start if piece.at else start for piece in pieces}
    mine = [piece for piece in pieces if span is None or ((at := first[id(piece)]) is not None and span.has(at))]
    cost = sum((piece.raw for piece in mine), Decimal(0))
    return cost - charged(cap.brackets, spent, cost)


def charged(brackets: Sequence[Bracket], spent: Decimal, cost: Decimal) -> Decimal:
    """Give what is charged of a cost: in full up to the first bracket, then its percentage, counting what was spent."""
    total, percent, position = Decimal(0), Decimal(100), spent
    for above, then in [*((bracket.above, bracket.percent) for bracket in brackets), (BILLION, Decimal(0))]:
        if percent and position < above and cost > 0:
            paid = min(cost * percent / 100, above - position)
            total, position, cost = total + paid, position + paid, cost - paid * 100 / percent
        percent = then
    return total
