"""Links sent by mail: to confirm an address, to choose a new password. Good once, for a while, kept as a hash."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Update, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key
from instruments.people import Person
from portal.auth.secret import digest, new_secret
from portal.errors import LinkDead

CONFIRM, RESET = "confirm", "reset"
LIVES = {CONFIRM: timedelta(days=3), RESET: timedelta(hours=2)}
INVITATION = timedelta(days=7)  # a reset link for somebody whom an administrator has added


class MailedToken(Base):
    """The right to take one step, given to whoever reads a person's mail."""

    __tablename__ = "mailed_token"
    __audited__ = False  # what the step changes is in the log; the link itself says nothing more

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def issue(session: Session, purpose: str, person: Person, *, now: datetime, lives: timedelta | None = None) -> str:
    """Make a link's secret; earlier ones for the same purpose die."""
    session.execute(_unused(purpose, person.id).values(used_at=now))
    token = new_secret()
    expires_at = now + (lives or LIVES[purpose])
    session.add(MailedToken(purpose=purpose, token_hash=digest(token), person_id=person.id, created_at=now, expires_at=expires_at))
    return token


def look_at(session: Session, purpose: str, token: str, *, now: datetime) -> Person:
    """Find whose living link this is; raise LinkDead for any other."""
    found = session.scalar(
        select(Person)
        .join(MailedToken, MailedToken.person_id == Person.id)
        .where(
            MailedToken.token_hash == digest(token),
            MailedToken.purpose == purpose,
            MailedToken.used_at.is_(None),
            MailedToken.expires_at > now,
        )
    )
    if found is None:
        raise LinkDead
    return found


def redeem(session: Session, purpose: str, token: str, *, now: datetime) -> Person:
    """Use a link up and give its person; of two who do so at once, one gets LinkDead."""
    person = look_at(session, purpose, token, now=now)
    used = session.execute(
        update(MailedToken).where(MailedToken.token_hash == digest(token), MailedToken.used_at.is_(None)).values(used_at=now)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE has one
        raise LinkDead
    session.execute(_unused(purpose, person.id).values(used_at=now))
    return person


def prune(session: Session, *, now: datetime) -> int:
    """Delete links that have been dead for a month; give how many."""
    return session.execute(delete(MailedToken).where(MailedToken.expires_at < now - timedelta(days=30))).rowcount  # type: ignore[attr-defined]


def _unused(purpose: str, person_id: int) -> Update:
    return update(MailedToken).where(MailedToken.purpose == purpose, MailedToken.person_id == person_id, MailedToken.used_at.is_(None))
