"""How hours and sharing are spread over the instruments of a scope: counts by class of size, quartiles, and who lies above the mean.

Instruments are counted by whole hours and by tenths of a percent, so that what is read stays small however many instruments there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, case, cast, func, or_, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from scheduling.statistics.periods import Period
from scheduling.statistics.scope import Scope
from scheduling.statistics.sources import LIVE, Source

BINS = 12
THOUSAND = 1000


@dataclass(frozen=True, slots=True)
class Spread:
    """How often each value stands; `quartiles` are lowest, lower quartile, median, upper quartile and highest, or None without instruments."""

    counts: Mapping[int, int]
    quartiles: tuple[Fraction, ...] | None

    @property
    def number(self) -> int:
        """Give the number of instruments."""
        return sum(self.counts.values())

    def above(self, value: Fraction) -> int:
        """Count the instruments above a value."""
        return sum(count for one, count in self.counts.items() if one > value)

    def binned(self, edges: Sequence[int]) -> tuple[int, ...]:
        """Count by classes [edge, next edge); what lies beyond the last edge is in the last class."""
        found = [0] * (len(edges) - 1)
        for value, count in self.counts.items():
            place = sum(edge <= value for edge in edges[1:-1])
            found[place] += count
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Spreads:
    """The spread of effective hours (whole hours) and of the sharing rate (tenths of a percent; of instruments with effective hours)."""

    hours: Spread
    sharing: Spread
    idle: int


def spreads(
    session: Session, period: Period, scope: Scope | None = None, *, viewer: Viewer | None = None, source: Source = LIVE
) -> Spreads:
    """Count the instruments of a scope by their effective hours and by their sharing rate; two statements."""
    base = source.facts(scope or Scope(), period, viewer).subquery("base")
    figures = source.figures(period).subquery("figures")
    is_counted = or_(base.c.on_network == 1, figures.c.instrument_id.is_not(None))
    joined = base.outerjoin(figures, figures.c.instrument_id == base.c.id)
    effective = func.coalesce(figures.c.effective, 0)
    hours = _counted(session, joined, effective // 60, is_counted)
    share = (cast(figures.c.external, BigInteger) * THOUSAND) // case((figures.c.effective > 0, figures.c.effective))
    sharing = _counted(session, joined, share, is_counted, figures.c.effective > 0)
    return Spreads(Spread(hours, quartiles(hours)), Spread(sharing, quartiles(sharing)), sum(hours.values()) - sum(sharing.values()))


def _counted(session: Session, joined: Any, value: Any, *conditions: Any) -> dict[int, int]:
    each = select(value.label("place")).select_from(joined).where(*conditions).subquery("each")
    rows = session.execute(select(each.c.place, func.count()).group_by(each.c.place)).all()
    return {int(one): count for one, count in sorted((place, count) for place, count in rows)}


def quartiles(counts: Mapping[int, int]) -> tuple[Fraction, ...] | None:
    """Compute lowest, lower quartile, median, upper quartile and highest of values given by how often each stands.

    Between two values it is interpolated: the p-th of n values stands at 1 + p x (n - 1). Source: Hyndman and Fan 1996, type 7.
    Example: 100, 200, 300, 400 -> 100, 175, 250, 325, 400.
    """
    ordered = sorted(counts.items())
    number = sum(counts.values())
    if not number:
        return None

    def at(place: int) -> int:
        passed = 0
        for value, count in ordered:
            passed += count
            if place < passed:
                return value
        return ordered[-1][0]

    found = []
    for quarter in range(5):
        whole, rest = divmod(quarter * (number - 1), 4)
        low = at(whole)
        found.append(low + Fraction(rest, 4) * (at(whole + 1) - low) if rest else Fraction(low))
    return tuple(found)


def edges_of(highest: int, step: int, bins: int = BINS) -> tuple[int, ...]:
    """Give the edges of at most some classes of one width, from 0 to beyond the highest value: a multiple of the step wide.

    Example: up to 2,350 by 100 -> 0, 200, 400 ... 2,400.
    """
    width = step * max(1, -(-(highest + 1) // (step * bins)))
    return tuple(range(0, width * max(1, -(-(highest + 1) // width)) + 1, width))
