"""Related parties (关联方): organisations whose services for one another no programme supports."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Organisation
from scheduling.deciding import check_reason


class RelatedParty(Base):
    """Two organisations whose services for one another no programme supports (关联方); the lower id stands first."""

    __tablename__ = "related_party"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    reason: Mapped[str] = mapped_column(String(500))

    first: Mapped[Organisation] = relationship(foreign_keys=[first_id])
    second: Mapped[Organisation] = relationship(foreign_keys=[second_id])

    __table_args__ = (UniqueConstraint("first_id", "second_id"), CheckConstraint("first_id < second_id", name="order"))


def are_related(session: Session, first_id: int, second_id: int) -> bool:
    """Say whether two organisations are one, or related."""
    low, high = sorted((first_id, second_id))
    pair = and_(RelatedParty.first_id == low, RelatedParty.second_id == high)
    return low == high or session.scalar(select(RelatedParty.id).where(pair)) is not None


def relate(session: Session, first: Organisation, second: Organisation, reason: str, *, viewer: Viewer) -> RelatedParty:
    """Note that two organisations are related, as the province."""
    if not viewer.is_province_admin:
        raise Forbidden
    if are_related(session, first.id, second.id):
        raise Invalid("second", Sentence("两者相同，或已登记为关联方。", "They are one and the same, or noted as related already."))
    low, high = sorted((first, second), key=lambda one: one.id)
    made = RelatedParty(first=low, second=high, reason=check_reason(reason, needed=True))
    session.add(made)
    session.flush()
    return made


def relations(session: Session, organisation_id: int | None = None) -> Sequence[RelatedParty]:
    """List related organisations, all or those of one."""
    asked = select(RelatedParty).options(joinedload(RelatedParty.first), joinedload(RelatedParty.second)).order_by(RelatedParty.id)
    if organisation_id is not None:
        asked = asked.where(or_(RelatedParty.first_id == organisation_id, RelatedParty.second_id == organisation_id))
    return session.scalars(asked).all()


def unrelate(session: Session, relation_id: int, *, viewer: Viewer) -> None:
    """Take a note back, as the province."""
    if not viewer.is_province_admin:
        raise Forbidden
    found = session.get(RelatedParty, relation_id)
    if found is None:
        raise NotFound
    session.delete(found)
    session.flush()
