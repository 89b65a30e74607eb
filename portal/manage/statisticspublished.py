"""A published year beside what its rows say now: when it was published, and the figures that have been corrected since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from portal.auth import viewer
from scheduling.statistics.periods import Period
from scheduling.statistics.publishing import PublishedYear, source_of
from scheduling.statistics.reports import MOST_ROWS, Report, ReportRow, report

MARGIN = 50


@dataclass(frozen=True, slots=True)
class Beside:
    """The publication of the year a period lies in, if there is one, and the rows of the same report as they are now."""

    publication: PublishedYear | None = None
    rows: Mapping[str, ReportRow] = field(default_factory=dict)
    total: ReportRow | None = None


def publication_of(session: Session, period: Period) -> PublishedYear | None:
    """Find the publication by which the figures of a period are told."""
    return session.get(PublishedYear, period.first.year) if source_of(session, period).is_published else None


def beside(session: Session, found: Report, window: tuple[int, int] = (MOST_ROWS, 0), order: str = "effective") -> Beside:
    """Read what a published report would be by the rows as they are now; nothing for one that is not published.

    `window` are limit and offset of its rows: some more are read at either end, where a correction may have moved a row out of it.
    """
    if not found.is_published:
        return Beside()
    limit, offset = window[0] + 2 * MARGIN, max(window[1] - MARGIN, 0)
    now = report(session, found.period, found.by, found.scope, viewer=viewer(), limit=limit, offset=offset, order=order)
    return Beside(publication_of(session, found.period), {row.key: row for row in now.rows}, now.total)
