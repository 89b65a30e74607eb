"""Logins that are under way: one row each, ended by logging out, by a new password, or by shutting the person out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import ForeignKey, Index, String, bindparam, delete, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column

from instruments.database import Base, Key
from instruments.errors import NotFound
from instruments.people import Person
from portal.auth.browsers import in_words
from portal.auth.secret import digest, new_secret

LASTS = timedelta(days=14)
SHORT_AGENT = 120


class LoginSession(Base):
    """One login of one person in one browser; the cookie holds a secret of which only the hash is here."""

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user_agent: Mapped[str] = mapped_column(String(SHORT_AGENT), default="")
    address: Mapped[str] = mapped_column(String(60), default="")

    __table_args__ = (Index(None, "person_id", "ended_at"),)


# Asked for every page, so built once.
_LOGGED_IN = (
    select(LoginSession, Person)
    .join(Person, Person.id == LoginSession.person_id)
    .join(Person.organisation)
    .options(contains_eager(Person.organisation))
    .where(
        LoginSession.token_hash == bindparam("hash"),
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > bindparam("now"),
        Person.status == "active",
    )
)


def begin(session: Session, person: Person, *, now: datetime, user_agent: str = "", address: str = "") -> str:
    """Log a person in and give the secret for the cookie."""
    token = new_secret()
    session.add(
        LoginSession(
            token_hash=digest(token),
            person_id=person.id,
            created_at=now,
            expires_at=now + LASTS,
            user_agent=in_words(user_agent),
            address=address_prefix(address),
        )
    )
    return token


def person_logged_in(session: Session, token: str, now: datetime) -> tuple[LoginSession, Person] | None:
    """Find who is logged in with a cookie's secret: an active person whose login lives; one statement."""
    found = session.execute(_LOGGED_IN, {"hash": digest(token), "now": now}).first()
    return (found[0], found[1]) if found else None


def open_sessions(session: Session, person_id: int, now: datetime) -> Sequence[LoginSession]:
    """List a person's living logins, the newest first."""
    return session.scalars(
        select(LoginSession)
        .where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None), LoginSession.expires_at > now)
        .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
    ).all()


def end(session: Session, person_id: int, session_id: int, *, now: datetime) -> None:
    """End one login of a person's own."""
    found = session.scalar(select(LoginSession).where(LoginSession.id == session_id, LoginSession.person_id == person_id))
    if found is None:
        raise NotFound
    found.ended_at = found.ended_at or now


def end_all(session: Session, person_id: int, *, now: datetime, but: int | None = None) -> None:
    """End every login of a person, but perhaps the one she is using."""
    for each in session.scalars(select(LoginSession).where(LoginSession.person_id == person_id, LoginSession.ended_at.is_(None))):
        if each.id != but:
            each.ended_at = now


def prune(session: Session, *, now: datetime) -> int:
    """Delete logins that have been over for a quarter of a year; give how many."""
    return session.execute(delete(LoginSession).where(LoginSession.expires_at < now - timedelta(days=90))).rowcount  # type: ignore[attr-defined]  # a DELETE has one


def address_prefix(address: str) -> str:
    """Give the network an address belongs to, which tells a person where she was without keeping the address itself."""
    try:
        size = 24 if ip_address(address).version == 4 else 64
        return str(ip_network(f"{address}/{size}", strict=False))
    except ValueError:
        return ""
