"""Seal the audit log in the order of its numbers, which on PostgreSQL is not the order of the commits.

An entry may be sealed once every transaction is over that could still bring one with a lower number: those that were under way when
the highest number was read. A long import holds the sealing up, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from instruments import audit
from instruments.audit import AuditEntry
from instruments.database import is_sqlite
from portal.transactions import reading, writing
from portal.turns import is_alone

BATCH = 500  # on SQLite whoever books waits as long as a batch takes
WAITS, PAUSE = 40, 0.25


@dataclass(frozen=True, slots=True)
class Mark:
    """The highest entry seen, and the first transaction number not yet given out then."""

    highest: int
    next_transaction: int


def seal(stop: Event) -> int:
    """Seal what may be sealed and give how many entries that were; one process at a time."""
    with reading() as session:
        mark = _mark(session)
    sealed = 0
    for _ in range(WAITS):
        if stop.is_set():
            break
        with writing() as session:
            if not is_alone(session, "seal"):
                break
            if _is_settled(session, mark):
                batch = audit.seal(session, most=BATCH, up_to=mark.highest)
                sealed += batch
                if batch < BATCH:
                    break
                continue
        stop.wait(PAUSE)
    return sealed


def _mark(session: Session) -> Mark:
    # In one statement: what begins after it gets a higher number than the highest seen.
    transaction = text("0") if is_sqlite(session) else text("pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    highest, next_transaction = session.execute(select(func.coalesce(func.max(AuditEntry.id), 0), transaction)).one()
    return Mark(highest, next_transaction)


def _is_settled(session: Session, mark: Mark) -> bool:
    if is_sqlite(session):
        return True  # one writer after the other
    oldest: int = session.scalar(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")) or 0
    return oldest >= mark.next_transaction

