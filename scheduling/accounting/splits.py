"""Shares: amounts split to the fen without rest, and how an organisation divides what its instruments earn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.money import FEN, yuan
from scheduling.accounting.accounts import NOTHING, Account, house_account

WHOLE = Decimal("100.00")
PARTS = {
    "instrument": Sentence("仪器", "Instrument"),
    "facility": Sentence("设施/中心", "Facility"),
    "organisation": Sentence("单位", "Organisation"),
    "management": Sentence("管理费", "Management fee"),
}
# Until an organisation says otherwise, an instrument keeps what it earns.
USUALLY = {"instrument": WHOLE}


class IncomeSplit(Base):
    """One part of how income is divided: for one instrument, or for all of an organisation without a division of their own."""

    __tablename__ = "income_split"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    part: Mapped[str] = mapped_column(String(12))
    percent: Mapped[Decimal]  # whole hundredths of a percent, as money is whole fen
    set_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("percent > 0 AND percent <= 10000", name="percent"),
        CheckConstraint("part IN ('instrument', 'facility', 'organisation', 'management')", name="part"),
        Index(
            "uq_income_split_usual", "organisation_id", "part", unique=True,
            sqlite_where=text("instrument_id IS NULL"), postgresql_where=text("instrument_id IS NULL"),
        ),
        Index("uq_income_split_instrument", "instrument_id", "part", unique=True),
    )  # fmt: skip


def split_amount(total: Decimal, percents: Sequence[Decimal]) -> list[Decimal]:
    """Split an amount to the fen by percents that make 100: the parts add up to it; left-over fen go where most was cut off.

    >>> split_amount(Decimal("100.00"), [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")])
    [Decimal('33.33'), Decimal('33.33'), Decimal('33.34')]
    """
    sign, fen = (-1, -total) if total < 0 else (1, total)
    exact = [fen * percent / WHOLE for percent in percents]
    parts = [share.quantize(FEN, rounding=ROUND_FLOOR) for share in exact]
    left = int((fen - sum(parts, NOTHING)) / FEN)
    by_rest = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_rest[:left]:
        parts[place] += FEN
    return [sign * part for part in parts]


def check_whole(percents: Sequence[Decimal], field: str = "percent") -> None:
    """Refuse a split that is not 100 %, or has a part of nothing."""
    if any(percent <= 0 for percent in percents) or sum(percents, NOTHING) != WHOLE:
        raise Invalid(field, Sentence("各部分的比例须大于零，合计须为 100%。", "Each part is above zero, and together they make 100 %."))


def set_split(
    session: Session,
    organisation_id: int,
    parts: Mapping[str, Decimal],
    *,
    viewer: Viewer,
    now: datetime,
    instrument: Instrument | None = None,
) -> list[IncomeSplit]:
    """Say how income is divided from now on, for one instrument or for all others; what was posted stays as it was."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    if instrument is not None and instrument.organisation_id != organisation_id:
        raise NotFound
    if not set(parts) <= set(PARTS):
        raise Invalid("part", Sentence("没有这个部分。", "There is no such part."))
    wanted = {part: yuan(parts[part], part) for part in PARTS if parts.get(part)}
    check_whole(list(wanted.values()))
    if instrument is not None and instrument.facility_id is None and "facility" in wanted:
        raise Invalid("facility", Sentence("该仪器不属于任何设施。", "This instrument belongs to no facility."))
    return _replace(session, organisation_id, instrument, wanted, viewer, now)


def _replace(
    session: Session, organisation_id: int, instrument: Instrument | None, wanted: Mapping[str, Decimal], viewer: Viewer, now: datetime
) -> list[IncomeSplit]:
    of = instrument.id if instrument is not None else None
    for old in _rows(session, organisation_id, of):
        session.delete(old)
    session.flush()  # the parts are unique: the old go before the new come
    made = [
        IncomeSplit(organisation_id=organisation_id, instrument_id=of, part=part, percent=percent, set_by=viewer.person_id, set_at=now)
        for part, percent in wanted.items()
    ]
    session.add_all(made)
    session.flush()  # two people saving at once: the second is refused by the index
    return made


def clear_split(session: Session, instrument: Instrument, *, viewer: Viewer) -> None:
    """Let an instrument follow its organisation's division again."""
    if not viewer.may_administer(instrument.organisation_id):
        raise Forbidden
    session.execute(delete(IncomeSplit).where(IncomeSplit.instrument_id == instrument.id))


def _rows(session: Session, organisation_id: int, instrument_id: int | None) -> Sequence[IncomeSplit]:
    of = IncomeSplit.instrument_id == instrument_id if instrument_id is not None else IncomeSplit.instrument_id.is_(None)
    return session.scalars(select(IncomeSplit).where(IncomeSplit.organisation_id == organisation_id, of).order_by(IncomeSplit.id)).all()


def split_of(session: Session, organisation_id: int, instrument_id: int | None = None) -> dict[str, Decimal]:
    """Give the division that holds: the instrument's own, or the organisation's, or all to the instrument."""
    own = _rows(session, organisation_id, instrument_id) if instrument_id is not None else ()
    return {row.part: row.percent for row in own or _rows(session, organisation_id, None)} or dict(USUALLY)


def income_accounts(session: Session, instrument: Instrument, now: datetime) -> list[tuple[Account, Decimal]]:
    """Give the accounts an instrument's income goes to, with their percents; without a facility its part goes to the instrument."""
    found = []
    for part, percent in split_of(session, instrument.organisation_id, instrument.id).items():
        found.append((_account_of(session, instrument, part, now), percent))
    return found


def _account_of(session: Session, instrument: Instrument, part: str, now: datetime) -> Account:
    owner, kind = instrument.organisation_id, "income"
    of: dict[str, int | None] = {}
    if part == "facility" and instrument.facility_id is not None:
        number, name, of = f"FAC-{instrument.facility_id}", "设施收入 Facility income", {"facility_id": instrument.facility_id}
    elif part == "organisation":
        number, name = f"ORG-{owner}", "单位收入 Organisation income"
    elif part == "management":
        number, name, kind = f"FEE-{owner}", "管理费 Management fee", "fee"
    else:
        number, of = f"INS-{instrument.id}-{owner}", {"instrument_id": instrument.id}
        name = f"仪器收入 Instrument income: {instrument.name_zh or instrument.name_en}"[:200]
    return house_account(session, number, kind, name, organisation_id=owner, now=now, **of)
