"""People in a report for everybody: counted only where the public page counts them, so that no two answers give a small count away.

That is for whole calendar years, for all that is published, by organisation and in all. Of any other table, of two overlapping times or of two
narrower scopes, the differences would tell of persons; there the figures are told without people.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from instruments.errors import Sentence
from scheduling.statistics.periods import Period
from scheduling.statistics.reports import Report, ReportRow, report
from scheduling.statistics.scope import Scope
from scheduling.statistics.smallcounts import SMALL, Count, Parts, shown_pair, shown_parts
from scheduling.statistics.sources import LIVE, Source

PEOPLE = ("users", "external_users")
EVERYBODY = Scope(is_public=True)
NOT_TOLD = Parts(Count(None), {})


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A report for everybody, and which counts of it are not told: pairs of a row's key and a column."""

    report: Report
    hidden: frozenset[tuple[str, str]]
    least: int

    @property
    def reason(self) -> Sentence:
        """Say why a count is missing."""
        return Sentence(
            f"不足 {self.least} 人，或由此可推算出这样的人数，不予公布",
            f"Fewer than {self.least}, or it would give such a count away; not published",
        )


def people_for_everybody(session: Session, period: Period, *, least: int = SMALL, source: Source = LIVE) -> Parts:
    """Give the users of each organisation and of all, as everybody may see them: of whole calendar years; of other times, none."""
    if not period.is_year:
        return NOT_TOLD
    whole = report(session, period, "organisation", EVERYBODY, source=source)
    return shown_parts({row.key: row.quantities.users for row in whole.rows}, whole.total.quantities.users, least=least)


def suppress(found: Report, told: Parts, *, least: int = SMALL) -> Suppressed:
    """Take out of a report what is not told of people; users from outside are told of all together only."""
    may_be_told = found.scope == EVERYBODY and found.by in ("network", "organisation")
    told = told if may_be_told else NOT_TOLD
    rows = [row for row in found.rows if row.key != found.total.key]
    hidden = {(row.key, "external_users") for row in rows}
    hidden |= {(row.key, "users") for row in rows if told.parts.get(row.key, Count(None)).value is None}
    total = found.total.quantities
    if told.total.value is None:
        hidden |= {(found.total.key, name) for name in PEOPLE}
    elif shown_pair(total.users, total.external_users, least=least)[1].value is None:
        hidden.add((found.total.key, "external_users"))
    shown = tuple(_without(row, hidden) for row in found.rows)
    return Suppressed(replace(found, rows=shown, total=_without(found.total, hidden)), frozenset(hidden), least)


def _without(row: ReportRow, hidden: set[tuple[str, str]]) -> ReportRow:
    gone = {name: 0 for key, name in hidden if key == row.key}
    return replace(row, quantities=replace(row.quantities, **gone)) if gone else row
