"""Charges: what a use costs, line by line, who pays which part, and how far it is. Verbs: charging and disputes.

draft -> review (the manager confirmed) -> final (accepted, or the time for objections is over: posted to the ledger)
review -> disputed -> review (answered). A final charge is never edited: it is reversed by a charge of its own, and charged again.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship, selectinload

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import FILLED_BEFORE, Base, Key, attach
from instruments.errors import NotFound, Sentence
from instruments.people import Group, Organisation, Person
from instruments.tariffs import TariffVersion
from scheduling.accounting.accounts import NOTHING, Account
from scheduling.accounting.ledger import keep_rows
from scheduling.bookings import Booking
from scheduling.usage import UsageRecord

STATUSES = {
    "draft": Sentence("待管理员确认", "Waits for the manager"),
    "review": Sentence("待用户核对", "For the user to look at"),
    "disputed": Sentence("有异议", "Disputed"),
    "final": Sentence("已入账", "Final"),
    "reversed": Sentence("已撤销", "Reversed"),
}
KINDS = {
    "use": Sentence("使用", "Use"),
    "late_cancel": Sentence("临时取消", "Late cancellation"),
    "no_show": Sentence("未到场", "No-show"),
    "manual": Sentence("其他", "Other"),
}
# Not yet in the ledger, and not come to nothing either.
PENDING = ("draft", "review", "disputed")


class ChargePolicy(Base):
    """How long an organisation's users may look at a charge before it counts as accepted."""

    __tablename__ = "charge_policy"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    review_days: Mapped[int] = mapped_column(default=7)

    __table_args__ = (CheckConstraint("review_days BETWEEN 0 AND 92", name="review_days"),)


class Charge(Base):
    """What is charged for one use, missed or late-cancelled booking, or other service, as it was when it was made.

    `organisation_id` provides, `user_organisation_id` is the user's. `total` None: a manager must set the price by a line of her own.
    """

    __tablename__ = "charge"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    usage_id: Mapped[int | None] = mapped_column(ForeignKey("usage_record.id"))
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    user_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    used_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(8), default="draft")
    tariff_version_id: Mapped[int | None] = mapped_column(ForeignKey("tariff_version.id"))
    total: Mapped[Decimal | None]
    quote_total: Mapped[Decimal | None]
    currency: Mapped[str] = mapped_column(String(3), default="CNY")
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    review_until: Mapped[datetime | None]
    accepted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    final_at: Mapped[datetime | None]
    statement_id: Mapped[int | None] = mapped_column(Key, index=True)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("charge.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    instrument: Mapped[Instrument] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    group: Mapped[Group | None] = relationship()
    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    user_organisation: Mapped[Organisation | None] = relationship(foreign_keys=[user_organisation_id])
    booking: Mapped[Booking | None] = relationship()
    usage: Mapped[UsageRecord | None] = relationship()
    tariff_version: Mapped[TariffVersion | None] = relationship()
    lines: Mapped[list[ChargeLine]] = relationship(order_by="ChargeLine.position", viewonly=True)
    shares: Mapped[list[ChargeShare]] = relationship(order_by="ChargeShare.id", viewonly=True)
    disputes: Mapped[list[ChargeDispute]] = relationship(order_by="ChargeDispute.id", viewonly=True)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("status NOT IN ('review', 'disputed', 'final') OR total IS NOT NULL", name="priced"),
        CheckConstraint("status <> 'final' OR final_at IS NOT NULL", name="final"),
        CheckConstraint("total IS NULL OR total >= 0 OR reverses_id IS NOT NULL", name="total"),
        Index(
            "uq_charge_usage", "usage_id", unique=True,
            sqlite_where=text("status <> 'reversed' AND reverses_id IS NULL"),
            postgresql_where=text("status <> 'reversed' AND reverses_id IS NULL"),
        ),
        Index(
            "uq_charge_booking", "booking_id", "kind", unique=True,
            sqlite_where=text("status <> 'reversed' AND reverses_id IS NULL AND usage_id IS NULL"),
            postgresql_where=text("status <> 'reversed' AND reverses_id IS NULL AND usage_id IS NULL"),
        ),
        Index(None, "organisation_id", "used_at"),
        Index(None, "instrument_id", "status"),
        Index(None, "instrument_id", "used_at"),
        Index(None, "person_id", "id"),
        Index(None, "group_id", "id"),
        Index(None, "status", "review_until"),
    )  # fmt: skip


class ChargeLine(Base):
    """One line of a charge, never changed: what is put right is put right by another line, with who and why."""

    __tablename__ = "charge_line"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(60))
    label_zh: Mapped[str] = mapped_column(String(300))
    label_en: Mapped[str] = mapped_column(String(300))
    quantity: Mapped[str] = mapped_column(String(40))
    unit_zh: Mapped[str] = mapped_column(String(60), default="")
    unit_en: Mapped[str] = mapped_column(String(60), default="")
    rate: Mapped[Decimal | None]
    amount: Mapped[Decimal]
    by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (
        Index(None, "charge_id", "position", unique=True),
        CheckConstraint("code NOT LIKE 'manual%' OR reason <> ''", name="manual_reason"),
        {"info": {FILLED_BEFORE: "charge"}},
    )


class ChargeShare(Base):
    """Which account pays which part of a charge; the parts of a charge make 100 % and its total."""

    __tablename__ = "charge_share"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    percent: Mapped[Decimal]
    amount: Mapped[Decimal] = mapped_column(default=NOTHING)

    account: Mapped[Account] = relationship()

    __table_args__ = (
        Index(None, "charge_id", "account_id", unique=True),
        CheckConstraint("percent > 0 AND percent <= 10000", name="percent"),
        {"info": {FILLED_BEFORE: "charge"}},
    )


class ChargeDispute(Base):
    """An objection of the payer's side and its answer."""

    __tablename__ = "charge_dispute"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    charge_id: Mapped[int] = mapped_column(ForeignKey("charge.id"), index=True)
    by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(500))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(String(500), default="")
    outcome: Mapped[str] = mapped_column(String(10), default="")


# What a charge in the ledger says, it says for good. Its state, and the statement it is put on, may follow.
_KEPT = (
    "usage_id", "booking_id", "kind", "organisation_id", "user_organisation_id", "instrument_id", "person_id", "group_id", "used_at",
    "tariff_version_id", "total", "quote_total", "currency", "made_at", "final_at", "reverses_id",
)  # fmt: skip
_SETTLED = "(SELECT final_at FROM charge WHERE id = {row}.charge_id) IS NOT NULL"
SQLITE_KEEP = (
    "CREATE TRIGGER charge_keep BEFORE UPDATE ON charge WHEN OLD.final_at IS NOT NULL AND ("
    + " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _KEPT)
    + " OR NEW.status NOT IN ('final', 'reversed')) BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
    "CREATE TRIGGER charge_stay BEFORE DELETE ON charge BEGIN SELECT RAISE(ABORT, 'charges are never deleted'); END",
)
POSTGRESQL_KEEP = (
    "CREATE FUNCTION keep_charge() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'charges are never deleted'; END IF; "
    f"IF OLD.final_at IS NOT NULL AND (({', '.join('NEW.' + column for column in _KEPT)}) IS DISTINCT FROM "
    f"({', '.join('OLD.' + column for column in _KEPT)}) OR NEW.status NOT IN ('final', 'reversed')) THEN "
    "RAISE EXCEPTION 'a final charge is never edited'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER charge_keep BEFORE UPDATE OR DELETE ON charge FOR EACH ROW EXECUTE FUNCTION keep_charge()",
)
SHARES_KEEP = {
    "sqlite": tuple(
        f"CREATE TRIGGER charge_share_{step.lower()} BEFORE {step} ON charge_share WHEN {_SETTLED.format(row=row)} "
        "BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END"
        for step, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD"))
    ),
    "postgresql": (
        "CREATE FUNCTION keep_charge_share() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP <> 'INSERT' AND {_SETTLED.format(row='OLD')} THEN RAISE EXCEPTION 'a final charge is never edited'; END IF; "
        f"IF TG_OP = 'INSERT' AND {_SETTLED.format(row='NEW')} THEN RAISE EXCEPTION 'a final charge is never edited'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER charge_share_keep BEFORE INSERT OR UPDATE OR DELETE ON charge_share FOR EACH ROW EXECUTE FUNCTION keep_charge_share()",
    ),
}
LINES_LATE = {
    "sqlite": (
        f"CREATE TRIGGER charge_line_insert BEFORE INSERT ON charge_line WHEN {_SETTLED.format(row='NEW')} "
        "BEGIN SELECT RAISE(ABORT, 'a final charge is never edited'); END",
    ),
    "postgresql": ("CREATE TRIGGER charge_line_late BEFORE INSERT ON charge_line FOR EACH ROW EXECUTE FUNCTION keep_charge_share()",),
}
keep_rows(ChargeLine, "lines of a charge are append-only")
for _table, _statements in (
    (Charge, {"sqlite": SQLITE_KEEP, "postgresql": POSTGRESQL_KEEP}),
    (ChargeShare, SHARES_KEEP),
    (ChargeLine, LINES_LATE),
):
    for _dialect, _each in _statements.items():
        for _statement in _each:
            attach(_table, _statement, _dialect)
for _table, _name in ((Charge, "keep_charge"), (ChargeShare, "keep_charge_share")):
    attach(_table, f"DROP FUNCTION IF EXISTS {_name}() CASCADE", "postgresql", moment="after_drop")


OUTLINE = (joinedload(Charge.instrument), joinedload(Charge.person), joinedload(Charge.group), joinedload(Charge.booking))
WHOLE = (
    *OUTLINE, selectinload(Charge.lines), selectinload(Charge.shares).joinedload(ChargeShare.account), selectinload(Charge.disputes),
)  # fmt: skip


def charge(session: Session, charge_id: int) -> Charge:
    """Get a charge with its instrument, person and lines by id."""
    return _found(session, charge_id, WHOLE)


def outline(session: Session, charge_id: int) -> Charge:
    """Get a charge for a step with it, in one statement: lines, shares and objections are read, as they now are, when asked for."""
    return _found(session, charge_id, OUTLINE)


def _found(session: Session, charge_id: int, options: tuple[Any, ...]) -> Charge:
    found = session.scalar(select(Charge).where(Charge.id == charge_id).options(*options).execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    return found


def read_anew(session: Session, one: Charge) -> Charge:
    """Have the parts of a charge read again when they are asked for, after a step has changed them."""
    session.expire(one, ("lines", "shares", "disputes"))
    return one


def is_of_payer(viewer: Viewer, one: Charge) -> bool:
    """Say whether the viewer answers for the paying side: it is her own, or her group's as its PI."""
    return viewer.owns(one.person_id, one.group_id)


def may_see_charge(viewer: Viewer, one: Charge) -> bool:
    """Say whether a charge is the viewer's to see: the payer's side, the provider's, or the user's organisation's administrators."""
    return (
        is_of_payer(viewer, one)
        or viewer.may_inspect(one.instrument)
        or viewer.may_administer(one.user_organisation_id)
        or viewer.may_audit(one.user_organisation_id)
    )


def seen_charge(session: Session, charge_id: int, viewer: Viewer) -> Charge:
    """Get a charge the viewer may see; any other is not found."""
    return _shown(charge(session, charge_id), viewer)


def seen_outline(session: Session, charge_id: int, viewer: Viewer) -> Charge:
    """Get a charge the viewer may see, for a step with it; any other is not found."""
    return _shown(outline(session, charge_id), viewer)


def _shown(found: Charge, viewer: Viewer) -> Charge:
    if viewer.is_anonymous or not may_see_charge(viewer, found):
        raise NotFound
    return found
