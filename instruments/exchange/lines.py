"""One line of a list, and how much of a list is read at all."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024
MOST_BYTES = 20 * MEGABYTE
MOST_ROWS = 100_000
MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a sheet with something in it: its number as a spreadsheet program counts (from 1), and its cleaned texts."""

    number: int
    cells: tuple[str, ...]
