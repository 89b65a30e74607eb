"""Roles granted to people, each with its scope. Being a researcher needs no grant; being a PI is membership of a group."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Invalid, Sentence
from instruments.facilities import Facility
from instruments.people import Organisation, Person

ROLES = {
    "manager": Sentence("仪器管理员", "Lab manager"),
    "organisation_admin": Sentence("单位管理员", "Organisation administrator"),
    "province_admin": Sentence("省平台管理员", "Province administrator"),
    "auditor": Sentence("审计员(只读)", "Auditor (read only)"),
}


class RoleGrant(Base):
    """One role of one person: over an instrument, a facility, an organisation, or (auditor, province administrator) everything."""

    __tablename__ = "role_grant"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"), index=True)
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    granted_at: Mapped[datetime]

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    organisation: Mapped[Organisation | None] = relationship()
    facility: Mapped[Facility | None] = relationship()
    instrument: Mapped[Instrument | None] = relationship()

    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN facility_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN instrument_id IS NULL THEN 0 ELSE 1 END) <= 1",
            name="one_scope",
        ),
        Index(None, "role", "organisation_id"),
    )


def grant(
    session: Session,
    person: Person,
    role: str,
    *,
    now: datetime,
    organisation: Organisation | None = None,
    facility: Facility | None = None,
    instrument: Instrument | None = None,
    by: int | None = None,
) -> RoleGrant:
    """Grant a role over its scope; granting it twice changes nothing."""
    _check_scope(role, organisation, facility, instrument)
    scope = {
        "organisation_id": organisation.id if organisation else None,
        "facility_id": facility.id if facility else None,
        "instrument_id": instrument.id if instrument else None,
    }
    found = session.scalar(select(RoleGrant).filter_by(person_id=person.id, role=role, **scope))
    if found is None:
        found = RoleGrant(person_id=person.id, role=role, granted_by=by, granted_at=now, **scope)
        session.add(found)
    return found


def _check_scope(role: str, organisation: Organisation | None, facility: Facility | None, instrument: Instrument | None) -> None:
    if role not in ROLES:
        raise Invalid("role", Sentence("没有这种角色。", "There is no such role."))
    if sum(scope is not None for scope in (organisation, facility, instrument)) > 1:
        raise Invalid("role", Sentence("一个角色只能有一个范围。", "A role has one scope only."))
    narrow = facility is not None or instrument is not None
    if role == "manager" and not narrow:
        raise Invalid("role", Sentence("仪器管理员须指定仪器或设施。", "A lab manager is one of an instrument or a facility."))
    if role == "organisation_admin" and organisation is None:
        raise Invalid("role", Sentence("单位管理员须指定单位。", "An organisation administrator is one of an organisation."))
    if role == "province_admin" and organisation is not None:
        raise Invalid("role", Sentence("省平台管理员管理全省，不能限定单位。", "A province administrator answers for the whole province."))
    if role != "manager" and narrow:
        raise Invalid("role", Sentence("该角色不能限定到仪器或设施。", "This role cannot be limited to an instrument or a facility."))


def revoke(session: Session, given: RoleGrant) -> None:
    """Take a role back."""
    session.delete(given)
