"""Limits on guessing: a sliding window of attempts, kept in the database because every process must count the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key, is_sqlite
from portal.auth.sessions import address_prefix
from portal.errors import TooMany


class Attempt(Base):
    """One attempt at something that could be guessed or abused; who made it is kept as a hash."""

    __tablename__ = "attempt"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    who: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (Index(None, "who", "at"), Index(None, "at"))


@dataclass(frozen=True, slots=True)
class Limit:
    """So many attempts per account and per network address, in so long a time."""

    per_account: int
    per_address: int
    within: timedelta


LIMITS = {
    "login": Limit(10, 100, timedelta(minutes=15)),
    "code": Limit(5, 50, timedelta(minutes=15)),
    "password": Limit(10, 100, timedelta(minutes=15)),
    "register": Limit(3, 20, timedelta(hours=1)),
    "reset": Limit(3, 20, timedelta(hours=1)),
}
LONGEST = max(limit.within for limit in LIMITS.values())


def count_attempt(session: Session, kind: str, account: str, address: str, *, now: datetime) -> None:
    """Write an attempt down before it is made; raise TooMany where the account or the address has had its share.

    In a transaction of its own, committed before the answer is worked out: parallel guesses then count as well.
    """
    limit = LIMITS[kind]
    for who, most in ((_account(kind, account), limit.per_account), (_address(kind, address), limit.per_address)):
        _take_turn(session, who)
        made = session.execute(select(func.count(), func.min(Attempt.at)).where(Attempt.who == who, Attempt.at > now - limit.within)).one()
        if made[0] >= most:
            raise TooMany(max(1, int((made[1] + limit.within - now).total_seconds())))
        session.add(Attempt(who=who, at=now))
        session.flush()


def forgive(session: Session, kind: str, account: str, address: str) -> None:
    """Forget the attempts on an account whose owner has just proved herself, and the one she made from her address.

    A whole university may share one address, and most who log in from it are who they say.
    """
    session.execute(delete(Attempt).where(Attempt.who == _account(kind, account)))
    newest = select(func.max(Attempt.id)).where(Attempt.who == _address(kind, address)).scalar_subquery()
    session.execute(delete(Attempt).where(Attempt.id == newest))


def prune(session: Session, *, now: datetime) -> int:
    """Delete attempts that count no more; give how many."""
    return session.execute(delete(Attempt).where(Attempt.at <= now - LONGEST)).rowcount  # type: ignore[attr-defined]  # a DELETE has one


def _account(kind: str, account: str) -> str:
    return _who(f"{kind}:account:{account.strip().lower()}")


def _address(kind: str, address: str) -> str:
    # One subscriber has a whole /64 of IPv6.
    return _who(f"{kind}:address:{address_prefix(address) if ':' in address else address}")


def _who(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _take_turn(session: Session, who: str) -> None:
    # SQLite has one writer at a time anyway.
    if not is_sqlite(session):
        session.execute(select(func.pg_advisory_xact_lock(int(who[:15], 16))))
