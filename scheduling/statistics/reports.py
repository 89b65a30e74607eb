"""Reports: the quantities of a scope over a period, by organisation, facility, class, city, instrument or month, with their total.

Whole calendar years are read from the yearly rollups, anything else from the monthly ones; a constant number of statements, whatever the size.
Every figure of a row is made of the same instruments: those on the network at some time of the period, or used in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, distinct, func, literal, or_, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Invalid, Sentence
from scheduling.statistics.calendar import month_later
from scheduling.statistics.indicators import Value, values
from scheduling.statistics.labels import labels
from scheduling.statistics.periods import Period
from scheduling.statistics.quantities import SUMMED, Quantities
from scheduling.statistics.scope import Scope
from scheduling.statistics.sources import LIVE, Source

BY: Mapping[str, Sentence] = {
    "network": Sentence("全网", "Network"),
    "organisation": Sentence("单位", "Organisation"),
    "facility": Sentence("设施/中心", "Facility"),
    "category": Sentence("仪器大类", "Class"),
    "city": Sentence("地市", "City"),
    "instrument": Sentence("仪器", "Instrument"),
    "month": Sentence("月份", "Month"),
}
MOST_ROWS = 1000
TOTAL = Sentence("合计", "Total")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One row: what it is about, its quantities, and over which share of a year they are."""

    key: str
    label: Sentence
    quantities: Quantities
    years: Fraction

    @property
    def indicators(self) -> dict[str, Value]:
        """Compute all indicators of the row."""
        return values(self.quantities, self.years)


@dataclass(frozen=True, slots=True)
class Report:
    """Rows and their total; `more` says that there are further rows than were asked for."""

    period: Period
    by: str
    scope: Scope
    rows: tuple[ReportRow, ...]
    total: ReportRow
    is_published: bool = False
    more: bool = False


def report(
    session: Session, period: Period, by: str, scope: Scope | None = None, *, viewer: Viewer | None = None, source: Source = LIVE,
    limit: int = MOST_ROWS, offset: int = 0, order: str = "effective",
) -> Report:  # fmt: skip
    """Report a period by one dimension; with a viewer, only on instruments she may inspect. Rows with the most effective hours come first."""
    if by not in BY:
        raise Invalid("by", Sentence("没有这种分组。", "There is no such grouping."))
    if order not in SUMMED:
        raise Invalid("order", Sentence("不能按此排序。", "Rows cannot be ordered by this."))
    scope = scope or Scope()
    base = source.facts(scope, period, viewer).subquery("base")
    total = _total(session, source, base, period)
    if by == "network":
        return Report(period, by, scope, (total,), total, source.is_published)
    if by == "month":
        return Report(period, by, scope, _by_month(session, source, base, period), total, source.is_published)
    rows = _by_key(session, source, base, period, _key_of(by, base), limit + 1, offset, order)
    users = _users(session, source, base, period, _key_of(by, base))
    names = labels(session, by, [key for key, _ in rows[:limit]])
    found = tuple(
        ReportRow(key, names[key], replace(quantities, **users.get(key, {})), period.years) for key, quantities in rows[:limit]
    )
    return Report(period, by, scope, found, total, source.is_published, more=len(rows) > limit)


def _key_of(by: str, base: Subquery) -> ColumnElement[Any]:
    columns: dict[str, ColumnElement[Any]] = {
        "organisation": base.c.organisation_id,
        "facility": func.coalesce(base.c.facility_id, 0),
        "category": case((base.c.category_code == "", ""), else_=func.substr(base.c.category_code, 1, 2).concat("0000")),
        "city": func.coalesce(base.c.city, ""),
        "instrument": base.c.id,
    }
    return columns[by]


def _total(session: Session, source: Source, base: Subquery, period: Period) -> ReportRow:
    rows = session.execute(_summed(source, base, period)).mappings().all()
    users = _users(session, source, base, period, None)
    return ReportRow("network", TOTAL, replace(_quantities(rows[0]), **users.get("network", {})), period.years)


def _by_key(
    session: Session, source: Source, base: Subquery, period: Period, key: ColumnElement[Any], limit: int, offset: int, order: str
) -> list[tuple[str, Quantities]]:
    summed = _summed(source, base, period, key)
    ordered = summed.order_by(summed.selected_columns[order].desc(), key).limit(limit).offset(offset)
    return [(str(row["key"]), _quantities(row)) for row in session.execute(ordered).mappings()]


def _summed(source: Source, base: Subquery, period: Period, key: ColumnElement[Any] | None = None) -> Select[Any]:
    """Select the sums over instruments, one row a key; without a key, one row for all of them."""
    figures = source.figures(period).subquery("figures")
    is_counted = or_(base.c.on_network == 1, figures.c.instrument_id.is_not(None))
    sums = [func.coalesce(func.sum(figures.c[name]), 0).label(name) for name in SUMMED]
    chosen = select(*sums, *_counts(base, figures, is_counted, period.months)).select_from(
        base.outerjoin(figures, figures.c.instrument_id == base.c.id)
    )
    if key is None:
        return chosen
    # A row without any instrument that counts is none: what was never on the network and never used.
    return chosen.add_columns(key.label("key")).group_by(key).having(func.sum(case((is_counted, 1), else_=0)) > 0)


def _counts(base: Subquery, figures: Subquery, is_counted: ColumnElement[bool], months: int) -> list[ColumnElement[Any]]:
    """Give the sums over the instruments counted; the quota of some months is its share of the year's, in minutes."""
    quota = base.c.quota * (5 * months)
    effective = func.coalesce(figures.c.effective, 0)

    def counted(value: Any) -> ColumnElement[Any]:
        return func.coalesce(func.sum(case((is_counted, value), else_=0)), 0)

    return [
        counted(1).label("instruments"), func.sum(base.c.opened).label("opened"), func.sum(base.c.on_network).label("on_network"),
        func.sum(base.c.in_register).label("in_register"), counted(base.c.value).label("value"), counted(base.c.quota).label("quota"),
        func.sum(case((effective > quota, quota), else_=effective)).label("capped"),
    ]  # fmt: skip


def _quantities(row: Mapping[Any, Any]) -> Quantities:
    return Quantities(**{name: int(value or 0) for name, value in row.items() if name != "key"})


def _users(session: Session, source: Source, base: Subquery, period: Period, key: ColumnElement[Any] | None) -> dict[str, dict[str, int]]:
    """Count people, each once in a row; without a key, all of them as "network"."""
    people = source.users(period).subquery("people")
    return _people(session, people, base, key)


def _people(session: Session, people: Subquery, base: Subquery, key: ColumnElement[Any] | None) -> dict[str, dict[str, int]]:
    counts = func.count(distinct(people.c.person_id)), func.count(distinct(case((people.c.is_external, people.c.person_id))))
    chosen = select(literal("network") if key is None else key, *counts).select_from(
        people.join(base, people.c.instrument_id == base.c.id)
    )
    rows = session.execute(chosen if key is None else chosen.group_by(key))
    return {str(name): {"users": users, "external_users": outside} for name, users, outside in rows}


def _by_month(session: Session, source: Source, base: Subquery, period: Period) -> tuple[ReportRow, ...]:
    figures, people = source.monthly(period).subquery("figures"), source.monthly_users(period).subquery("people")
    quota = base.c.quota * 5
    capped = func.sum(case((figures.c.effective > quota, quota), else_=figures.c.effective)).label("capped")
    sums = [func.sum(figures.c[name]).label(name) for name in SUMMED]
    joined = figures.join(base, figures.c.instrument_id == base.c.id)
    rows = session.execute(select(figures.c.starts_on.label("key"), *sums, capped).select_from(joined).group_by(figures.c.starts_on))
    found = {row["key"]: _quantities(row) for row in rows.mappings()}
    users = _people(session, people, base, people.c.starts_on)
    sizes = _sizes(session, source, base, period)
    result, first = [], period.first
    while first < period.until:
        quantities = replace(found.get(first, Quantities()), **users.get(str(first), {}), **sizes[first])
        result.append(ReportRow(f"{first:%Y-%m}", Sentence(f"{first:%Y-%m}", f"{first:%Y-%m}"), quantities, Fraction(1, 12)))
        first = month_later(first)
    return tuple(result)


SIZES = ("instruments", "opened", "on_network", "in_register", "value", "quota")


def _sizes(session: Session, source: Source, base: Subquery, period: Period) -> dict[date, dict[str, int]]:
    """Give how large the network was in each month: what had been published by its end."""
    joined_on = source.month_of(session, base.c.published_at)
    sums = [func.count(), *(func.sum(base.c[name]) for name in SIZES[1:])]
    rows = session.execute(select(joined_on, *sums).where(base.c.on_network == 1).group_by(joined_on)).all()
    found: dict[date, dict[str, int]] = {}
    first: date = period.first
    while first < period.until:
        there = [row for row in rows if row[0] is not None and date.fromisoformat(str(row[0])[:10]) <= first]
        found[first] = {name: sum(int(row[number] or 0) for row in there) for number, name in enumerate(SIZES, 1)}
        first = month_later(first)
    return found
