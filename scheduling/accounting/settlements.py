"""Settle a statement: by transfer, by inner transfer, or from money already received; marked by the provider with its reference and day.

The ledger follows where the money goes. An account the provider keeps is filled again from outside. What another organisation keeps moves from
its money to the provider's. Between accounts of one organisation the charge has moved it already, and the mark alone is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.money import yuan
from scheduling.accounting.accounts import NOTHING, Account, outside_of
from scheduling.accounting.deposits import Deposit
from scheduling.accounting.ledger import LedgerTransaction, keep_rows, post
from scheduling.accounting.statements import Statement, statement
from scheduling.deciding import check_reason

WAYS = {
    "transfer": Sentence("银行转账", "Bank transfer"),
    "inner": Sentence("校内/内部转账", "Inner transfer"),
    "balance": Sentence("用已到账款项抵扣", "From money received before"),
}


class Settlement(Base):
    """So much of a statement settled, as the provider saw it; a mark made in error is taken back by another, with the reason."""

    __tablename__ = "settlement"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statement.id"), index=True)
    amount: Mapped[Decimal]
    way: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str] = mapped_column(String(80))
    moved_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(500), default="")
    transaction_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transaction.id"), unique=True)
    takes_back_id: Mapped[int | None] = mapped_column(ForeignKey("settlement.id"), unique=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount"),
        CheckConstraint("way IN ('transfer', 'inner', 'balance')", name="way"),
        CheckConstraint("takes_back_id IS NULL OR note <> ''", name="reason"),
        Index(None, "reference"),
    )


keep_rows(Settlement, "settlements are append-only")


@dataclass(frozen=True, slots=True)
class Payment:
    """What the provider saw: how much, how, its reference, and on which day it moved."""

    amount: Decimal
    way: str
    reference: str
    moved_on: date
    note: str = ""


def settled_amounts(session: Session, statement_ids: Iterable[int]) -> Mapping[int, Decimal]:
    """Give what is settled of statements, by id; one statement."""
    asked = select(Settlement.statement_id, func.sum(Settlement.amount)).where(Settlement.statement_id.in_(list(statement_ids)))
    return {row[0]: row[1] for row in session.execute(asked.group_by(Settlement.statement_id))}


def paid_condition() -> ColumnElement[bool]:
    """Give the condition on Statement for those of which nothing is left to settle."""
    paid = select(func.coalesce(func.sum(Settlement.amount), 0)).where(Settlement.statement_id == Statement.id).scalar_subquery()
    return Statement.due == paid


def settlements_of(session: Session, statement_id: int) -> Sequence[Settlement]:
    """Give the marks on a statement in the order they were made."""
    return session.scalars(select(Settlement).where(Settlement.statement_id == statement_id).order_by(Settlement.id)).all()


def left_of(session: Session, one: Statement) -> Decimal:
    """Give what is still to be settled of a statement; below zero where the provider owes it."""
    return one.due - settled_amounts(session, [one.id]).get(one.id, NOTHING)


def ways_of(one: Statement) -> tuple[str, ...]:
    """Give the ways in which a statement can be settled."""
    if one.account_kind == "credit":
        return ("transfer", "inner", "balance")
    return ("inner", "transfer")


def settle(session: Session, statement_id: int, payment: Payment, *, viewer: Viewer, now: datetime) -> Settlement:
    """Mark a statement, or a part of it, as settled; never more than is left of it, and no transfer twice."""
    one = _locked(session, statement_id, viewer)
    amount = _checked(session, one, payment, now)
    return _add(session, one, payment, amount, viewer, now)


def take_back(session: Session, settlement_id: int, reason: str, *, viewer: Viewer, now: datetime) -> Settlement:
    """Take back a mark made in error, with the reason; doing it again gives the same."""
    wrong = session.get(Settlement, settlement_id)
    if wrong is None:
        raise NotFound
    one = _locked(session, wrong.statement_id, viewer)
    if wrong.takes_back_id is not None:
        raise OutOfOrder(
            Sentence("撤回记录本身不能再撤回，请重新登记。", "What takes a mark back stays; mark it as settled again instead.")
        )
    known = session.scalar(select(Settlement).where(Settlement.takes_back_id == wrong.id))
    if known is not None:
        return known
    back = Payment(wrong.amount, wrong.way, wrong.reference, wrong.moved_on, check_reason(reason, needed=True))
    return _add(session, one, back, -wrong.amount, viewer, now, takes_back_id=wrong.id)


def _locked(session: Session, statement_id: int, viewer: Viewer) -> Statement:
    one = statement(session, statement_id)
    if not viewer.may_administer(one.organisation_id):
        raise Forbidden
    session.execute(select(Statement.id).where(Statement.id == statement_id).with_for_update())
    return one


def _checked(session: Session, one: Statement, payment: Payment, now: datetime) -> Decimal:
    amount, left = yuan(payment.amount), left_of(session, one)
    if not left:
        raise OutOfOrder(Sentence("该结算单已结清。", "There is nothing left to settle of this statement."))
    if not amount or (amount > 0) != (left > 0) or abs(amount) > abs(left):
        raise Invalid("amount", Sentence(f"金额须在 0 与 {left} 元之间。", f"The amount lies between 0 and {left} yuan."))
    if payment.way not in ways_of(one):
        raise Invalid("way", Sentence("请选择结算方式。", "Choose how it was settled."))
    _check_texts(payment)
    if payment.moved_on > (now + timedelta(days=1)).date():
        raise Invalid("moved_on", Sentence("日期不能在将来。", "The day cannot lie in the future."))
    same = select(func.sum(Settlement.amount)).where(
        Settlement.statement_id == one.id, Settlement.reference == payment.reference.strip(), Settlement.moved_on == payment.moved_on
    )
    if session.scalar(same):
        raise Invalid("reference", Sentence("该凭证号已登记过。", "A transfer with this reference is marked already."))
    if payment.way == "balance" and amount > _unused_deposits(session, one.account_id):
        raise Invalid("way", Sentence("账户上已到账的款项不足以抵扣。", "Not enough has been received on the account before."))
    return amount


def _check_texts(payment: Payment) -> None:
    if not payment.reference.strip():
        raise Invalid("reference", Sentence("请填写凭证号。", "Give its reference."))
    for field, text, most in (("reference", payment.reference, 80), ("note", payment.note, 500)):
        if len(text.strip()) > most or "\x00" in text:
            raise Invalid(field, Sentence(f"不超过 {most} 字。", f"At most {most} characters."))


def _unused_deposits(session: Session, account_id: int) -> Decimal:
    received = session.scalar(select(func.sum(Deposit.amount)).where(Deposit.account_id == account_id)) or NOTHING
    of = select(func.sum(Settlement.amount)).join(Statement, Statement.id == Settlement.statement_id)
    used = session.scalar(of.where(Statement.account_id == account_id, Settlement.way == "balance")) or NOTHING
    return received - used


def _add(
    session: Session, one: Statement, payment: Payment, amount: Decimal, viewer: Viewer, now: datetime, takes_back_id: int | None = None
) -> Settlement:
    posted = _post(session, one, payment, amount, viewer, now)
    made = Settlement(
        statement_id=one.id, amount=amount, way=payment.way, reference=payment.reference.strip(), moved_on=payment.moved_on,
        note=payment.note.strip(), transaction_id=posted.id if posted else None, takes_back_id=takes_back_id, made_by=viewer.person_id, made_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()  # callers hand the id on
    return made


def _post(session: Session, one: Statement, payment: Payment, amount: Decimal, viewer: Viewer, now: datetime) -> LedgerTransaction | None:
    between = _entries(session, one, one.account, payment.way, now)
    if between is None:
        return None
    into, out_of = between
    marks = len(settlements_of(session, one.id))
    return post(
        session, key=f"statement/{one.id}/{marks + 1}", kind="payment", entries=[(into, amount), (out_of, -amount)], at=now,
        by=viewer.person_id, reason=payment.reference.strip(), noun="statement", noun_id=one.id,
    )  # fmt: skip


def _entries(session: Session, one: Statement, account: Account, way: str, now: datetime) -> tuple[Account, Account] | None:
    """Give the account that is filled and the one the money is taken from; None where everything has moved already."""
    if way == "balance":
        return None
    provider = outside_of(session, one.organisation_id, now)
    if one.account_kind == "credit":
        return account, provider
    if account.organisation_id == one.organisation_id:
        return None
    return outside_of(session, account.organisation_id, now), provider
