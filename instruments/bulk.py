"""Many rows at once, past the ORM: COPY on PostgreSQL, one prepared statement on SQLite. For rows the portal works out itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from instruments.database import Base, is_sqlite

Row = Sequence[int | str | bytes | bool | None]


def read_rows(session: Session, statement: Select[Any]) -> list[tuple[Any, ...]]:
    """Read rows as the driver gives them: whole numbers, texts, bytes, truth values that may be 0 and 1; a third of the time."""
    cursor: Any = session.connection().execute(statement).cursor
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def insert_rows(session: Session, table: type[Base], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows of plain values, dates as ISO texts, in the order of the columns; in the session's transaction.

    Rows that are read from the same session must be at hand: while PostgreSQL takes them, the connection answers nothing else.
    """
    names = ", ".join(columns)
    connection = session.connection()
    if is_sqlite(session):
        marks = ", ".join("?" * len(columns))
        driver: Any = connection.connection.driver_connection
        driver.executemany(f"INSERT INTO {table.__tablename__} ({names}) VALUES ({marks})", rows)
        return
    driver = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.__tablename__} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
