"""The year of the network, or of one organisation, as it is printed: what was published where the year is, else as the rows now say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.people import Organisation
from scheduling.statistics.periods import Period, year
from scheduling.statistics.publishing import Correction, PublishedYear, corrections, told
from scheduling.statistics.reports import Report, ReportRow
from scheduling.statistics.scope import THRESHOLD, Scope
from scheduling.statistics.smallcounts import Count, shown_pair, shown_parts

TOP, ROWS, MOST_CORRECTIONS = 10, 100, 40


@dataclass(frozen=True, slots=True)
class Yearbook:
    """A year on paper. `by` are its reports by dimension; `comparable` counts the instruments that the national survey counts."""

    number: int
    organisation: Organisation | None
    by: Mapping[str, Report]
    before: ReportRow
    comparable: ReportRow
    top: Sequence[ReportRow]
    published: PublishedYear | None
    corrected: Sequence[Correction]
    users: Count
    external_users: Count
    users_of: Mapping[str, Count]

    @property
    def period(self) -> Period:
        """Give the year as a period."""
        return self.by["month"].period

    @property
    def total(self) -> ReportRow:
        """Give the figures of the whole."""
        return self.by["month"].total

    @property
    def has_data(self) -> bool:
        """Say whether anything was used."""
        return self.total.quantities.effective > 0 or self.total.quantities.uses > 0

    @property
    def main(self) -> str:
        """Give the dimension it is told by first: organisations of the network, centres of an organisation."""
        return "organisation" if self.organisation is None else "facility"


def public_yearbook(session: Session, number: int, *, least: int) -> Yearbook:
    """Read the year of the network as everybody may; `least` is the number of people from which on they are counted for everybody."""
    found = _read(session, number, Scope(is_public=True), None, None, ("organisation", "category", "city", "month"))
    people = {row.key: row.quantities.users for row in found.by["organisation"].rows}
    total = found.total.quantities
    parts = shown_parts(people, total.users, least=least)
    outside = shown_pair(total.users, total.external_users, least=least)[1] if parts.total.value is not None else Count(None)
    return replace(found, users=parts.total, external_users=outside, users_of=parts.parts)


def organisation_yearbook(session: Session, number: int, organisation: Organisation, *, viewer: Viewer) -> Yearbook:
    """Read the year of an organisation for whoever may inspect its instruments: everything, as it is."""
    found = _read(session, number, Scope(organisation_id=organisation.id), organisation, viewer, ("facility", "category", "month"))
    total = found.total.quantities
    users = {row.key: Count(row.quantities.users) for row in found.by["facility"].rows}
    return replace(found, users=Count(total.users), external_users=Count(total.external_users), users_of=users)


def _read(
    session: Session, number: int, scope: Scope, organisation: Organisation | None, viewer: Viewer | None, dimensions: Sequence[str]
) -> Yearbook:
    period, main = year(number), dimensions[0]
    comparable = Scope(organisation_id=scope.organisation_id, is_public=scope.is_public, least_value=THRESHOLD)
    by = {name: told(session, period, name, scope, viewer=viewer) for name in dimensions}
    return Yearbook(
        number, organisation, by, told(session, year(number - 1), "network", scope, viewer=viewer).total,
        told(session, period, "network", comparable, viewer=viewer).total, _most_shared(session, period, scope, viewer),
        session.get(PublishedYear, number),
        corrections(session, period, main if organisation is None else "instrument", scope, viewer=viewer), Count(None), Count(None), {},
    )  # fmt: skip


def _most_shared(session: Session, period: Period, scope: Scope, viewer: Viewer | None) -> Sequence[ReportRow]:
    """Give the instruments with most external hours; for everybody only those whose page everybody may open."""
    rows = [
        row
        for row in told(session, period, "instrument", scope, viewer=viewer, limit=4 * TOP, order="external").rows
        if row.quantities.external
    ]
    if scope.is_public:
        ids = [int(row.key) for row in rows]
        shown = set(session.scalars(select(Instrument.id).where(Instrument.id.in_(ids), Instrument.publication == "published")))
        rows = [row for row in rows if int(row.key) in shown]
    return rows[:TOP]
