"""How an organisation keeps its usage records: tolerances, back-fill, who may walk on, and what must be captured automatically."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.money import yuan


class UsePolicy(Base):
    """One organisation's settings; an organisation without a row has the defaults of Policy."""

    __tablename__ = "use_policy"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), unique=True)
    backfill_days: Mapped[int]
    tolerance_minutes: Mapped[int]
    longest_hours: Mapped[int]
    walk_on: Mapped[bool]
    automatic_from_value: Mapped[Decimal | None]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("backfill_days BETWEEN 0 AND 3660", name="backfill"),
        CheckConstraint("tolerance_minutes BETWEEN 0 AND 1440", name="tolerance"),
        CheckConstraint("longest_hours BETWEEN 1 AND 2208", name="longest"),
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds: days in which a use may still be recorded, minutes by which times may differ, hours after which a use without a
    booking must have ended, whether users may walk on, and the original value in yuan from which times must be captured automatically.
    """

    backfill_days: int = 92
    tolerance_minutes: int = 15
    longest_hours: int = 24
    walk_on: bool = True
    automatic_from_value: Decimal | None = None

    def wants_automatic(self, instrument: Instrument) -> bool:
        """Say whether the instrument's times must come from a device, a card or its QR code."""
        value = instrument.original_value
        return self.automatic_from_value is not None and value is not None and value >= self.automatic_from_value


LIMITS = {"backfill_days": (0, 3660), "tolerance_minutes": (0, 1440), "longest_hours": (1, 2208)}


def policy_of(session: Session, organisation_id: int) -> Policy:
    """Read an organisation's settings, or the defaults."""
    return policies_of(session, [organisation_id])[organisation_id]


def policies_of(session: Session, organisation_ids: Collection[int]) -> dict[int, Policy]:
    """Read the settings of organisations, the defaults where there are none; one statement."""
    rows = session.scalars(select(UsePolicy).where(UsePolicy.organisation_id.in_(list(organisation_ids))))
    found = {
        row.organisation_id: Policy(row.backfill_days, row.tolerance_minutes, row.longest_hours, row.walk_on, row.automatic_from_value)
        for row in rows
    }
    return {one: found.get(one, Policy()) for one in organisation_ids}


def set_policy(session: Session, organisation_id: int, policy: Policy, *, viewer: Viewer, now: datetime) -> UsePolicy:
    """Set an organisation's settings, as its administrator."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden if viewer.may_audit(organisation_id) else NotFound
    for name, (least, most) in LIMITS.items():
        if not least <= getattr(policy, name) <= most:
            raise Invalid(name, Sentence(f"应在 {least} 到 {most} 之间。", f"This lies between {least} and {most}."))
    value = policy.automatic_from_value
    if value is not None and yuan(value, "automatic_from_value") < 0:
        raise Invalid("automatic_from_value", Sentence("金额不能为负。", "An amount cannot be negative."))
    found = session.scalar(select(UsePolicy).where(UsePolicy.organisation_id == organisation_id))
    if found is None:
        found = UsePolicy(organisation_id=organisation_id)
        session.add(found)
    found.backfill_days, found.tolerance_minutes, found.longest_hours = policy.backfill_days, policy.tolerance_minutes, policy.longest_hours
    found.walk_on, found.automatic_from_value, found.changed_by, found.changed_at = policy.walk_on, value, viewer.person_id, now
    return found
