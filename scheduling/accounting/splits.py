"""Shares: amounts split to the fen without rest, and how an organisation divides what its instruments earn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, delete, or_, select, text
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
    return incomes_of(session, [instrument], now)[instrument.id]


def incomes_of(session: Session, instruments: Iterable[Instrument], now: datetime) -> dict[int, list[tuple[Account, Decimal]]]:
    """Give the accounts that the income of each instrument goes to, with their percents; two statements, and one for each account not open yet."""
    by_id = {one.id: one for one in instruments}
    divided = {one.id: _division(one, parts) for one, parts in _parts_of(session, by_id)}
    wanted = {house.number: house for parts in divided.values() for house, _ in parts}
    known = {one.number: one for one in session.scalars(select(Account).where(Account.number.in_(wanted)))}
    accounts = {number: known.get(number) or _opened(session, house, now) for number, house in wanted.items()}
    return {key: [(accounts[house.number], percent) for house, percent in parts] for key, parts in divided.items()}


def _parts_of(session: Session, by_id: Mapping[int, Instrument]) -> Iterator[tuple[Instrument, dict[str, Decimal]]]:
    """Give the division that holds for each instrument; one statement."""
    owners = {one.organisation_id for one in by_id.values()}
    of = or_(IncomeSplit.instrument_id.in_(by_id), IncomeSplit.instrument_id.is_(None))
    found: dict[tuple[int, int | None], dict[str, Decimal]] = {}
    for row in session.scalars(select(IncomeSplit).where(IncomeSplit.organisation_id.in_(owners), of).order_by(IncomeSplit.id)):
        found.setdefault((row.organisation_id, row.instrument_id), {})[row.part] = row.percent
    for one in by_id.values():
        yield one, found.get((one.organisation_id, one.id)) or found.get((one.organisation_id, None)) or dict(USUALLY)


@dataclass(frozen=True, slots=True)
class _House:
    """An account of an organisation's own books: its number, what kind it is, its name, and whose."""

    number: str
    kind: str
    name: str
    owner_id: int
    instrument_id: int | None = None
    facility_id: int | None = None


def _division(one: Instrument, parts: Mapping[str, Decimal]) -> list[tuple[_House, Decimal]]:
    return [(_house_of(one, part), percent) for part, percent in parts.items()]


def _house_of(one: Instrument, part: str) -> _House:
    owner = one.organisation_id
    if part == "facility" and one.facility_id is not None:
        return _House(f"FAC-{one.facility_id}", "income", "设施收入 Facility income", owner, facility_id=one.facility_id)
    if part == "organisation":
        return _House(f"ORG-{owner}", "income", "单位收入 Organisation income", owner)
    if part == "management":
        return _House(f"FEE-{owner}", "fee", "管理费 Management fee", owner)
    name = f"仪器收入 Instrument income: {one.name_zh or one.name_en}"[:200]
    return _House(f"INS-{one.id}-{owner}", "income", name, owner, instrument_id=one.id)


def _opened(session: Session, house: _House, now: datetime) -> Account:
    of = {"instrument_id": house.instrument_id, "facility_id": house.facility_id}
    return house_account(
        session, house.number, house.kind, house.name, organisation_id=house.owner_id, now=now, **{key: value for key, value in of.items() if value}
    )
