"""How income is divided, from an instant on: of all of an organisation's instruments, or of one that is treated otherwise.

A division never changes and never begins in the past, so that what was posted can be told from the division of its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, or_, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.money import yuan
from instruments.people import Person
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.splits import WHOLE, check_whole

PARTS = {
    "instrument": Sentence("仪器", "Instrument"),
    "facility": Sentence("设施/中心", "Facility"),
    "organisation": Sentence("单位", "Organisation"),
    "management": Sentence("管理费", "Management fee"),
}
# Until an organisation says otherwise, an instrument keeps what it earns.
USUALLY = {"instrument": WHOLE}
FURTHEST = timedelta(days=3 * 366)
_SUM = " + ".join(f"to_{part}" for part in PARTS)


class IncomeDivision(Base):
    """Which percents of income go where from an instant on: of one instrument, or of all of an organisation without a division of their own.

    All nought: the instrument follows its organisation again.
    """

    __tablename__ = "income_division"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    valid_from: Mapped[datetime]
    to_instrument: Mapped[Decimal] = mapped_column(default=NOTHING)  # whole hundredths of a percent, as money is whole fen
    to_facility: Mapped[Decimal] = mapped_column(default=NOTHING)
    to_organisation: Mapped[Decimal] = mapped_column(default=NOTHING)
    to_management: Mapped[Decimal] = mapped_column(default=NOTHING)
    set_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    set_at: Mapped[datetime]

    instrument: Mapped[Instrument | None] = relationship()
    setter: Mapped[Person | None] = relationship(foreign_keys=[set_by])

    __table_args__ = (
        CheckConstraint(f"{_SUM} = 10000 OR ({_SUM} = 0 AND instrument_id IS NOT NULL)", name="whole"),
        CheckConstraint(" AND ".join(f"to_{part} >= 0" for part in PARTS), name="percents"),
        Index(
            "uq_income_division_usual", "organisation_id", "valid_from", unique=True,
            sqlite_where=text("instrument_id IS NULL"), postgresql_where=text("instrument_id IS NULL"),
        ),
        Index("uq_income_division_instrument", "instrument_id", "valid_from", unique=True),
    )  # fmt: skip

    @property
    def parts(self) -> dict[str, Decimal]:
        """Give the percents, in order; none where the instrument follows its organisation."""
        return {part: percent for part in PARTS if (percent := getattr(self, f"to_{part}"))}


@dataclass(frozen=True, slots=True)
class DivisionStep:
    """One step of the history: a division, and whether it is in force or to come."""

    division: IncomeDivision
    is_current: bool
    is_coming: bool


def set_division(
    session: Session, organisation_id: int, parts: Mapping[str, Decimal], *, viewer: Viewer, now: datetime,
    instrument: Instrument | None = None, valid_from: datetime | None = None,
) -> IncomeDivision:  # fmt: skip
    """Say how income is divided from an instant on (now, if none is given), for one instrument or for all others; what was posted stays as it was."""
    _check_owner(viewer, organisation_id, instrument)
    if not set(parts) <= set(PARTS):
        raise Invalid("part", Sentence("没有这个部分。", "There is no such part."))
    wanted = {part: yuan(parts[part], part) for part in PARTS if parts.get(part)}
    check_whole(list(wanted.values()))
    if instrument is not None and instrument.facility_id is None and "facility" in wanted:
        raise Invalid("facility", Sentence("该仪器不属于任何设施。", "This instrument belongs to no facility."))
    return _begin(session, organisation_id, instrument, wanted, viewer, now, valid_from)


def clear_division(
    session: Session, instrument: Instrument, *, viewer: Viewer, now: datetime, valid_from: datetime | None = None
) -> IncomeDivision:
    """Let an instrument follow its organisation's division again, from an instant on."""
    _check_owner(viewer, instrument.organisation_id, instrument)
    if not _in_force(_rows(session, instrument.organisation_id, instrument.id), valid_from or now):
        raise OutOfOrder(Sentence("该仪器届时没有单独的分配。", "This instrument has no division of its own at that time."))
    return _begin(session, instrument.organisation_id, instrument, {}, viewer, now, valid_from)


def withdraw_division(
    session: Session, division_id: int, *, viewer: Viewer, now: datetime, organisation_id: int, instrument_id: int | None = None
) -> None:
    """Take back a division, of an organisation or of one instrument of it, that has not begun."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    found = session.get(IncomeDivision, division_id)
    if found is None or (found.organisation_id, found.instrument_id) != (organisation_id, instrument_id):
        raise NotFound
    if found.valid_from <= now:
        raise OutOfOrder(Sentence("该分配已生效，不能撤回。", "This division is in force; it cannot be taken back."))
    session.delete(found)
    session.flush()


def _check_owner(viewer: Viewer, organisation_id: int, instrument: Instrument | None) -> None:
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    if instrument is not None and instrument.organisation_id != organisation_id:
        raise NotFound


def _begin(
    session: Session, organisation_id: int, instrument: Instrument | None, parts: Mapping[str, Decimal], viewer: Viewer, now: datetime,
    valid_from: datetime | None,
) -> IncomeDivision:  # fmt: skip
    since = valid_from or now
    if since < now:
        raise Invalid("valid_from", Sentence("分配不能从过去开始。", "A division cannot begin in the past."))
    if since > now + FURTHEST:
        raise Invalid("valid_from", Sentence("分配须在三年以内开始。", "A division begins within three years."))
    of = instrument.id if instrument is not None else None
    for row in _rows(session, organisation_id, of):
        if row.valid_from == since:
            session.delete(row)
    session.flush()  # one begins at an instant: the old goes before the new comes
    made = IncomeDivision(
        organisation_id=organisation_id, instrument_id=of, valid_from=since, set_by=viewer.person_id, set_at=now,
        **{f"to_{part}": parts.get(part, NOTHING) for part in PARTS},
    )  # fmt: skip
    session.add(made)
    session.flush()  # two people saving at once: the second is refused by the index
    return made


def _rows(session: Session, organisation_id: int, instrument_id: int | None) -> Sequence[IncomeDivision]:
    of = IncomeDivision.instrument_id == instrument_id if instrument_id is not None else IncomeDivision.instrument_id.is_(None)
    where = (IncomeDivision.organisation_id == organisation_id, of)
    return session.scalars(select(IncomeDivision).where(*where).order_by(IncomeDivision.valid_from, IncomeDivision.id)).all()


def _in_force(rows: Iterable[IncomeDivision], at: datetime) -> dict[str, Decimal]:
    """Give the percents in force among the divisions of one kind, oldest first; none where nothing is said."""
    begun = [row for row in rows if row.valid_from <= at]
    return begun[-1].parts if begun else {}


def division_of(session: Session, organisation_id: int, instrument_id: int | None = None, *, at: datetime) -> dict[str, Decimal]:
    """Give the division that holds at an instant: the instrument's own, or the organisation's, or all to the instrument."""
    own = _in_force(_rows(session, organisation_id, instrument_id), at) if instrument_id is not None else {}
    return own or _in_force(_rows(session, organisation_id, None), at) or dict(USUALLY)


def divisions_at(session: Session, instruments: Iterable[Instrument], at: datetime) -> dict[int, dict[str, Decimal]]:
    """Give the division that holds for each instrument at an instant, by its id; one statement."""
    by_id = {one.id: one for one in instruments}
    owners = {one.organisation_id for one in by_id.values()}
    of = or_(IncomeDivision.instrument_id.in_(by_id), IncomeDivision.instrument_id.is_(None))
    asked = select(IncomeDivision).where(IncomeDivision.organisation_id.in_(owners), of, IncomeDivision.valid_from <= at)
    found: dict[tuple[int, int | None], dict[str, Decimal]] = {}
    for row in session.scalars(asked.order_by(IncomeDivision.valid_from, IncomeDivision.id)):
        found[row.organisation_id, row.instrument_id] = row.parts
    return {
        one.id: found.get((one.organisation_id, one.id)) or found.get((one.organisation_id, None)) or dict(USUALLY)
        for one in by_id.values()
    }


def history_of(session: Session, organisation_id: int, instrument_id: int | None = None, *, now: datetime, most: int = 50) -> list[DivisionStep]:
    """List how income was, is and will be divided, the newest first; of an instrument only what was said of it alone."""
    of = IncomeDivision.instrument_id == instrument_id if instrument_id is not None else IncomeDivision.instrument_id.is_(None)
    rows = session.scalars(
        select(IncomeDivision)
        .where(IncomeDivision.organisation_id == organisation_id, of)
        .options(joinedload(IncomeDivision.setter))
        .order_by(IncomeDivision.valid_from.desc(), IncomeDivision.id.desc())
        .limit(most)
    ).all()
    current = next((row for row in rows if row.valid_from <= now), None)
    return [DivisionStep(row, row is current, row.valid_from > now) for row in rows]


def own_divisions(session: Session, organisation_id: int, at: datetime, *, most: int = 200) -> list[IncomeDivision]:
    """List the divisions that single instruments of an organisation have of their own, by instrument."""
    where = (IncomeDivision.organisation_id == organisation_id, IncomeDivision.instrument_id.is_not(None), IncomeDivision.valid_from <= at)
    asked = select(IncomeDivision).where(*where).options(joinedload(IncomeDivision.instrument)).order_by(IncomeDivision.valid_from)
    latest = {row.instrument_id: row for row in session.scalars(asked)}
    return [row for row in latest.values() if row.parts][:most]
