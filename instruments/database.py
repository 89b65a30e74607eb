"""The database: one Base, columns that keep times aware and money whole, and engines set up the same way everywhere.

SQLite is the embedded default (WAL, synchronous=FULL, BEGIN IMMEDIATE for whatever writes); PostgreSQL serves a province.
A transaction that only reads is told so to the database, which then refuses any write.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pysqlite3.dbapi2
from sqlalchemy import DDL, BigInteger, Connection, DateTime, Dialect, Engine, Integer, MetaData, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from instruments.money import from_fen, in_fen

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """A time with its zone going in, UTC and aware coming out; a naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times, turn the rest into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive time must not reach the database.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Yuan(TypeDecorator[Decimal]):
    """Decimal yuan in Python, whole fen in the database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Turn yuan into fen."""
        return None if value is None else in_fen(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Turn fen into yuan."""
        return None if value is None else from_fen(value)


# SQLite numbers rows by itself only in a column typed INTEGER; PostgreSQL needs 64 bits for ten years of a province.
Key = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The mother of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UtcDateTime, Decimal: Yuan}


# In the `info` of a table: the name of the table whose finished rows take no more of it, so that an archive fills it first.
FILLED_BEFORE = "filled_before"
# In the `info` of a table: whether its rows are worked out from other rows, so that an archive leaves them out.
DERIVED = "derived"


def make_engine(url: str, pool_size: int = 10) -> Engine:
    """Open the database behind a URL, sqlite:///... or postgresql+psycopg://..., with the house's settings."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, module=pysqlite3.dbapi2, pool_size=pool_size, max_overflow=10, hide_parameters=True)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(
            parsed,
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=True,
            hide_parameters=True,  # values would end up in logs
            # Statements take milliseconds here; to compile them first, as PostgreSQL does with those it takes for large, takes many more.
            connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=20s -c statement_timeout=60s -c jit=off"},
        )
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver guesses
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=20000",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("reads_only"):
        connection.exec_driver_sql("PRAGMA query_only=ON")
        connection.exec_driver_sql("BEGIN")
    else:
        connection.exec_driver_sql("PRAGMA query_only=OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def reader(engine: Engine) -> Engine:
    """Give the same engine for transactions that may only read."""
    return engine.execution_options(reads_only=True, postgresql_readonly=True)


def is_sqlite(session: Session) -> bool:
    """Say whether the session talks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def attach(table: type[Base], statement: str, dialect: str, *, moment: str = "after_create") -> None:
    """Have a statement run whenever the table is made (or dropped) on a dialect: triggers, exclusion constraints, full-text tables."""
    ddl = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # DDL is not typed in SQLAlchemy
    event.listen(table.__table__, moment, ddl.execute_if(dialect=dialect))
