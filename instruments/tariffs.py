"""Tariffs (收费标准): versioned, of one instrument or shared by many; what a version says is the business of scheduling/pricing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, and_, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column, relationship

from instruments.catalogue import Instrument
from instruments.database import Base, Key, UtcDateTime
from instruments.errors import Changed, Invalid, OutOfOrder, Sentence
from instruments.people import Organisation

FURTHEST = timedelta(days=3 * 366)
LONGEST_NAME, LONGEST_APPROVAL = 100, 300


class Tariff(Base):
    """A scale of charges of one organisation, by name; what it says is in its versions."""

    __tablename__ = "tariff"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name_zh: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    name_en: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (CheckConstraint("name_zh <> '' OR name_en <> ''", name="has_a_name"),)


class TariffVersion(Base):
    """What a tariff says from an instant until its next version: the spec, the costs behind it, and the approval that put it in force.

    A version is never changed, as bookings and charges point to it; of two that begin at once the one with the higher number holds.
    """

    __tablename__ = "tariff_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    tariff_id: Mapped[int] = mapped_column(ForeignKey("tariff.id"))
    number: Mapped[int]
    valid_from: Mapped[datetime]
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    cost_sheet: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    approval: Mapped[str] = mapped_column(String(LONGEST_APPROVAL), default="")
    approved_on: Mapped[date | None]
    published_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    published_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    tariff: Mapped[Tariff] = relationship()

    __table_args__ = (UniqueConstraint("tariff_id", "number"),)


class InstrumentTariff(Base):
    """Which tariff an instrument uses from an instant on; without one it is not charged by any."""

    __tablename__ = "instrument_tariff"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    tariff_id: Mapped[int | None] = mapped_column(ForeignKey("tariff.id"), index=True)
    valid_from: Mapped[datetime]
    set_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("instrument_id", "valid_from"),)


@dataclass(frozen=True, slots=True)
class Rates:
    """What an instrument charged by over a stretch of time: (from when it used a tariff, one version of it or None), oldest first."""

    rows: tuple[tuple[datetime, TariffVersion | None], ...] = ()

    def at(self, instant: datetime) -> TariffVersion | None:
        """Give the version in force at an instant within the stretch."""
        begun = [used_from for used_from, _ in self.rows if used_from <= instant]
        current = [one for used_from, one in self.rows if one and begun and used_from == begun[-1] and one.valid_from <= instant]
        return max(current, key=lambda one: (one.valid_from, one.number), default=None)

    def changes(self, *, after: datetime) -> list[datetime]:
        """Give the instants after another at which something else may be in force."""
        return sorted(
            {instant for used_from, one in self.rows for instant in (used_from, one and one.valid_from) if instant and instant > after}
        )


def found_tariff(session: Session, organisation: Organisation, name_zh: str, name_en: str, *, now: datetime) -> Tariff:
    """Begin a tariff under a name in at least one language; it says nothing yet."""
    names = {"name_zh": name_zh.strip(), "name_en": name_en.strip()}
    for field, name in names.items():
        if len(name) > LONGEST_NAME or "\x00" in name:
            raise Invalid(field, Sentence(f"名称不超过 {LONGEST_NAME} 字。", f"A name has at most {LONGEST_NAME} characters."))
    if not any(names.values()):
        raise Invalid("name_zh", Sentence("请填写名称，中文或英文。", "Please give a name, in Chinese or English."))
    tariff = Tariff(organisation=organisation, created_at=now, **names)
    session.add(tariff)
    return tariff


def publish_tariff(
    session: Session, tariff: Tariff, spec: dict[str, Any], *, valid_from: datetime, by: int | None, now: datetime,
    cost_sheet: dict[str, str] | None = None, approval: str = "", approved_on: date | None = None, seen: int | None = None,
) -> TariffVersion:  # fmt: skip
    """Put a new version in force from an instant on.

    The spec must have been read by scheduling.pricing first, which refuses what has a hole or two answers. Only the first version may
    begin in the past. `seen` is the number of the newest version the person started from; when there is a newer one it is Changed.
    """
    session.execute(select(Tariff.id).where(Tariff.id == tariff.id).with_for_update())  # of two at once the second sees the first
    versions = session.scalars(select(TariffVersion).where(TariffVersion.tariff_id == tariff.id)).all()
    newest = max((one.number for one in versions), default=0)
    if seen is not None and seen != newest:
        raise Changed(
            Sentence("收费标准刚刚被他人更新，请刷新后再改。", "Somebody has just changed this tariff. Reload and change it again.")
        )
    check_start(valid_from, now, is_first=not versions)
    if len(approval) > LONGEST_APPROVAL or "\x00" in approval:
        raise Invalid(
            "approval", Sentence(f"批准文件不超过 {LONGEST_APPROVAL} 字。", f"An approval has at most {LONGEST_APPROVAL} characters.")
        )
    made = TariffVersion(
        tariff=tariff, number=newest + 1, valid_from=valid_from, spec=spec, cost_sheet=cost_sheet or {}, approval=approval.strip(),
        approved_on=approved_on, published_by=by, published_at=now,
    )  # fmt: skip
    session.add(made)
    return made


def check_start(valid_from: datetime, now: datetime, *, is_first: bool) -> None:
    """Refuse to rewrite the past, and what is years away."""
    if valid_from < now and not is_first:
        raise Invalid("valid_from", Sentence("收费标准不能从过去开始生效。", "Rates cannot come into force in the past."))
    if valid_from > now + FURTHEST:
        raise Invalid("valid_from", Sentence("生效时间不能晚于三年以后。", "Rates come into force within three years."))


def withdraw_tariff(version: TariffVersion, *, now: datetime) -> None:
    """Take back a version that is not in force yet; it stays for the record."""
    if version.valid_from <= now or version.withdrawn_at is not None:
        raise OutOfOrder(
            Sentence("该版本已生效或已撤回，不能再撤回。", "This version is in force or withdrawn already; it cannot be taken back.")
        )
    version.withdrawn_at = now


def use_tariff(
    session: Session, instrument: Instrument, tariff: Tariff | None, *, valid_from: datetime, by: int | None, now: datetime
) -> InstrumentTariff:
    """Have an instrument charge by a tariff from an instant on, or by none; what comes from the same instant is replaced.

    Only the first may begin in the past. A tariff of another organisation, or one laid aside, is Invalid.
    """
    if tariff is not None and (tariff.organisation_id != instrument.organisation_id or not tariff.is_active):
        raise Invalid("tariff", Sentence("请选择本单位在用的收费标准。", "Choose a tariff of this organisation that is in use."))
    known = session.scalars(select(InstrumentTariff).where(InstrumentTariff.instrument_id == instrument.id)).all()
    check_start(valid_from, now, is_first=not known)
    one = next((row for row in known if row.valid_from == valid_from), None)
    if one is None:
        one = InstrumentTariff(instrument_id=instrument.id, valid_from=valid_from)
        session.add(one)
    one.tariff_id, one.set_by, one.set_at = tariff.id if tariff else None, by, now
    return one


_LATER = aliased(TariffVersion)
_NEXT = aliased(InstrumentTariff)
_FIRST, _LAST = bindparam("first", type_=UtcDateTime), bindparam("last", type_=UtcDateTime)
# Built once, as on the way of every booking. Versions that had ended before the stretch began are left out by the database.
STRETCH = (
    select(InstrumentTariff.instrument_id, InstrumentTariff.valid_from, TariffVersion)
    .outerjoin(
        TariffVersion,
        and_(
            TariffVersion.tariff_id == InstrumentTariff.tariff_id,
            TariffVersion.valid_from <= _LAST,
            TariffVersion.withdrawn_at.is_(None),
            ~select(_LATER.id)
            .where(
                _LATER.tariff_id == TariffVersion.tariff_id,
                _LATER.withdrawn_at.is_(None),
                _LATER.valid_from <= _FIRST,
                or_(
                    _LATER.valid_from > TariffVersion.valid_from,
                    and_(_LATER.valid_from == TariffVersion.valid_from, _LATER.number > TariffVersion.number),
                ),
            )
            .exists(),
        ),
    )
    .where(
        InstrumentTariff.instrument_id.in_(bindparam("ids", expanding=True)),
        InstrumentTariff.valid_from <= _LAST,
        ~select(_NEXT.id)
        .where(
            _NEXT.instrument_id == InstrumentTariff.instrument_id,
            _NEXT.valid_from <= _FIRST,
            _NEXT.valid_from > InstrumentTariff.valid_from,
        )
        .exists(),
    )
    .order_by(InstrumentTariff.instrument_id, InstrumentTariff.valid_from)
)


def rates_of(session: Session, instrument_ids: Iterable[int], *instants: datetime) -> Mapping[int, Rates]:
    """Read what instruments charge by at some instants and between them; one statement. An instrument without a tariff is left out."""
    rows = session.execute(STRETCH, {"ids": list(instrument_ids), "first": min(instants), "last": max(instants)})
    found: dict[int, list[tuple[datetime, TariffVersion | None]]] = {}
    for instrument_id, used_from, version in rows:
        found.setdefault(instrument_id, []).append((used_from, version))
    return {key: Rates(tuple(pairs)) for key, pairs in found.items()}


def versions_at(session: Session, instrument_ids: Iterable[int], at: datetime) -> Mapping[int, TariffVersion]:
    """Give the version in force of each instrument that has one; one statement."""
    rates = rates_of(session, instrument_ids, at)
    return {key: version for key, one in rates.items() if (version := one.at(at)) is not None}


def tariffs_of(session: Session, organisation_ids: Iterable[int]) -> Sequence[Tariff]:
    """Give the tariffs of organisations, those in use first, by name."""
    return session.scalars(
        select(Tariff)
        .where(Tariff.organisation_id.in_(list(organisation_ids)))
        .order_by(Tariff.is_active.desc(), Tariff.name_zh, Tariff.name_en, Tariff.id)
    ).all()


def versions_of_tariff(session: Session, tariff: Tariff) -> Sequence[TariffVersion]:
    """Give every version of a tariff, the newest first."""
    return session.scalars(select(TariffVersion).where(TariffVersion.tariff_id == tariff.id).order_by(TariffVersion.number.desc())).all()


def users_of(session: Session, tariff: Tariff, at: datetime) -> Sequence[Instrument]:
    """Give the instruments that charge by a tariff at an instant, in order of id."""
    return session.scalars(
        select(Instrument)
        .join(InstrumentTariff, InstrumentTariff.instrument_id == Instrument.id)
        .where(
            InstrumentTariff.tariff_id == tariff.id,
            InstrumentTariff.valid_from <= at,
            ~select(_NEXT.id)
            .where(_NEXT.instrument_id == Instrument.id, _NEXT.valid_from <= at, _NEXT.valid_from > InstrumentTariff.valid_from)
            .exists(),
        )
        .order_by(Instrument.id)
    ).all()
