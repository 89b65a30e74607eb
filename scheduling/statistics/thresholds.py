"""The limits that lists and reviews go by, set by the province, each holding from a year on: what is in scope, what is too little, too long, enough."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, Sentence
from instruments.money import yuan
from scheduling.statistics.indicators import QUOTA_HOURS
from scheduling.statistics.periods import check_year
from scheduling.statistics.scope import THRESHOLD


class ThresholdYear(Base):
    """The limits from a year on, until a later year has its own; what was said of a past year stays as it was counted then."""

    __tablename__ = "threshold_year"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    from_year: Mapped[int] = mapped_column(unique=True)
    least_value: Mapped[Decimal]
    general_hours: Mapped[int]
    dedicated_hours: Mapped[int]
    sharing_percent: Mapped[int]
    problem_days: Mapped[int]
    saturated_hours: Mapped[int]
    review_from: Mapped[Decimal]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    changed_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("least_value >= 0 AND review_from >= 0", name="values"),
        CheckConstraint("general_hours BETWEEN 1 AND 8784 AND dedicated_hours BETWEEN 1 AND 8784", name="quotas"),
        CheckConstraint("saturated_hours BETWEEN 1 AND 8784", name="saturated"),
        CheckConstraint("sharing_percent BETWEEN 0 AND 100", name="sharing"),
        CheckConstraint("problem_days BETWEEN 1 AND 365", name="problems"),
    )


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The limits of one year. Values in yuan, hours a year, percent, days.

    least_value: from which an instrument is in scope (国发〔2014〕70号 as most provinces read it). general_hours, dedicated_hours: the quota of
    教高司条函[2000]010号. saturated_hours and review_from: 财科教〔2019〕1号. sharing_percent and problem_days are this portal's own.
    """

    least_value: Decimal = THRESHOLD
    general_hours: int = QUOTA_HOURS["general"]
    dedicated_hours: int = QUOTA_HOURS["dedicated"]
    sharing_percent: int = 10
    problem_days: int = 14
    saturated_hours: int = 1200
    review_from: Decimal = Decimal(2_000_000)


NAMES = tuple(one.name for one in fields(Thresholds))
LIMITS = {
    "general_hours": (1, 8784), "dedicated_hours": (1, 8784), "saturated_hours": (1, 8784), "sharing_percent": (0, 100), "problem_days": (1, 365),
}  # fmt: skip


def thresholds_of(session: Session, year: int) -> Thresholds:
    """Read the limits of a year, or the defaults; one statement."""
    row = session.scalar(
        select(ThresholdYear).where(ThresholdYear.from_year <= year).order_by(ThresholdYear.from_year.desc()).limit(1)
    )
    return Thresholds() if row is None else Thresholds(**{name: getattr(row, name) for name in NAMES})


def threshold_years(session: Session) -> list[ThresholdYear]:
    """Give the years from which limits were set, the latest first."""
    return list(session.scalars(select(ThresholdYear).order_by(ThresholdYear.from_year.desc()).limit(200)))


def set_thresholds(session: Session, from_year: int, wanted: Thresholds, *, viewer: Viewer, now: datetime) -> ThresholdYear:
    """Set the limits from a year on, as the province's administrator."""
    if not viewer.is_province_admin:
        raise Forbidden
    check_year(from_year)
    for name, (least, most) in LIMITS.items():
        if not least <= getattr(wanted, name) <= most:
            raise Invalid(name, Sentence(f"应在 {least} 到 {most} 之间。", f"This lies between {least} and {most}."))
    for name in ("least_value", "review_from"):
        if yuan(getattr(wanted, name), name) < 0:
            raise Invalid(name, Sentence("金额不能为负。", "An amount cannot be negative."))
    row = session.scalar(select(ThresholdYear).where(ThresholdYear.from_year == from_year))
    if row is None:
        row = ThresholdYear(from_year=from_year)
        session.add(row)
    for name in NAMES:
        setattr(row, name, getattr(wanted, name))
    row.changed_by, row.changed_at = viewer.person_id or None, now
    return row
