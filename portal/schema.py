"""Bring a database to the schema this code needs, step by step, by one process at a time."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData

from instruments.database import Base

HERE = Path(__file__).parent.parent
MIGRATIONS = HERE / "portal" / "migrations"
FLOORS = ("instruments", "scheduling", "portal")
LOCK = 0x706F7274616C  # "portal": any number will do, as long as nothing else takes the same


@cache
def all_tables() -> MetaData:
    """Import every module of the three floors that holds a table, and give all tables."""
    for floor in FLOORS:
        for file in sorted((HERE / floor).rglob("*.py")):
            if MIGRATIONS not in file.parents and "__tablename__" in file.read_text(encoding="utf-8"):
                importlib.import_module(".".join(file.relative_to(HERE).with_suffix("").parts).removesuffix(".__init__"))
    return Base.metadata


def upgrade(engine: Engine) -> None:
    """Bring the schema up to date; each step is made whole or not at all, and waits for other processes doing the same."""
    while not is_current(engine):
        with _alone(engine) as connection:
            if _revision(connection) != head_revision():
                command.upgrade(_config(connection), "+1")


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema back to a revision; "base" is an empty database."""
    with _alone(engine) as connection:
        command.downgrade(_config(connection), revision)


def is_current(engine: Engine) -> bool:
    """Say whether the database has exactly the schema this code needs."""
    with engine.connect() as connection:
        return _revision(connection) == head_revision()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


@cache
def head_revision() -> str | None:
    """Give the revision this code needs."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Hold one transaction in which no other process migrates."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _without_foreign_keys(connection), connection.begin():  # BEGIN IMMEDIATE waits for the others
                yield connection
                _check_foreign_keys(connection)
        else:
            with connection.begin():
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
                yield connection


@contextmanager
def _without_foreign_keys(connection: Connection) -> Iterator[None]:
    # SQLite changes a table by making it anew; with foreign keys on, dropping the old one would take the rows that point to it along.
    raw = connection.connection.driver_connection
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def _check_foreign_keys(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"The migration would leave {len(broken)} rows that point to nothing, the first in {broken[0][0]}.")
