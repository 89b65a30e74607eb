"""The secret in the address of a person's own calendar feed: one at a time, revocable, dead with the account."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column

from instruments.database import Base, Key
from instruments.people import Person
from portal.auth.secret import digest, new_secret

SHOWN = 6


class FeedSecret(Base):
    """The right to read one person's bookings as a calendar."""

    __tablename__ = "feed_secret"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True, info={"secret": True})
    prefix: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


def create(session: Session, person_id: int, *, now: datetime) -> str:
    """Make a new secret and give it; the one before dies."""
    revoke(session, person_id, now=now)
    secret = new_secret()
    session.add(FeedSecret(person_id=person_id, secret_hash=digest(secret), prefix=secret[:SHOWN], created_at=now))
    return secret


def revoke(session: Session, person_id: int, *, now: datetime) -> None:
    """Make the person's feed address worthless."""
    found = living(session, person_id)
    if found is not None:
        found.revoked_at = now


def living(session: Session, person_id: int) -> FeedSecret | None:
    """Give the person's feed, if she has one."""
    return session.scalar(select(FeedSecret).where(FeedSecret.person_id == person_id, FeedSecret.revoked_at.is_(None)))


def person_of_feed(session: Session, secret: str) -> Person | None:
    """Find the active person behind a feed's secret; one statement."""
    return session.scalar(
        select(Person)
        .join(FeedSecret, FeedSecret.person_id == Person.id)
        .join(Person.organisation)
        .options(contains_eager(Person.organisation))
        .where(FeedSecret.secret_hash == digest(secret), FeedSecret.revoked_at.is_(None), Person.status == "active")
    )
