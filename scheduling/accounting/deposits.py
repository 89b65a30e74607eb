"""Deposits and refunds: money that came by transfer or went back, with the evidence the keeper saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, OutOfOrder, Sentence
from instruments.money import yuan
from scheduling.accounting.accounts import OPENED_BY_HAND, Account, account, lock_accounts, outside_of
from scheduling.accounting.ledger import keep_rows, post


class Deposit(Base):
    """One transfer onto an account, or back (amount below zero), as its keeper found it in the bank's or the finance office's list."""

    __tablename__ = "deposit"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    amount: Mapped[Decimal]
    reference: Mapped[str] = mapped_column(String(80))
    payer: Mapped[str] = mapped_column(String(200), default="")
    moved_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(500), default="")
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transaction.id"), unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    # The same transfer is not booked twice; money that goes back may carry the reference it came with.
    __table_args__ = (CheckConstraint("amount <> 0", name="amount"), UniqueConstraint("account_id", "reference", "amount"))


keep_rows(Deposit, "deposits are append-only")


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is known of a transfer: how much, its reference, who paid, and on which day it moved."""

    amount: Decimal
    reference: str
    moved_on: date
    payer: str = ""
    note: str = ""


def deposit(session: Session, account_id: int, transfer: Transfer, *, viewer: Viewer, now: datetime) -> Deposit:
    """Record money that came in. The same reference with the same amount again is refused."""
    return _move(session, account_id, transfer, "deposit", viewer, now)


def refund(session: Session, account_id: int, transfer: Transfer, *, viewer: Viewer, now: datetime) -> Deposit:
    """Record money that went back to its owner; never more than is free on the account."""
    return _move(session, account_id, transfer, "refund", viewer, now)


def _move(session: Session, account_id: int, transfer: Transfer, kind: str, viewer: Viewer, now: datetime) -> Deposit:
    one = account(session, account_id)
    if not viewer.may_administer(one.organisation_id):
        raise Forbidden
    outside = outside_of(session, one.organisation_id, now)
    accounts = lock_accounts(session, [account_id, outside.id])
    amount = _checked(session, accounts[account_id], transfer, kind, now)
    made = post(
        session, key=f"{kind}/{uuid4().hex}", kind=kind, entries=[(one, amount), (outside, -amount)], at=now, by=viewer.person_id,
        reason=transfer.reference.strip(), noun="account", noun_id=account_id,
    )  # fmt: skip
    kept = Deposit(
        account_id=account_id, amount=amount, reference=transfer.reference.strip(), payer=transfer.payer.strip(), moved_on=transfer.moved_on,
        note=transfer.note.strip(), transaction_id=made.id, made_by=viewer.person_id, made_at=now,
    )  # fmt: skip
    session.add(kept)
    session.flush()  # a second deposit of the same transfer is refused here, within the transaction
    return kept


def _checked(session: Session, one: Account, transfer: Transfer, kind: str, now: datetime) -> Decimal:
    """Give the signed amount of a transfer that may be recorded."""
    amount = yuan(transfer.amount)
    if amount <= 0:
        raise Invalid("amount", Sentence("金额须大于零。", "The amount must be above zero."))
    if one.kind not in OPENED_BY_HAND:
        raise OutOfOrder(Sentence("该账户不能直接到账。", "Money cannot be paid into this account directly."))
    _check_texts(transfer)
    if transfer.moved_on > (now + timedelta(days=1)).date():
        raise Invalid("moved_on", Sentence("到账日期不能在将来。", "The transfer cannot lie in the future."))
    signed = amount if kind == "deposit" else -amount
    if kind == "refund" and one.balance - one.held < amount:
        raise Invalid("amount", Sentence("退款不能超过账户可用余额。", "A refund cannot be more than is free on the account."))
    where = (Deposit.account_id == one.id, Deposit.reference == transfer.reference.strip(), Deposit.amount == signed)
    if session.scalar(select(Deposit.id).where(*where)):
        raise Invalid("reference", Sentence("该凭证号已登记过。", "A transfer with this reference is recorded already."))
    return signed


def _check_texts(transfer: Transfer) -> None:
    if not transfer.reference.strip():
        raise Invalid("reference", Sentence("请填写转账凭证号。", "Give the reference of the transfer."))
    for field, text, most in (("reference", transfer.reference, 80), ("payer", transfer.payer, 200), ("note", transfer.note, 500)):
        if len(text.strip()) > most or "\x00" in text:
            raise Invalid(field, Sentence(f"不超过 {most} 字。", f"At most {most} characters."))
