"""Prove that signed returns are as they were signed: their rows are counted and hashed again."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from scheduling.returning.generating import digest_of
from scheduling.returning.returns import Return, ReturnRow

AT_ONCE = 500


def touched_returns(session: Session) -> tuple[int, list[int]]:
    """Count the signed returns, and give the ids of those whose rows are not the ones that were signed."""
    signed = session.execute(select(Return.id, Return.row_count, Return.digest).where(Return.state != "draft").order_by(Return.id)).all()
    return len(signed), [one.id for one in signed if _found(session, one.id) != (one.row_count, one.digest)]


def _found(session: Session, return_id: int) -> tuple[int, str]:
    count = 0

    def counted(row: ReturnRow) -> ReturnRow:
        nonlocal count
        count += 1
        return row

    rows = session.scalars(
        select(ReturnRow).where(ReturnRow.return_id == return_id).order_by(ReturnRow.position), execution_options={"yield_per": AT_ONCE}
    )
    digest = digest_of(counted(row) for row in rows)
    return count, digest
