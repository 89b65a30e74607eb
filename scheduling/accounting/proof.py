"""Prove the books: every posting adds up, balances and holds are what their rows say, charges equal their lines and what was posted.

Each look names the first row that is wrong. `run.py check` runs them; they read everything and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from scheduling.accounting.accounts import Account
from scheduling.accounting.charges import Charge, ChargeLine, ChargeShare
from scheduling.accounting.deposits import Deposit
from scheduling.accounting.divisions import IncomeDivision
from scheduling.accounting.holds import Hold
from scheduling.accounting.ledger import LedgerEntry, LedgerTransaction
from scheduling.accounting.splits import WHOLE
from scheduling.accounting.statementproof import STATEMENT_LOOKS
from scheduling.accounting.voucherproof import VOUCHER_LOOKS
from scheduling.bookings import OPEN, Booking


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, whether it is right, and the first row that is not."""

    name: str
    is_right: bool
    detail: str


def check_books(session: Session) -> list[Finding]:
    """Look at all the books."""
    return [_finding(session, *look()) for look in (*LOOKS, *STATEMENT_LOOKS, *VOUCHER_LOOKS)]


def _finding(session: Session, name: str, noun: str, wrong: Select[Any]) -> Finding:
    """Run a look: its statement gives the ids of wrong rows, in order."""
    found = session.execute(wrong.limit(1000)).scalars().all()
    return Finding(name, not found, "in order" if not found else f"{len(found)} wrong, the first is {noun} {found[0]}")


def _postings() -> tuple[str, str, Select[Any]]:
    """Every transaction has entries, and they add up to zero."""
    added = (
        select(LedgerTransaction.id)
        .outerjoin(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .group_by(LedgerTransaction.id)
        .having(or_(func.count(LedgerEntry.id) == 0, func.sum(LedgerEntry.amount) != 0))
        .order_by(LedgerTransaction.id)
    )
    return "ledger adds up", "transaction", added


def _balances() -> tuple[str, str, Select[Any]]:
    """Replaying all entries gives every balance."""
    replayed = select(LedgerEntry.account_id, func.sum(LedgerEntry.amount).label("amount")).group_by(LedgerEntry.account_id).subquery()
    wrong = select(Account.id).outerjoin(replayed, replayed.c.account_id == Account.id)
    return "account balances", "account", wrong.where(Account.balance != func.coalesce(replayed.c.amount, 0)).order_by(Account.id)


def _held() -> tuple[str, str, Select[Any]]:
    """What is held on an account is the sum of its open holds."""
    kept = select(Hold.account_id, func.sum(Hold.amount).label("amount")).where(Hold.status == "open").group_by(Hold.account_id).subquery()
    wrong = select(Account.id).outerjoin(kept, kept.c.account_id == Account.id)
    return "held amounts", "account", wrong.where(Account.held != func.coalesce(kept.c.amount, 0)).order_by(Account.id)


def _holds() -> tuple[str, str, Select[Any]]:
    """An open hold belongs to an open booking, or to one that is over and whose charge has no price yet."""
    charged = exists().where(
        Charge.booking_id == Hold.booking_id, Charge.status != "reversed", Charge.reverses_id.is_(None), Charge.total.is_not(None)
    )
    may_stay = or_(Booking.status.in_(OPEN), and_(Booking.status == "finished", ~charged))
    return "holds of bookings", "hold", select(Hold.id).join(Hold.booking).where(Hold.status == "open", ~may_stay).order_by(Hold.id)


def _lines() -> tuple[str, str, Select[Any]]:
    """A charge is the sum of its lines."""
    lines = select(ChargeLine.charge_id, func.sum(ChargeLine.amount).label("amount")).group_by(ChargeLine.charge_id).subquery()
    wrong = select(Charge.id).outerjoin(lines, lines.c.charge_id == Charge.id)
    return "lines of charges", "charge", wrong.where(Charge.total != func.coalesce(lines.c.amount, 0)).order_by(Charge.id)


def _shares() -> tuple[str, str, Select[Any]]:
    """The shares of a charge make 100 % and its total; a charge of something that was confirmed has somebody to pay it."""
    parts = (
        select(ChargeShare.charge_id, func.sum(ChargeShare.amount).label("amount"), func.sum(ChargeShare.percent).label("percent"))
        .group_by(ChargeShare.charge_id)
        .subquery()
    )
    wrong = or_(
        and_(parts.c.charge_id.is_not(None), or_(parts.c.amount != func.coalesce(Charge.total, 0), parts.c.percent != WHOLE)),
        and_(parts.c.charge_id.is_(None), Charge.total != 0, Charge.status.in_(("review", "disputed", "final"))),
    )
    found = select(Charge.id).outerjoin(parts, parts.c.charge_id == Charge.id).where(wrong)
    return "shares of charges", "charge", found.order_by(Charge.id)


def _posted() -> tuple[str, str, Select[Any]]:
    """A charge of something is in the ledger exactly when it is final (or was, before it was reversed)."""
    posting = exists().where(LedgerTransaction.noun == "charge", LedgerTransaction.noun_id == Charge.id)
    due = and_(Charge.final_at.is_not(None), Charge.total != 0)
    return "charges in the ledger", "charge", select(Charge.id).where(or_(and_(due, ~posting), and_(~due, posting))).order_by(Charge.id)


def _paid() -> tuple[str, str, Select[Any]]:
    """What the ledger took from each payer is her share, and nothing less reached the income than the total."""
    taken = (
        select(LedgerTransaction.noun_id.label("charge_id"), LedgerEntry.account_id, func.sum(LedgerEntry.amount).label("amount"))
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.noun == "charge")
        .group_by(LedgerTransaction.noun_id, LedgerEntry.account_id)
        .subquery()
    )
    wrong = (
        select(Charge.id)
        .join(ChargeShare, ChargeShare.charge_id == Charge.id)
        .outerjoin(taken, and_(taken.c.charge_id == Charge.id, taken.c.account_id == ChargeShare.account_id))
        .where(Charge.final_at.is_not(None), func.coalesce(taken.c.amount, 0) != -ChargeShare.amount)
        .order_by(Charge.id)
    )
    return "payments of charges", "charge", wrong


def _reversals() -> tuple[str, str, Select[Any]]:
    """A reversal takes back exactly what it reverses, which says so."""
    of = Charge.__table__.alias("of")
    wrong = select(Charge.id).join(of, of.c.id == Charge.reverses_id)
    return "reversals", "charge", wrong.where(or_(of.c.total != -Charge.total, of.c.status != "reversed")).order_by(Charge.id)


def _deposits() -> tuple[str, str, Select[Any]]:
    """Every deposit and refund is in the ledger as it was recorded."""
    wrong = (
        select(Deposit.id)
        .outerjoin(LedgerEntry, and_(LedgerEntry.transaction_id == Deposit.transaction_id, LedgerEntry.account_id == Deposit.account_id))
        .where(func.coalesce(LedgerEntry.amount, 0) != Deposit.amount)
        .order_by(Deposit.id)
    )
    return "deposits in the ledger", "deposit", wrong


def _divisions() -> tuple[str, str, Select[Any]]:
    """Every division of income makes 100 %, or leaves an instrument to its organisation's."""
    together = IncomeDivision.to_instrument + IncomeDivision.to_facility + IncomeDivision.to_organisation + IncomeDivision.to_management
    follows = and_(together == 0, IncomeDivision.instrument_id.is_not(None))
    wrong = select(IncomeDivision.id).where(together != WHOLE, ~follows).order_by(IncomeDivision.id)
    return "divisions of income", "division", wrong


Look = Callable[[], tuple[str, str, Select[Any]]]
LOOKS: tuple[Look, ...] = (_postings, _balances, _held, _holds, _lines, _shares, _posted, _paid, _reversals, _deposits, _divisions)
