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
from scheduling.pricing.unitwords import HOUR, TIMES
from scheduling.pricing.use import Need
from scheduling.pricing.values import Part

Window = tuple[TimeSpan | None, Need | None]
ENDLESS = Decimal(10**18)


def cap_hours(question: Question, part: Part, meter: str, spans: Sequence[TimeSpan]) -> tuple[list[TimeSpan], list[Piece]]:
    """Leave out the time beyond the hours that are charged, from the end of each window; give the rest, and what was left out as free."""
    rest, free = list(spans), list[Piece]()
    for cap in _caps(question, part, meter):
        if cap.hours is not None and rest:
            over = [span for window in cap_windows(cap, question, rest) for span in _beyond(cap.hours, question, window, rest)]
            rest, over = minus(rest, over), common(rest, over)
            free += [_free(cap, part, meter, span) for span in over]
    return rest, free


def edges(question: Question, part: Part, meter: str, spans: Sequence[TimeSpan]) -> set[TimeSpan]:
    """Give the windows at whose ends time must be split, so that its price can be told apart."""
    caps = [cap for cap in _caps(question, part, meter) if cap.brackets]
    return {window for cap in caps for window, _ in cap_windows(cap, question, spans) if window is not None}


def cap_spend(question: Question, pieces: Sequence[Piece]) -> list[Item]:
    """Give a line for each cap that takes something off; a later cap sees what the earlier ones left."""
    left = [piece.raw for piece in pieces]
    items: list[Item] = []
    for cap in question.spec.caps:
        if cap.brackets and cap.only.is_met(question.use):
            off = yuan(_take(cap, question, pieces, left))
            if off > 0:
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


def _free(cap: Cap, part: Part, meter: str, span: TimeSpan) -> Piece:
    seconds = Decimal(int(span.duration.total_seconds()))
    return Piece(part, meter, f"cap:{cap.code}:{meter}", cap.name, HOUR, seconds, Decimal(3600), Decimal(0), span)


def _take(cap: Cap, question: Question, pieces: Sequence[Piece], left: list[Decimal]) -> Decimal:
    """Take what goes beyond a cap off the amounts that are left, in each window from the end; give how much."""
    mine = [place for place, piece in enumerate(pieces) if piece.part in cap.covers and (not cap.meters or piece.source in cap.meters)]
    taken = Decimal(0)
    for window, need in cap_windows(cap, question, _hull([pieces[place] for place in mine])):
        inside = [place for place in mine if _lies_in(pieces[place], window, question)]
        cost = sum((left[place] for place in inside), Decimal(0))
        over = cost - charged(cap.brackets, question.history.of(need) if need else Decimal(0), cost)
        taken += over
        for place in reversed(inside):
            off = min(over, left[place])
            left[place], over = left[place] - off, over - off
    return taken


def _hull(pieces: Sequence[Piece]) -> list[TimeSpan]:
    spans = [piece.at for piece in pieces if piece.at is not None]
    return [TimeSpan(min(span.start for span in spans), max(span.end for span in spans))] if spans else []


def _lies_in(piece: Piece, window: TimeSpan | None, question: Question) -> bool:
    """Say whether a piece counts in a window; what has no time of its own counts where the use begins."""
    start = piece.at.start if piece.at else question.use.starts_at
    return window is None or (start is not None and window.has(start))


def charged(brackets: Sequence[Bracket], spent: Decimal, cost: Decimal) -> Decimal:
    """Give what is charged of a cost: in full up to the first bracket, then its percentage, counting what was spent."""
    total, percent, position = Decimal(0), Decimal(100), spent
    for above, then in [*((bracket.above, bracket.percent) for bracket in brackets), (ENDLESS, Decimal(0))]:
        if percent and position < above and cost > 0:
            paid = min(cost * percent / 100, above - position)
            total, position, cost = total + paid, position + paid, cost - paid * 100 / percent
        percent = then
    return total
