"""Cards (门禁/上机卡) by which people are known at an instrument: kept as a digest, never as the number on the card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, NotFound, OutOfOrder, Sentence
from instruments.people import Person


class AccessCard(Base):
    """A person's card; a digest belongs to one person at a time."""

    __tablename__ = "access_card"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), info={"secret": True})
    given_at: Mapped[datetime]
    given_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])

    __table_args__ = (
        Index(
            "uq_access_card_digest", "digest", unique=True,
            sqlite_where=text("revoked_at IS NULL"), postgresql_where=text("revoked_at IS NULL"),
        ),
    )  # fmt: skip


def give_card(session: Session, person: Person, digest: str, *, viewer: Viewer, now: datetime) -> AccessCard:
    """Give a card to a person of an organisation one administers; a card in somebody's hands is refused."""
    if not viewer.may_administer(person.organisation_id):
        raise Forbidden
    made = AccessCard(person_id=person.id, digest=digest, given_at=now, given_by=viewer.person_id)
    session.add(made)
    try:
        session.flush()  # the unique index answers here
    except IntegrityError as error:
        if "access_card" not in str(error.orig) or "digest" not in str(error.orig):
            raise
        raise OutOfOrder(Sentence("该卡已发给他人，请先收回。", "This card is in somebody's hands. Take it back first.")) from error
    return made


def take_card_back(session: Session, card_id: int, *, viewer: Viewer, now: datetime) -> AccessCard:
    """Take a card back; what it did stays its holder's."""
    found = session.get(AccessCard, card_id)
    if found is None or not viewer.may_administer(found.person.organisation_id):
        raise NotFound
    found.revoked_at = found.revoked_at or now
    return found


def cards_of(session: Session, person_ids: Sequence[int]) -> Sequence[AccessCard]:
    """List the cards in the hands of people."""
    asked = select(AccessCard).where(AccessCard.person_id.in_(person_ids), AccessCard.revoked_at.is_(None))
    return session.scalars(asked.order_by(AccessCard.person_id, AccessCard.id)).all()


def holder_at(session: Session, digest: str, at: datetime) -> int | None:
    """Say in whose hands a card was at an instant, or None."""
    return session.scalar(
        select(AccessCard.person_id)
        .where(AccessCard.digest == digest, AccessCard.given_at <= at)
        .where((AccessCard.revoked_at.is_(None)) | (AccessCard.revoked_at > at))
        .order_by(AccessCard.given_at.desc())
        .limit(1)
    )
