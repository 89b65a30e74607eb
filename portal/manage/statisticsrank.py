"""The rows of the desk in their order: by what is kept, a page at a time whatever the number; by what is computed, the largest thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from instruments.errors import NotFound
from portal.auth import viewer
from portal.figureparts import RANKED, base_of, is_summed
from portal.language import say
from portal.statisticsform import Wanted
from scheduling.statistics.publishing import told
from scheduling.statistics.reports import MOST_ROWS, Report, ReportRow

ROWS = 50


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of one page, of all that are ranked; `count` of them there are, None where that is not known. `ranked` are those compared.

    `window` are limit and offset that the rows were read by.
    """

    report: Report
    ranked: Sequence[ReportRow]
    page: Sequence[ReportRow]
    count: int | None
    window: tuple[int, int]

    @property
    def left_out(self) -> int | None:
        """Give how many rows are not ranked, None where there are some and nobody has counted them."""
        return 0 if not self.report.more else self.count - len(self.ranked) if self.count is not None else None


def listed(session: Session, wanted: Wanted) -> Listed:
    """Read the page of rows that is wanted; NotFound where there is none."""
    found = _stored_page(session, wanted) if wanted.by == "instrument" and is_summed(wanted.measure) else _ranked_page(session, wanted)
    if wanted.page > 1 and not found.page:
        raise NotFound
    return found


def has_next(found: Listed, wanted: Wanted) -> bool:
    """Say whether there is a page after this one."""
    number = (found.count or 0) if not found.report.more else len(found.ranked)
    return number > wanted.page * ROWS


def _stored_page(session: Session, wanted: Wanted) -> Listed:
    """Let the database order the rows; from the lowest up, the pages are counted from the end."""

    def asked(limit: int, offset: int) -> Report:
        return told(
            session, wanted.period, wanted.by, wanted.scope, viewer=viewer(), limit=limit, offset=offset, order=base_of(wanted.measure)
        )

    before = (wanted.page - 1) * ROWS
    window = (ROWS, before)
    if not wanted.is_down:
        left = max(asked(1, 0).total.quantities.instruments - before, 0)
        window = (min(ROWS, left), max(left - ROWS, 0))
    found = asked(*window)
    rows = found.rows if wanted.is_down else found.rows[::-1]
    return Listed(replace(found, more=False), rows, rows, found.total.quantities.instruments, window)


def _ranked_page(session: Session, wanted: Wanted) -> Listed:
    found = told(session, wanted.period, wanted.by, wanted.scope, viewer=viewer(), order=base_of(wanted.measure))
    rows = ranked(found.rows, wanted)
    count = len(rows) if not found.more else found.total.quantities.instruments if wanted.by == "instrument" else None
    return Listed(found, rows, rows[(wanted.page - 1) * ROWS : wanted.page * ROWS], count, (MOST_ROWS, 0))


def ranked(rows: Sequence[ReportRow], wanted: Wanted) -> Sequence[ReportRow]:
    """Order rows by the wanted column; those without a figure stand at the end."""
    if wanted.measure == "label":
        return sorted(rows, key=lambda row: (row.key if wanted.by == "month" else say(row.label)), reverse=wanted.is_down)
    column = RANKED[wanted.measure]
    known = [(value, row) for row in rows if (value := column.figure(row)) is not None]
    ordered = sorted(known, key=lambda pair: (pair[0], pair[1].key), reverse=wanted.is_down)
    return [row for _, row in ordered] + [row for row in rows if column.figure(row) is None]
