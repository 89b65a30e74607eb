"""Many rows at once, past the ORM: COPY on PostgreSQL, one prepared statement on SQLite. For rows the portal works out itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from instruments.database import Base, is_sqlite

Row = Sequence[int | str | bool | None]


def insert_rows(session: Session, table: type[Base], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Insert rows of plain values, dates as ISO texts, in the order of the columns; in the session's transaction."""
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
