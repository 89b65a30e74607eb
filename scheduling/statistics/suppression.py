"""Small counts of people are not told to everybody: a row with fewer than a few users would speak of persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from instruments.errors import Sentence
from scheduling.statistics.reports import Report, ReportRow

PEOPLE = ("users", "external_users")
SMALL_COUNT = 5


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A report for everybody, and which counts of it are not told: pairs of a row's key and a column."""

    report: Report
    hidden: frozenset[tuple[str, str]]
    least: int

    @property
    def reason(self) -> Sentence:
        """Say why a count is missing."""
        return Sentence(f"不足 {self.least} 人，不予公布", f"Fewer than {self.least}, or it would give such a count away; not published")


def suppress(report: Report, least: int = SMALL_COUNT) -> Suppressed:
    """Take small counts of people out of a report; zero may be told.

    Where one row alone would be missing, its count could be worked out from the total and the others: the next smallest is taken out too.
    """
    hidden: set[tuple[str, str]] = set()
    for name in PEOPLE:
        rows = [row for row in report.rows if row.key != report.total.key]
        small = _small(rows, name, least)
        if len(small) == 1 and len(rows) > 1:
            others = sorted((row for row in rows if row.key not in small and _count(row, name)), key=lambda row: _count(row, name))
            small |= {row.key for row in others[:1]}
        hidden |= {(key, name) for key in small} | {(row.key, name) for row in (report.total,) if 0 < _count(row, name) < least}
    told = tuple(_without(row, hidden) for row in report.rows)
    return Suppressed(replace(report, rows=told, total=_without(report.total, hidden)), frozenset(hidden), least)


def _small(rows: Sequence[ReportRow], name: str, least: int) -> set[str]:
    return {row.key for row in rows if 0 < _count(row, name) < least}


def _count(row: ReportRow, name: str) -> int:
    found: int = getattr(row.quantities, name)
    return found


def _without(row: ReportRow, hidden: set[tuple[str, str]]) -> ReportRow:
    gone = {name: 0 for key, name in hidden if key == row.key}
    return replace(row, quantities=replace(row.quantities, **gone)) if gone else row
