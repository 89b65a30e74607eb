"""Reports: the quantities of a scope over a period, by organisation, facility, class, city, instrument or month, with their total.

Whole calendar years are read from the yearly rollups, anything else from the monthly ones; a constant number of statements, whatever the size.
Every figure of a row is made of the same instruments: those on the network at some time of the period, or used in it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal, or_, select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.bulk import read_rows
from instruments.errors import Invalid, Sentence
from scheduling.statistics.calendar import month_later
from scheduling.statistics.indicators import Value, values
from scheduling.statistics.labels import labels
from scheduling.statistics.people import NOBODY, Heads, heads, heads_by_month
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
    limit: int = MOST_ROWS, offset: int = 0, order: str = "effective", with_people: bool = True,
) -> Report:  # fmt: skip
    """Report a period by one dimension; with a viewer, only on instruments she may inspect. Rows with the most effective hours come first.

    Counting people takes as long as all the rest: without them, users are 0.
    """
    if by not in BY:
        raise Invalid("by", Sentence("没有这种分组。", "There is no such grouping."))
    if order not in SUMMED:
        raise Invalid("order", Sentence("不能按此排序。", "Rows cannot be ordered by this."))
    scope = scope or Scope()
    base = source.facts(scope, period, viewer).subquery("base")
    if by == "month":
        users = _heads_by_month(session, source, base, period) if with_people else NOBODY
        total = _total(session, source, base, period, users)
        return Report(period, by, scope, _by_month(session, source, base, period, users), total, source.is_published)
    is_whole = by in ("network", "instrument")
    users = _heads(session, source, base, period, None if is_whole else _key_of(by, base)) if with_people else NOBODY
    if by == "network":
        total = _total(session, source, base, period, users)
        return Report(period, by, scope, (total,), total, source.is_published)
    if by == "instrument":
        found, total = _some(session, source, base, period, order, limit + 1, offset), _total(session, source, base, period, users)
        users = _heads(session, source, base, period, base.c.id, only=[int(key) for key, _ in found[:limit]]) if with_people else NOBODY
    else:
        every = _all(session, source, base, period, _key_of(by, base), order)
        found, total = [one for one in every if one[1].instruments][offset : offset + limit + 1], _added([one for _, one in every], period, users)
    names, counted = labels(session, by, [key for key, _ in found[:limit]]), users.counts()
    rows = tuple(ReportRow(key, names[key], replace(quantities, **counted.get(key, {})), period.years) for key, quantities in found[:limit])
    return Report(period, by, scope, rows, total, source.is_published, more=len(found) > limit)


def _key_of(by: str, base: Subquery) -> ColumnElement[Any]:
    columns: dict[str, ColumnElement[Any]] = {
        "organisation": base.c.organisation_id,
        "facility": func.coalesce(base.c.facility_id, 0),
        "category": case((base.c.category_code == "", ""), else_=func.substr(base.c.category_code, 1, 2).concat("0000")),
        "city": func.coalesce(base.c.city, ""),
        "instrument": base.c.id,
    }
    return columns[by]


def _total(session: Session, source: Source, base: Subquery, period: Period, users: Heads) -> ReportRow:
    rows = session.execute(_summed(source, base, period)).mappings().all()
    return _added([_quantities(rows[0])], period, users)


def _added(each: Sequence[Quantities], period: Period, users: Heads) -> ReportRow:
    return ReportRow("network", TOTAL, replace(sum(each, Quantities()), **users.total()), period.years)


def _all(
    session: Session, source: Source, base: Subquery, period: Period, key: ColumnElement[Any], order: str
) -> list[tuple[str, Quantities]]:
    """Give all groups of instruments: there are some hundreds of them at most, and they make the total, also those without any that count."""
    summed = _summed(source, base, period, key)
    ordered = summed.order_by(summed.selected_columns[order].desc(), key)
    return [(str(row["key"]), _quantities(row)) for row in session.execute(ordered).mappings()]


def _some(
    session: Session, source: Source, base: Subquery, period: Period, order: str, limit: int, offset: int
) -> list[tuple[str, Quantities]]:
    """Give a page of single instruments, of those that count: on the network, or used."""
    summed, key = _summed(source, base, period, base.c.id), base.c.id
    counting = summed.having(summed.selected_columns["instruments"] > 0)
    ordered = counting.order_by(summed.selected_columns[order].desc(), key).limit(limit).offset(offset)
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
    return chosen.add_columns(key.label("key")).group_by(key)


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


def _heads(
    session: Session, source: Source, base: Subquery, period: Period, key: ColumnElement[Any] | None, *, only: Collection[int] | None = None
) -> Heads:
    """Gather people by key; without a key, all of them under one. Those of some instruments only, where these are named."""
    people = source.people(period).subquery("people")
    chosen = select(literal("") if key is None else key, people.c.starts_on, people.c.who)
    joined = chosen.select_from(people.join(base, people.c.instrument_id == base.c.id))
    return heads(period, read_rows(session, joined if only is None else joined.where(people.c.instrument_id.in_(only))))


def _heads_by_month(session: Session, source: Source, base: Subquery, period: Period) -> Heads:
    people = source.people(period).subquery("people")
    joined = select(people.c.starts_on, people.c.who).join(base, people.c.instrument_id == base.c.id)
    return heads_by_month(period, read_rows(session, joined))


def _by_month(session: Session, source: Source, base: Subquery, period: Period, heads: Heads) -> tuple[ReportRow, ...]:
    figures, users = source.monthly(period).subquery("figures"), heads.counts()
    quota = base.c.quota * 5
    capped = func.sum(case((figures.c.effective > quota, quota), else_=figures.c.effective)).label("capped")
    sums = [func.sum(figures.c[name]).label(name) for name in SUMMED]
    joined = figures.join(base, figures.c.instrument_id == base.c.id)
    rows = session.execute(select(figures.c.starts_on.label("key"), *sums, capped).select_from(joined).group_by(figures.c.starts_on))
    found = {row["key"]: _quantities(row) for row in rows.mappings()}
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
