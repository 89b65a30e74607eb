"""Reports for files: all rows however many, or the first of them and one row for the others together, so that rows always make the total."""

from __future__ import annotations

from dataclasses import fields, replace

from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Sentence
from scheduling.statistics.periods import Period
from scheduling.statistics.publishing import told
from scheduling.statistics.quantities import Quantities
from scheduling.statistics.reports import Report, ReportRow
from scheduling.statistics.scope import Scope

AT_ONCE = 5000
REST = "rest"
PEOPLE = ("users", "external_users")
NOT_ADDED = frozenset((REST, name) for name in PEOPLE)  # people of the other rows may be those of the rows listed


def whole_report(
    session: Session, period: Period, by: str, scope: Scope | None = None, *, viewer: Viewer | None = None, most: int | None = None
) -> Report:
    """Report a period as it is told, with all its rows, or at most so many: a few thousand are read at a time."""
    found = told(session, period, by, scope, viewer=viewer, limit=min(AT_ONCE, most or AT_ONCE))
    while found.more and (most is None or len(found.rows) < most):
        limit = AT_ONCE if most is None else min(AT_ONCE, most - len(found.rows))
        after = told(session, period, by, scope, viewer=viewer, limit=limit, offset=len(found.rows))
        found = replace(after, rows=found.rows + after.rows)
    return found


def with_rest(found: Report) -> Report:
    """Add one row for what a report leaves out, where it leaves something out: the rows make the total again. Its people are not counted."""
    if not found.more:
        return found
    listed = sum((row.quantities for row in found.rows), Quantities())
    total = found.total.quantities
    rest = Quantities(**{one.name: getattr(total, one.name) - getattr(listed, one.name) for one in fields(Quantities)})
    number = rest.instruments if found.by == "instrument" else 0
    label = Sentence(f"其余 {number:,} 台合计", f"The other {number:,} together") if number else Sentence("其余合计", "All others together")
    row = ReportRow(REST, label, replace(rest, users=0, external_users=0), found.total.years)
    return replace(found, rows=(*found.rows, row))
