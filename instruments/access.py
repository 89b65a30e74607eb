"""Who may do what: the Viewer, a plain value read once per request, and the questions asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Integer, and_, bindparam, cast, false, literal, null, or_, select, true, union_all
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import ACADEMIC_KINDS, GroupMember, Organisation, Person
from instruments.roles import RoleGrant


@dataclass(frozen=True, slots=True)
class Grant:
    """One role with its scope; no scope means the whole network."""

    role: str
    organisation_id: int | None = None
    facility_id: int | None = None
    instrument_id: int | None = None


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person behind a request, or nobody (person_id 0)."""

    person_id: int = 0
    name: str = ""
    email: str = ""
    language: str = ""
    organisation_id: int = 0
    organisation_kind: str = ""
    organisation_name_zh: str = ""
    organisation_name_en: str = ""
    group_ids: tuple[int, ...] = ()
    pi_group_ids: tuple[int, ...] = ()
    grants: tuple[Grant, ...] = ()

    @property
    def is_anonymous(self) -> bool:
        """Say whether nobody is logged in."""
        return self.person_id == 0

    @property
    def is_province_admin(self) -> bool:
        """Say whether she administers the province."""
        return any(grant.role == "province_admin" for grant in self.grants)

    @property
    def is_auditor(self) -> bool:
        """Say whether she may read what others may not, over some scope."""
        return any(grant.role == "auditor" for grant in self.grants)

    @property
    def administered_organisation_ids(self) -> tuple[int, ...]:
        """Give the organisations she administers."""
        return tuple(g.organisation_id for g in self.grants if g.role == "organisation_admin" and g.organisation_id)

    @property
    def administers_any(self) -> bool:
        """Say whether she administers an organisation."""
        return bool(self.administered_organisation_ids)

    @property
    def manages_any(self) -> bool:
        """Say whether she manages some instrument, by whatever role."""
        return self.is_province_admin or self.administers_any or any(grant.role == "manager" for grant in self.grants)

    def owns(self, person_id: int, group_id: int | None) -> bool:
        """Say whether what belongs to a person and a group is hers: her own, or her group's as its PI."""
        return person_id == self.person_id or (group_id is not None and group_id in self.pi_group_ids)

    def may_administer(self, organisation_id: int | None) -> bool:
        """Say whether she answers for this organisation's people and register."""
        return self.is_province_admin or (organisation_id is not None and organisation_id in self.administered_organisation_ids)

    def may_manage(self, instrument: Instrument) -> bool:
        """Say whether she may publish this instrument's hours and rules and decide on its bookings."""
        return self.may_administer(instrument.organisation_id) or any(
            grant.role == "manager"
            and (grant.instrument_id == instrument.id or (grant.facility_id is not None and grant.facility_id == instrument.facility_id))
            for grant in self.grants
        )

    def may_audit(self, organisation_id: int | None) -> bool:
        """Say whether she may read, without changing anything, what this organisation's managers read."""
        return any(g.role == "auditor" and (g.organisation_id is None or g.organisation_id == organisation_id) for g in self.grants)

    def may_inspect(self, instrument: Instrument) -> bool:
        """Say whether she may read what this instrument's managers read."""
        return self.may_manage(instrument) or self.may_audit(instrument.organisation_id)

    def may_see(self, instrument: Instrument) -> bool:
        """Say whether the instrument's page is hers to open: published ones are everybody's."""
        return instrument.is_published or (not self.is_anonymous and self.may_inspect(instrument))


ANONYMOUS = Viewer()


MEMBER = "member"  # of a group; no role has this name
# Asked for every page, so built once.
_GROUPS_AND_ROLES: CompoundSelect[Any] = union_all(
    select(literal(MEMBER).label("role"), GroupMember.group_id, cast(GroupMember.is_pi, Integer), null()).where(
        GroupMember.person_id == bindparam("person_id")
    ),
    select(RoleGrant.role, RoleGrant.organisation_id, RoleGrant.facility_id, RoleGrant.instrument_id).where(
        RoleGrant.person_id == bindparam("person_id")
    ),
)


def load_viewer(session: Session, person: Person) -> Viewer:
    """Read a person's groups and roles into a Viewer; one statement."""
    rows: Sequence[Any] = session.execute(_GROUPS_AND_ROLES, {"person_id": person.id}).all()
    groups = [(group_id, is_pi) for role, group_id, is_pi, _ in rows if role == MEMBER]
    organisation: Organisation = person.organisation
    return Viewer(
        person_id=person.id,
        name=person.name,
        email=person.email,
        language=person.language,
        organisation_id=organisation.id,
        organisation_kind=organisation.kind,
        organisation_name_zh=organisation.name_zh,
        organisation_name_en=organisation.name_en,
        group_ids=tuple(group_id for group_id, _ in groups),
        pi_group_ids=tuple(group_id for group_id, is_pi in groups if is_pi),
        grants=tuple(Grant(*row) for row in rows if row.role != MEMBER),
    )


def audience_of(viewer: Viewer, instrument: Instrument) -> str:
    """Say how a person stands to the instrument's organisation: group, internal, academic, enterprise or other."""
    if instrument.group_id is not None and instrument.group_id in viewer.group_ids:
        return "group"
    if viewer.organisation_id == instrument.organisation_id:
        return "internal"
    return outside_audience(viewer)


def outside_audience(viewer: Viewer) -> str:
    """Say how a person stands to organisations that are not her own: academic, enterprise or other."""
    if viewer.organisation_kind in ACADEMIC_KINDS:
        return "academic"
    return "enterprise" if viewer.organisation_kind == "enterprise" else "other"


@dataclass(frozen=True, slots=True)
class Belonging:
    """The columns by which rights go, where they are not Instrument's own: where instruments stood at another time."""

    id: Any
    organisation_id: Any
    facility_id: Any


def managed_by(viewer: Viewer, of: type[Instrument] | Belonging = Instrument) -> ColumnElement[bool]:
    """Give the SQL condition on Instrument, or other columns like its own, for those the viewer manages."""
    if viewer.is_province_admin:
        return true()
    instruments = [g.instrument_id for g in viewer.grants if g.role == "manager" and g.instrument_id]
    facilities = [g.facility_id for g in viewer.grants if g.role == "manager" and g.facility_id]
    organisations = list(viewer.administered_organisation_ids)
    conditions: list[ColumnElement[bool]] = []
    if instruments:
        conditions.append(of.id.in_(instruments))
    if facilities:
        conditions.append(of.facility_id.in_(facilities))
    if organisations:
        conditions.append(of.organisation_id.in_(organisations))
    return or_(*conditions) if conditions else false()


def inspected_by(viewer: Viewer, of: type[Instrument] | Belonging = Instrument) -> ColumnElement[bool]:
    """Give the SQL condition on Instrument, or other columns like its own, for those whose management the viewer may read."""
    if any(g.role == "auditor" and g.organisation_id is None for g in viewer.grants):
        return true()
    audited = [g.organisation_id for g in viewer.grants if g.role == "auditor" and g.organisation_id]
    return or_(managed_by(viewer, of), and_(of.organisation_id.in_(audited))) if audited else managed_by(viewer, of)


AUDIENCES = ("group", "internal", "academic", "enterprise", "other")
