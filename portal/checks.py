"""Is everything as promised? What `run.py check` looks at: schema, settings that make a commit durable, overlaps, audit log, returns, books, figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from instruments.audit import AuditEntry, first_broken
from instruments.database import reader
from portal.schema import is_current
from scheduling.accounting.proof import check_books
from scheduling.bookings import Booking
from scheduling.returning.proof import touched_returns
from scheduling.statistics.proof import check_figures

DURABLE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_write", "remote_apply")}
SQLITE_DURABLE = {"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"}
FIXED_SQLITE = (3, 51, 3)  # the first without the bug in the write-ahead log that can lose committed work


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, whether it is right, and what was found."""

    name: str
    is_right: bool
    detail: str


def is_durable(engine: Engine) -> bool:
    """Say whether the database is set up so that what was acknowledged survives a power cut."""
    with Session(reader(engine)) as session:
        settings = _sqlite_settings if engine.dialect.name == "sqlite" else _postgresql_settings
        return all(finding.is_right for finding in settings(session))


def findings(engine: Engine) -> Iterator[Finding]:
    """Look at everything, one after the other; with the wrong schema, at nothing more."""
    current = is_current(engine)
    yield Finding("schema", current, "current" if current else "not the schema of this version: run `migrate`")
    if not current:
        return
    with Session(reader(engine)) as session:
        yield from _sqlite_settings(session) if engine.dialect.name == "sqlite" else _postgresql_settings(session)
        if engine.dialect.name == "sqlite":
            yield from _sqlite_file(session)
        for look in CHECKS:
            yield look(session)
        for one in (*check_books(session), *check_figures(session)):
            yield Finding(one.name, one.is_right, one.detail)


def _sqlite_settings(session: Session) -> Iterator[Finding]:
    connection = session.connection()
    for name, wanted in SQLITE_DURABLE.items():
        found = str(connection.exec_driver_sql(f"PRAGMA {name}").scalar())
        yield Finding(f"sqlite {name}", found == wanted, found)
    version = str(connection.exec_driver_sql("SELECT sqlite_version()").scalar())
    yield Finding("sqlite version", tuple(map(int, version.split("."))) >= FIXED_SQLITE, version)


def _sqlite_file(session: Session) -> Iterator[Finding]:
    connection = session.connection()
    sound = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    yield Finding("sqlite file", sound == "ok", sound)
    lost = len(connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(1000))
    yield Finding("foreign keys", not lost, f"{lost} rows point to nothing")


def _postgresql_settings(session: Session) -> Iterator[Finding]:
    connection = session.connection()
    for name, wanted in DURABLE.items():
        found = str(connection.exec_driver_sql(f"SHOW {name}").scalar())
        yield Finding(f"postgresql {name}", found in wanted, found)


def _overlaps(session: Session) -> Finding:
    """Look for bookings that begin before an earlier one of the same lane has ended."""
    before = (
        func.max(Booking.occupied_until)
        .over(partition_by=(Booking.instrument_id, Booking.lane), order_by=(Booking.occupied_from, Booking.id), rows=(None, -1))
        .label("before")
    )
    ordered = select(Booking.id, Booking.occupied_from, before).where(Booking.holds).subquery()
    clashing = session.scalars(select(ordered.c.id).where(ordered.c.before > ordered.c.occupied_from).limit(1000)).all()
    return Finding("overlapping bookings", not clashing, f"{len(clashing)}" + (f", the first is booking {clashing[0]}" if clashing else ""))


def _audit(session: Session) -> Finding:
    """Follow the chain of the audit log from its first entry."""
    with closing(session.scalars(select(AuditEntry).order_by(AuditEntry.id), execution_options={"yield_per": 1000})) as entries:
        broken = first_broken(entries)
    count = session.scalar(select(func.count()).select_from(AuditEntry))
    return Finding(
        "audit log", broken is None, f"{count} entries" if broken is None else f"entry {broken.id} does not follow from those before it"
    )


def _returns(session: Session) -> Finding:
    """Hash the rows of signed returns again."""
    count, touched = touched_returns(session)
    return Finding("signed returns", not touched, f"{count}" if not touched else f"the rows of return {touched[0]} are not those that were signed")


CHECKS: tuple[Callable[[Session], Finding], ...] = (_overlaps, _audit, _returns)
