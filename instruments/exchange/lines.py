"""One line of a list, and how much of a list is read at all."""

from __future__ import annotations

from dataclasses import dataclass

from instruments.errors import Invalid, Sentence

MEGABYTE = 1024 * 1024
MOST_BYTES = 30 * MEGABYTE
MOST_ROWS = 100_000
MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet with something in it: its number as a spreadsheet program counts (from 1), and its cleaned texts."""

    number: int
    cells: tuple[str, ...]


def too_many_rows() -> Invalid:
    """Give the sentence for a list that is too long."""
    return Invalid(
        "file",
        Sentence(
            f"列表超过 {MOST_ROWS:,} 行，请分成几份导入。", f"The list has more than {MOST_ROWS:,} rows. Split it and import the parts."
        ),
    )


def too_many_columns() -> Invalid:
    """Give the sentence for a list that is too wide."""
    return Invalid("file", Sentence(f"表格超过 {MOST_COLUMNS} 列。", f"The list has more than {MOST_COLUMNS} columns."))
