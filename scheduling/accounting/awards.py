"""Subsidies of a year: what each organisation earned from others or spent elsewhere, what of it counts and why not the rest, and what is paid.

Worked out from the final charges of the year by the programme's terms (subsidies.subsidy); frozen as it was when it is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, and_, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.kept import keep_rows
from instruments.people import Organisation
from instruments.programmes import PARTIES, Programme, Scheme, ineligible_services, programme
from instruments.timespan import at_wall, zone
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.charges import Charge
from scheduling.accounting.claims import VoucherUse
from scheduling.accounting.related import relations
from scheduling.accounting.subsidies import party_of, subsidy
from scheduling.statistics.periods import Period
from scheduling.statistics.periods import year as calendar_year

OWN, MISSED = "own", "missed"
REASONS: Mapping[str, Sentence] = {
    "": Sentence("计入", "Counts"),
    OWN: Sentence("本单位自用，不是共享", "Within the organisation, not shared"),
    MISSED: Sentence("取消或未到场的费用，不是服务", "Fees for missed bookings, no service"),
}
MISSED_KINDS = ("late_cancel", "no_show")
MOST_UNITS = 5000


class SubsidyAward(Base):
    """The subsidies of one side of a programme and year as they were approved: each unit's lines, the terms, the total; kept for good."""

    __tablename__ = "subsidy_award"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    year: Mapped[int]
    party: Mapped[str] = mapped_column(String(8))
    units: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    total: Mapped[Decimal]
    approved_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("programme_id", "year", "party"), CheckConstraint("party IN ('provider', 'user')", name="party"))


keep_rows(SubsidyAward, "an approved subsidy is never changed")


@dataclass(frozen=True, slots=True)
class AwardLine:
    """Charges of one kind that count, or do not for one reason: how many, and their sum."""

    kind: str
    reason: str
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Unit:
    """An organisation's lines, what of them counts, and its subsidy; `subsidy` is at most the cap."""

    organisation_id: int
    name: Sentence
    lines: tuple[AwardLine, ...]
    eligible: Decimal
    subsidy: Decimal
    is_capped: bool


@dataclass(frozen=True, slots=True)
class Award:
    """The subsidies of one side of a programme in a year; `approved_at` None while they are worked out live."""

    programme: Programme
    year: int
    party: str
    period: Period
    units: tuple[Unit, ...]
    approved_at: datetime | None = None

    @property
    def total(self) -> Decimal:
        """Give the sum of all subsidies."""
        return sum((one.subsidy for one in self.units), NOTHING)


def reason_words(code: str) -> Sentence:
    """Say why something does not count, or that it does."""
    return REASONS.get(code) or ineligible_services().get(code) or Sentence(code, code)


def award(session: Session, programme_id: int, year: int, party: str) -> Award:
    """Give the subsidies of a year: as approved, or else as they would be now. Invalid for a year or side the programme does not have.

    subsidy = min(cap, sum over brackets of percent x eligible amount). Example, Hefei 2022: a provider with 1,000,000 yuan of last year's
    sharing income at 20 %, cap 5,000,000 -> 200,000 yuan; with 30,000,000 -> 5,000,000.
    """
    found = programme(session, programme_id)
    scheme = found.scheme
    if party not in PARTIES or not scheme.covers(year):
        raise Invalid("year", Sentence("该方案在这一年不执行。", "The programme does not run in this year."))
    terms = party_of(scheme, party)
    period = calendar_year(year - 1 if terms.of_last_year else year)
    kept = session.scalar(
        select(SubsidyAward).where(SubsidyAward.programme_id == programme_id, SubsidyAward.year == year, SubsidyAward.party == party)
    )
    if kept is not None:
        return Award(found, year, party, period, tuple(_unit_from(one) for one in kept.units), kept.approved_at)
    return Award(found, year, party, period, tuple(_units(session, scheme, party, period)))


def approve_award(session: Session, programme_id: int, year: int, party: str, *, viewer: Viewer, now: datetime) -> SubsidyAward:
    """Freeze the subsidies of a year that is over, as the province."""
    if not viewer.is_province_admin:
        raise Forbidden
    locked = session.scalar(select(Programme).where(Programme.id == programme_id).with_for_update())
    if locked is None:
        raise NotFound
    found = award(session, programme_id, year, party)
    if found.approved_at is not None:
        raise OutOfOrder(Sentence("该年度的补助已批准。", "The subsidies of this year have been approved already."))
    if not found.period.is_over(now.astimezone(zone("Asia/Shanghai")).date()):
        raise OutOfOrder(Sentence("该年度尚未结束，不能批准。", "The year is not over yet, so nothing is approved."))
    made = SubsidyAward(
        programme_id=programme_id, year=year, party=party, units=[_unit_kept(one) for one in found.units], terms=dict(locked.terms),
        total=found.total, approved_by=viewer.person_id, approved_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _units(session: Session, scheme: Scheme, party: str, period: Period) -> list[Unit]:
    lines: dict[int, dict[tuple[str, str], tuple[int, Decimal]]] = {}
    related = {(one.first_id, one.second_id) for one in relations(session)}
    for provider, user, kind, service, count, total in _sums(session, period):
        unit = provider if party == "provider" else user
        if unit is None:
            continue  # somebody without an organisation gets nothing
        key = (kind, _reason(scheme, related, provider, user, kind, service))
        was = lines.setdefault(unit, {}).get(key, (0, NOTHING))
        lines[unit][key] = (was[0] + count, was[1] + total)
    asked = select(Organisation.id, Organisation.name_zh, Organisation.name_en).where(
        Organisation.id.in_(lines), Organisation.kind.in_(scheme.applicants)
    )
    units = [_unit(scheme, party, key, Sentence(zh or en, en or zh), lines[key]) for key, zh, en in session.execute(asked)]
    return sorted(units, key=lambda one: (-one.subsidy, one.organisation_id))[:MOST_UNITS]


def _sums(session: Session, period: Period) -> Iterable[Any]:
    """Sum the final charges of a period by provider, user, kind and service, reversals among them; one statement."""
    tz = zone("Asia/Shanghai")
    service = func.coalesce(VoucherUse.service, "")
    is_live = and_(VoucherUse.charge_id == func.coalesce(Charge.reverses_id, Charge.id), VoucherUse.released_at.is_(None))
    columns = Charge.organisation_id, Charge.user_organisation_id, Charge.kind, service
    asked = select(*columns, func.count(), func.sum(Charge.total)).outerjoin(VoucherUse, is_live)
    within = Charge.used_at >= at_wall(period.first, 0, tz), Charge.used_at < at_wall(period.until, 0, tz)
    return session.execute(asked.where(Charge.final_at.is_not(None), *within).group_by(*columns).order_by(*columns))


def _reason(scheme: Scheme, related: set[tuple[int, int]], provider: int, user: int | None, kind: str, service: str) -> str:
    """Say why charges do not count, "" where they do."""
    if user == provider:
        return OWN
    if kind in MISSED_KINDS:
        return MISSED
    if service and service in scheme.ineligible:
        return service
    is_related = user is not None and (min(provider, user), max(provider, user)) in related
    return "related" if is_related and "related" in scheme.ineligible else ""


def _unit(scheme: Scheme, party: str, key: int, name: Sentence, lines: Mapping[tuple[str, str], tuple[int, Decimal]]) -> Unit:
    found = tuple(AwardLine(kind, reason, count, total) for (kind, reason), (count, total) in sorted(lines.items(), key=lambda one: one[0][::-1]))
    eligible = max(sum((one.amount for one in found if not one.reason), NOTHING), NOTHING)
    paid = subsidy(scheme, party, eligible)
    return Unit(key, name, found, eligible, paid.total, paid.is_capped)


def _unit_kept(one: Unit) -> dict[str, Any]:
    lines = [{"kind": line.kind, "reason": line.reason, "count": line.count, "amount": str(line.amount)} for line in one.lines]
    return {
        "organisation": one.organisation_id, "zh": one.name.zh, "en": one.name.en, "lines": lines, "eligible": str(one.eligible),
        "subsidy": str(one.subsidy), "is_capped": one.is_capped,
    }  # fmt: skip


def _unit_from(one: Mapping[str, Any]) -> Unit:
    lines = tuple(AwardLine(line["kind"], line["reason"], line["count"], Decimal(line["amount"])) for line in one["lines"])
    name = Sentence(one["zh"], one["en"])
    return Unit(one["organisation"], name, lines, Decimal(one["eligible"]), Decimal(one["subsidy"]), one["is_capped"])


def awards_of(session: Session, programme_id: int) -> Sequence[SubsidyAward]:
    """List what was approved of a programme."""
    return session.scalars(select(SubsidyAward).where(SubsidyAward.programme_id == programme_id).order_by(SubsidyAward.id.desc()).limit(200)).all()
