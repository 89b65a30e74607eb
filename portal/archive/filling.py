"""Filling empty tables from an archive: all rows or none, with every constraint and trigger of the database in force at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby, islice
from typing import Any

from sqlalchemy import JSON, Column, Connection, Engine, Table, column, exists, func, insert, select, table

from instruments.errors import Invalid, OutOfOrder, Sentence
from portal.archive.tables import ARCHIVE, AT_ONCE, FORMAT, Told, in_order, kept_columns, say_nothing
from portal.archive.values import from_json
from portal.schema import all_tables
from scheduling.statistics.touched import touch_everything


def import_lines(connection: Connection, lines: Iterable[str], revision: str, told: Told = say_nothing) -> int:
    """Fill the tables within the caller's transaction and give the number of rows; see `filling` for the foreign keys."""
    reader = map(json.loads, lines)
    _check_head(next(reader, None), revision)
    total, said, known = 0, None, None
    for is_row, items in groupby(reader, key=lambda item: isinstance(item, list)):
        if is_row:
            if known is None:
                raise broken()
            total += _fill(connection, known, items, told)
        else:
            for head in items:
                said = head.get("rows", said)
                known = _table_of(head) if "table" in head else None
    if said != total:
        raise broken()
    return total


@contextmanager
def filling(engine: Engine) -> Iterator[Connection]:
    """Open the one transaction in which empty tables are filled; foreign keys are looked at when all rows are there."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _sqlite_without_keys(connection), connection.begin():
                _check_empty(connection)
                yield connection
                touch_everything(connection)
                _check_sqlite_keys(connection)
        else:
            with connection.begin():
                _check_empty(connection)
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                keys = _drop_keys(connection)
                yield connection
                touch_everything(connection)
                connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")  # a table is not altered while something of it waits
                for relation, name, definition in keys:
                    connection.exec_driver_sql(f'ALTER TABLE {relation} ADD CONSTRAINT "{name}" {definition}')


def broken() -> Invalid:
    """Give the error for an archive that cannot be what was once written."""
    return Invalid("archive", Sentence("备份文件不完整或已损坏。", "The backup is damaged, or not whole."))


def _fill(connection: Connection, known: Table, rows: Iterator[Any], told: Told) -> int:
    columns, count = kept_columns(known), 0
    # A table of the same columns whose empty JSON is NULL, as it was.
    plain = table(known.name, *(column(one.name, _plain_type(one)) for one in columns))
    while batch := list(islice(rows, AT_ONCE)):
        connection.execute(insert(plain), [_values(columns, row) for row in batch])
        count += len(batch)
        told(known.name, count)
    _set_counter(connection, known)
    return count


def _values(columns: list[Column[Any]], row: list[Any]) -> dict[str, Any]:
    if len(row) != len(columns):
        raise broken()
    return {one.name: from_json(value) for one, value in zip(columns, row, strict=True)}


def _plain_type(one: Column[Any]) -> Any:
    return JSON(none_as_null=True) if isinstance(one.type, JSON) and one.nullable else one.type


def _table_of(head: dict[str, Any]) -> Table:
    known = all_tables().tables.get(head["table"])
    if known is None or head["columns"] != [one.name for one in kept_columns(known)]:
        raise broken()
    return known


def _set_counter(connection: Connection, known: Table) -> None:
    """Have PostgreSQL number the next row after the last one; SQLite does so by itself."""
    counted = known.autoincrement_column
    if connection.dialect.name == "sqlite" or counted is None:
        return
    counter = connection.scalar(select(func.pg_get_serial_sequence(f'"{known.name}"', counted.name)))
    highest = connection.scalar(select(func.max(counted)))
    if counter and highest:
        connection.execute(select(func.setval(counter, highest)))


def _check_head(head: Any, revision: str) -> None:
    if not isinstance(head, dict) or (head.get("archive"), head.get("format")) != (ARCHIVE, FORMAT):
        raise broken()
    if head["revision"] != revision:
        zh = f"备份的数据库版本为 {head['revision']}，本程序为 {revision}。请用当时的版本恢复后再升级。"
        en = f"The backup has schema {head['revision']}, this program {revision}: restore with the version that made it, then upgrade."
        raise Invalid("archive", Sentence(zh, en))


def _check_empty(connection: Connection) -> None:
    for each in in_order():
        if connection.scalar(select(exists(select(1).select_from(each)))):
            raise OutOfOrder(Sentence("目标数据库不是空的。", f"The database is not empty: there are rows in {each.name}."))


@contextmanager
def _sqlite_without_keys(connection: Connection) -> Iterator[None]:
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _check_sqlite_keys(connection: Connection) -> None:
    if connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone():
        raise broken()


def _drop_keys(connection: Connection) -> list[tuple[str, str, str]]:
    """Take the foreign keys off and give what brings them back: a row may point to one that comes later."""
    keys = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"
    ).all()
    for relation, name, _ in keys:
        connection.exec_driver_sql(f'ALTER TABLE {relation} DROP CONSTRAINT "{name}"')
    return [(str(relation), str(name), str(definition)) for relation, name, definition in keys]
