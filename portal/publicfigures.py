"""What the network shares, for everybody: read in a constant number of statements, with nothing in it that tells of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from portal import clock
from portal.config import settings
from scheduling.statistics.breakdown import Breakdown, Exchange, breakdown, exchanges
from scheduling.statistics.periods import Period, year
from scheduling.statistics.publishing import Correction, corrections, source_of, told
from scheduling.statistics.reports import Report, ReportRow
from scheduling.statistics.scope import THRESHOLD, Scope
from scheduling.statistics.smallcounts import Count, shown_exchanges, shown_pair, shown_parts

YEARS, TOP, PAIRS, MOST_PAIRS, MOST_KEPT = 5, 10, 15, 500, 12
EVERYBODY = Scope(is_public=True)
COMPARABLE = Scope(is_public=True, least_value=THRESHOLD)  # as the national survey counts


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """A year of the network. People are counted for organisations and for the whole only: of more tables, the differences would tell."""

    period: Period
    total: ReportRow
    before: ReportRow
    organisations: Report
    cities: Report
    classes: Report
    months: Report
    years: Sequence[Report]
    top: Sequence[ReportRow]
    kinds: Breakdown
    pairs: Sequence[Exchange]
    users: Count
    external_users: Count
    users_of: Mapping[str, Count]
    corrections: Sequence[Correction]

    @property
    def has_data(self) -> bool:
        """Say whether anything was used."""
        return self.total.quantities.effective > 0 or self.total.quantities.uses > 0

    @property
    def organisation_count(self) -> int:
        """Give the number of organisations with instruments."""
        return len(self.organisations.rows)

    @property
    def change(self) -> Fraction | None:
        """Give the change of the sharing rate against the year before, or None where one of them has no hours."""
        if not (self.total.quantities.effective and self.before.quantities.effective):
            return None
        return sum((sign * (row.indicators["sharing_rate"].value or 0) for sign, row in ((1, self.total), (-1, self.before))), Fraction(0))


def kept_figures(session: Session, number: int) -> PublicFigures:
    """Give a year as read some minutes ago at most (PORTAL_FIGURES_SECONDS), by this process: everybody asks for the same few years.

    A year that has been published meanwhile is told as published at once.
    """
    kept: dict[tuple[int, bool], tuple[datetime, PublicFigures]] = current_app.extensions.setdefault("public_figures", {})
    now, longest = clock.now(), timedelta(seconds=settings().figures_seconds)
    key = number, source_of(session, year(number)).is_published
    made_at, found = kept.get(key, (None, None))
    if found is None or made_at is None or not made_at <= now < made_at + longest:
        found = public_figures(session, number, least=settings().small_count)
        kept.pop(key, None)
        if len(kept) >= MOST_KEPT:
            kept.pop(next(iter(list(kept))), None)  # other threads keep figures too
        kept[key] = (now, found)
    return found


def public_figures(session: Session, number: int, *, least: int) -> PublicFigures:
    """Read a year; `least` is the number of people from which on they are counted for everybody."""
    period = year(number)
    by = {name: told(session, period, name, EVERYBODY, with_people=False) for name in ("city", "category", "month")}
    owners = told(session, period, "organisation", EVERYBODY)
    total = owners.total
    users = {row.key: row.quantities.users for row in owners.rows}
    parts = shown_parts(users, total.quantities.users, least=least)  # as people_for_everybody, which the API tells
    pair = shown_pair(total.quantities.users, total.quantities.external_users, least=least)
    source = source_of(session, period)
    found = exchanges(session, period, EVERYBODY, source=source, limit=MOST_PAIRS, only_external=True)
    is_told = parts.total.value is not None
    return PublicFigures(
        period, total, told(session, year(number - 1), "network", EVERYBODY, with_people=False).total, owners, by["city"], by["category"], by["month"],
        [told(session, year(one), "network", COMPARABLE, with_people=False) for one in range(number - YEARS + 1, number + 1)],
        _most_shared(session, period), breakdown(session, period, EVERYBODY, source=source),
        shown_exchanges(found, users, parts.parts, least=least)[:PAIRS],
        parts.total, pair[1] if is_told else Count(None), parts.parts, corrections(session, period, "organisation", EVERYBODY),
    )  # fmt: skip


def _most_shared(session: Session, period: Period) -> Sequence[ReportRow]:
    """Give the instruments with most external hours that everybody may look at."""
    rows = [row for row in told(session, period, "instrument", EVERYBODY, limit=4 * TOP, order="external", with_people=False).rows if row.quantities.external]
    ids = [int(row.key) for row in rows]
    shown = set(session.scalars(select(Instrument.id).where(Instrument.id.in_(ids), Instrument.publication == "published")))
    return [row for row in rows if int(row.key) in shown][:TOP]


