"""One process at a time, where several would only do the same work twice."""

from __future__ import annotations

from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.database import is_sqlite

SPACE = 0x5449434B  # "TICK": keeps these advisory locks apart from all others in the database


def is_alone(session: Session, name: str) -> bool:
    """Say whether no other process does this now; it stays so until the transaction ends. On SQLite a writer always is alone."""
    if is_sqlite(session):
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(SPACE, crc32(name.encode()) & 0x7FFFFFFF))))
