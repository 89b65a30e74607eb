"""Why a sharing rate changed: what each instrument, or each month, adds to the change; the parts add up to the whole, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import BigInteger, Select, Subquery, cast, func, literal, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Sentence
from scheduling.statistics.calendar import month_later
from scheduling.statistics.labels import labels
from scheduling.statistics.periods import Period
from scheduling.statistics.reports import ReportRow, report
from scheduling.statistics.scope import Scope
from scheduling.statistics.sources import LIVE, Source

NO_HOURS = Sentence(
    "两个期间之一没有有效机时，无法分解。", "One of the two periods has no effective hours, so the change cannot be taken apart."
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Minutes then and now of one instrument or month, and what it adds to the change of the sharing rate (a share of 1)."""

    key: str
    label: Sentence
    effective_then: int
    external_then: int
    effective_now: int
    external_now: int
    contribution: Fraction | None

    @property
    def effective(self) -> int:
        """Give the change of effective minutes."""
        return self.effective_now - self.effective_then

    @property
    def external(self) -> int:
        """Give the change of external minutes."""
        return self.external_now - self.external_then


@dataclass(frozen=True, slots=True)
class Change:
    """The change of a sharing rate taken apart: by instrument, those that made most difference, `rest` all others; and by month."""

    whole: Moved
    instruments: tuple[Moved, ...]
    rest: Moved | None
    months: tuple[Moved, ...]


def contribution(external: int, effective: int, whole: Moved) -> Fraction | None:
    """Compute what a change of external and effective minutes adds to the change of the sharing rate E/F of the whole.

    (change of e - E/F then x change of f) / F now; summed over all parts it is E/F now - E/F then, and what did not change adds nothing.
    Example: 40 h of 100 h then; now 30 h of 120 h, all of it one instrument's: (-10 - 0.4 x 20) / 120 = -15 points, from 40 % to 25 %.
    """
    if not (whole.effective_then and whole.effective_now):
        return None
    return (external - Fraction(whole.external_then, whole.effective_then) * effective) / whole.effective_now


def change_of_sharing(
    session: Session, now: Period, then: Period, scope: Scope | None = None, *, viewer: Viewer | None = None, source: Source = LIVE,
    source_then: Source = LIVE, limit: int = 50,
) -> Change:  # fmt: skip
    """Take the change of a scope's sharing rate between two periods apart; a constant number of statements."""
    scope = scope or Scope()
    by_month, before = (
        report(session, period, "month", scope, viewer=viewer, source=one, with_people=False) for period, one in ((now, source), (then, source_then))
    )
    whole = _between(before.total, by_month.total)
    chosen = _instruments(_both(now, then, scope, viewer, source, source_then), whole).limit(limit)
    rows = session.execute(chosen).all()
    names = labels(session, "instrument", [str(row.id) for row in rows])
    parts = tuple(
        _moved(str(row.id), names[str(row.id)], (row.effective_then, row.external_then), (row.effective_now, row.external_now), whole)
        for row in rows
    )
    months = tuple(_between(earlier, one, whole) for earlier, one in zip(before.rows, by_month.rows, strict=True))
    return Change(whole, parts, _rest(whole, parts), months)


def shifted(period: Period, years: int) -> Period:
    """Give the same months some years later, or earlier."""
    first: date = month_later(period.first, 12 * years)
    return Period(first, month_later(first, period.months))


def _between(then: ReportRow, now: ReportRow, whole: Moved | None = None) -> Moved:
    pairs = [(one.quantities.effective, one.quantities.external) for one in (then, now)]
    return _moved(now.key, now.label, pairs[0], pairs[1], whole)


def _moved(key: str, label: Sentence, then: tuple[int, int], now: tuple[int, int], whole: Moved | None = None) -> Moved:
    made = Moved(key, label, *then, *now, None)
    return Moved(key, label, *then, *now, contribution(made.external, made.effective, whole or made))


def _rest(whole: Moved, parts: tuple[Moved, ...]) -> Moved | None:
    """Give what all other instruments come to together, or None where there are none that changed."""
    then = tuple(getattr(whole, name) - sum(getattr(one, name) for one in parts) for name in ("effective_then", "external_then"))
    now = tuple(getattr(whole, name) - sum(getattr(one, name) for one in parts) for name in ("effective_now", "external_now"))
    if then == now:
        return None
    return _moved("", Sentence("其余仪器", "All other instruments"), (then[0], then[1]), (now[0], now[1]), whole)


def _both(now: Period, then: Period, scope: Scope, viewer: Viewer | None, source: Source, source_then: Source) -> Any:
    """Select each instrument's minutes of both periods, of each period those that were in scope then: one that has left takes its hours away."""
    earlier, later = _minutes(then, scope, viewer, source_then), _minutes(now, scope, viewer, source)
    names = ("effective_then", "external_then", "effective_now", "external_now")
    none = [literal(0, BigInteger).label(name) for name in names]
    before = select(earlier.c.id, earlier.c.effective.label(names[0]), earlier.c.external.label(names[1]), *none[2:])
    each = before.union_all(select(later.c.id, *none[:2], later.c.effective, later.c.external)).subquery("each")
    sums = [cast(func.sum(each.c[name]), BigInteger).label(name) for name in names]
    return select(each.c.id, *sums).group_by(each.c.id).subquery("both")


def _minutes(period: Period, scope: Scope, viewer: Viewer | None, source: Source) -> Subquery:
    base, figures = source.facts(scope, period, viewer).subquery(), source.figures(period).subquery()
    effective, external = cast(figures.c.effective, BigInteger), cast(figures.c.external, BigInteger)
    return (
        select(base.c.id, effective.label("effective"), external.label("external"))
        .join(figures, figures.c.instrument_id == base.c.id)
        .subquery()
    )


def _instruments(both: Any, whole: Moved) -> Select[Any]:
    """Select the instruments that changed, those that made most difference first."""
    external, effective = both.c.external_now - both.c.external_then, both.c.effective_now - both.c.effective_then
    weight = func.abs(external * literal(max(whole.effective_then, 1), BigInteger) - effective * literal(whole.external_then, BigInteger))
    return (
        select(both)
        .where((external != 0) | (effective != 0))
        .order_by(weight.desc(), func.abs(external).desc(), func.abs(effective).desc(), both.c.id)
    )
