"""Every table as lines of JSON: tables in a fixed order, rows by their keys, the same bytes from SQLite and from PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Column, Connection, String, Table, collate, select

from instruments.database import DERIVED, FILLED_BEFORE
from portal.archive.values import to_json
from portal.schema import all_tables

ARCHIVE, FORMAT = "instrument-portal", 1
AT_ONCE = 1000
Told = Callable[[str, int], None]


def say_nothing(_table: str, _rows: int) -> None:
    """Keep the progress to oneself."""


def export_lines(connection: Connection, revision: str, told: Told = say_nothing) -> Iterator[str]:
    """Give the archive line by line: what it is, each table with its columns and rows, and the number of rows in all."""
    total = 0
    yield _line({"archive": ARCHIVE, "format": FORMAT, "revision": revision})
    for each in in_order():
        columns = kept_columns(each)
        yield _line({"table": each.name, "columns": [one.name for one in columns]})
        keys = [_in_order(key, connection.dialect.name) for key in each.primary_key.columns]
        rows = connection.execute(select(*columns).order_by(*keys), execution_options={"yield_per": AT_ONCE})
        for number, row in enumerate(rows, 1):
            yield _line([to_json(value) for value in row])
            total += 1
            if number % AT_ONCE == 0:
                told(each.name, number)
    yield _line({"rows": total})


def in_order() -> list[Table]:
    """Give all tables in the order they are filled: whatever a finished row would not let in any more comes before that row.

    Tables that are worked out from others are left out: they are made anew where the rows they rest on are.
    """
    ordered = [each for each in all_tables().sorted_tables if DERIVED not in each.info]
    for early in [each for each in ordered if FILLED_BEFORE in each.info]:
        ordered.remove(early)
        ordered.insert([each.name for each in ordered].index(early.info[FILLED_BEFORE]), early)
    return ordered


def kept_columns(each: Table) -> list[Column[Any]]:
    """Give the columns of a table that are not worked out by the database itself."""
    return [one for one in each.columns if one.computed is None]


def _in_order(key: Column[Any], dialect: str) -> Any:
    # By the numbers of the letters, whatever language the database was set up for; SQLite does so anyway.
    return collate(key, "C") if isinstance(key.type, String) and dialect == "postgresql" else key


def _line(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
