"""The journal of a month, or of another cycle, as a file, CSV or XLSX: a slice of the ledger in memory at a time, however long the month was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from instruments.exchange.sheets import csv_pieces, write_table
from instruments.people import Organisation
from portal.language import t
from scheduling.accounting.cycles import Cycle
from scheduling.accounting.journal import AT_ONCE, COLUMNS, cells_of, journal_of

FORMATS = (".csv", ".xlsx")
Told = Callable[[int], None]


def say_nothing(_rows: int) -> None:
    """Keep the progress to oneself."""


def journal_csv(session: Session, one: Organisation, cycle: Cycle, told: Told = say_nothing) -> Iterator[str]:
    """Give the journal of a cycle of an organisation as CSV, piece by piece."""
    return csv_pieces(COLUMNS, _cells(session, one, cycle, told))


def write_journal(session: Session, one: Organisation, cycle: Cycle, path: Path, told: Told = say_nothing) -> int:
    """Write the journal of a cycle of an organisation into a file, CSV or XLSX by its name, and give how many rows it has.

    `told` is told after every slice how many rows are written.
    """
    count = 0

    def counting(rows: int) -> None:
        nonlocal count
        count = rows
        if rows % AT_ONCE == 0:
            told(rows)

    if path.suffix == ".xlsx":
        write_table(t("凭证明细", "Journal"), COLUMNS, _cells(session, one, cycle, counting), path)
    else:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(journal_csv(session, one, cycle, counting))
    return count


def _cells(session: Session, one: Organisation, cycle: Cycle, told: Told) -> Iterator[tuple[str | int | float, ...]]:
    for number, row in enumerate(journal_of(session, one, cycle.first, cycle.months), 1):
        yield cells_of(row, one.time_zone)
        told(number)
