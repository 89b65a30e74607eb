"""Holds: money of an account kept back for a booking, until it is charged or the booking comes to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from instruments.database import Base, Key
from instruments.errors import Sentence
from scheduling.accounting.accounts import Account, lock_accounts
from scheduling.bookings import Booking

STATUSES = {
    "open": Sentence("冻结中", "Held"),
    "released": Sentence("已释放", "Released"),
    "charged": Sentence("已转收费", "Charged"),
}
APPROVALS = {
    "none": Sentence("无需审批", "Needs no approval"),
    "asked": Sentence("待负责人批准", "Waits for the PI"),
    "given": Sentence("负责人已批准", "Approved by the PI"),
    "refused": Sentence("负责人未批准", "Not approved by the PI"),
}


class Hold(Base):
    """So much of an account kept for a booking; above the account's threshold its PI approves the spend before the use begins."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    amount: Mapped[Decimal]
    status: Mapped[str] = mapped_column(String(8), default="open")
    approval: Mapped[str] = mapped_column(String(8), default="none")
    reason: Mapped[str] = mapped_column(String(500), default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    placed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()
    booking: Mapped[Booking] = relationship()

    __table_args__ = (
        CheckConstraint("amount >= 0", name="amount"),
        CheckConstraint("(status = 'open') = (ended_at IS NULL)", name="ended"),
        Index("ix_hold_open", "account_id", "person_id", sqlite_where=text("status = 'open'"), postgresql_where=text("status = 'open'")),
        Index(
            "uq_hold_open", "booking_id", "account_id", unique=True,
            sqlite_where=text("status = 'open'"), postgresql_where=text("status = 'open'"),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A hold that is wanted: for which booking of whom, on which account, how much, and whether its PI is asked."""

    booking_id: int
    person_id: int
    account_id: int
    amount: Decimal
    asks: bool = False


def place(session: Session, wanted: Sequence[Wanted], *, now: datetime) -> list[Hold]:
    """Keep money for bookings, all at once under the locks of their accounts. Whether there is enough is asked before (spending)."""
    accounts = lock_accounts(session, {one.account_id for one in wanted})
    made = [
        Hold(
            account_id=one.account_id, booking_id=one.booking_id, person_id=one.person_id, amount=one.amount, placed_at=now,
            status="open", approval="asked" if one.asks else "none", ended_at=None,
        )
        for one in wanted
    ]  # fmt: skip
    session.add_all(made)
    session.flush()  # the index answers here: one open hold of a booking on an account
    for hold in made:
        _keep(session, accounts[hold.account_id], hold.amount)
    return made


def open_holds(session: Session, booking_ids: Iterable[int]) -> Sequence[Hold]:
    """Give the open holds of bookings, as they now are."""
    ids = list(booking_ids)
    if not ids:
        return []
    where = (Hold.booking_id.in_(ids), Hold.status == "open")
    return session.scalars(select(Hold).where(*where).order_by(Hold.id).execution_options(populate_existing=True)).all()


def release(session: Session, booking_ids: Iterable[int], *, now: datetime) -> list[Hold]:
    """Give back what is held for bookings that came to nothing; nothing held, nothing done."""
    return end_holds(session, booking_ids, "released", now=now)


def end_holds(session: Session, booking_ids: Iterable[int], status: str, *, now: datetime) -> list[Hold]:
    """End the open holds of bookings as released or charged."""
    ids = list(booking_ids)
    seen = open_holds(session, ids)
    if not seen:
        return []
    accounts = lock_accounts(session, {hold.account_id for hold in seen})
    ended = list(open_holds(session, ids))  # again, under the locks
    for hold in ended:
        hold.status, hold.ended_at = status, now
        _keep(session, accounts[hold.account_id], -hold.amount)
    session.flush()  # a new hold of the same booking may follow in this transaction
    return ended


def _keep(session: Session, one: Account, amount: Decimal) -> None:
    session.execute(
        update(Account).where(Account.id == one.id).values(held=Account.held + amount).execution_options(synchronize_session=False)
    )
    set_committed_value(one, "held", one.held + amount)
