"""The ledger: double entry in fen, append-only. `post` and `post_all` are the only way in.

A transaction names who, when, why and of what; its entries add up to zero. PostgreSQL also refuses at the commit whatever does not, and both
databases refuse to change or delete what was posted (triggers), so a mistake is put right by another transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, bindparam, insert, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship
from sqlalchemy.orm.attributes import set_committed_value

from instruments.database import Base, Key, Yuan, attach
from instruments.errors import Sentence
from instruments.kept import keep_rows as keep_rows
from instruments.money import yuan
from scheduling.accounting.accounts import NOTHING, Account, lock_accounts

TRANSACTION_KINDS = {
    "deposit": Sentence("到账", "Deposit"),
    "refund": Sentence("退款", "Refund"),
    "charge": Sentence("收费", "Charge"),
    "reversal": Sentence("冲销", "Reversal"),
    "voucher": Sentence("创新券", "Voucher"),
    "payment": Sentence("结算", "Settlement"),
    "adjustment": Sentence("调整", "Adjustment"),
}


class LedgerTransaction(Base):
    """One posting; `key` says what it is of, so that the same thing is never posted twice."""

    __tablename__ = "ledger_transaction"
    __audited__ = False  # append-only, and says itself who made it and why

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    at: Mapped[datetime] = mapped_column(index=True)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500), default="")
    noun: Mapped[str] = mapped_column(String(30), default="")
    noun_id: Mapped[int | None] = mapped_column(Key)

    entries: Mapped[list[LedgerEntry]] = relationship(order_by="LedgerEntry.id", viewonly=True)

    __table_args__ = (Index(None, "noun", "noun_id"),)


class LedgerEntry(Base):
    """So much into (positive) or out of (negative) one account."""

    __tablename__ = "ledger_entry"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transaction.id"), index=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    amount: Mapped[Decimal]

    transaction: Mapped[LedgerTransaction] = relationship(viewonly=True)

    __table_args__ = (CheckConstraint("amount <> 0", name="amount"), Index(None, "account_id", "id"))


BALANCED = (
    """CREATE FUNCTION check_ledger_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF (SELECT sum(amount) FROM ledger_entry WHERE transaction_id = NEW.transaction_id) <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % does not add up to zero', NEW.transaction_id;
      END IF;
      RETURN NULL;
    END $$""",
    "CREATE CONSTRAINT TRIGGER ledger_entry_balance AFTER INSERT ON ledger_entry DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION check_ledger_balance()",
)
keep_rows(LedgerTransaction, "the ledger is append-only")
keep_rows(LedgerEntry, "the ledger is append-only")
for _statement in BALANCED:
    attach(LedgerEntry, _statement, "postgresql")
attach(LedgerEntry, "DROP FUNCTION IF EXISTS check_ledger_balance()", "postgresql", moment="after_drop")


class Unbalanced(ValueError):
    """A posting that does not add up to zero, or another posting under a known key: a fault of the program, not of a person."""


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be posted: `key` says what it is of, `entries` are (account or its id, amount)."""

    key: str
    kind: str
    entries: tuple[tuple[Account | int, Decimal], ...]
    at: datetime
    by: int | None
    reason: str = ""
    noun: str = ""
    noun_id: int | None = None


def post(
    session: Session, *, key: str, kind: str, entries: Iterable[tuple[Account | int, Decimal]], at: datetime, by: int | None,
    reason: str = "", noun: str = "", noun_id: int | None = None,
) -> LedgerTransaction:  # fmt: skip
    """Post amounts onto accounts, under their locks; a key posted before gives that posting again and changes nothing.

    Entries name an account or its id; several of one account become one, those of nothing are left out. Raises Unbalanced.
    """
    (made,) = post_all(session, [Posting(key, kind, tuple(entries), at, by, reason, noun, noun_id)])
    return made


def post_all(session: Session, postings: Sequence[Posting]) -> list[LedgerTransaction]:
    """Post many things at once, each as `post` does; as many statements for all of them as for one."""
    for one in postings:
        if one.kind not in TRANSACTION_KINDS:
            raise Unbalanced(f"{one.kind} is no kind of posting")
    amounts = {one.key: _added_up(one.entries) for one in postings}
    accounts = lock_accounts(session, {account_id for each in amounts.values() for account_id in each})
    # Under the locks: whoever posted the same key first has committed by now.
    posted = session.scalars(select(LedgerTransaction).where(LedgerTransaction.key.in_(amounts))).all()
    found = {one.key: _same(one, amounts[one.key]) for one in posted}
    fresh = {one.key: _transaction(one) for one in postings if one.key not in found}
    if fresh:
        session.add_all(fresh.values())
        session.flush()  # the entries need their ids
        _write_entries(session, accounts, [(made.id, amounts[key]) for key, made in fresh.items()])
    return [(found | fresh)[one.key] for one in postings]


def _transaction(one: Posting) -> LedgerTransaction:
    return LedgerTransaction(
        key=one.key, kind=one.kind, at=one.at, made_by=one.by, reason=one.reason[:500], noun=one.noun, noun_id=one.noun_id
    )


def _write_entries(session: Session, accounts: Mapping[int, Account], made: Sequence[tuple[int, Mapping[int, Decimal]]]) -> None:
    """Write the entries of transactions, and what they come to on each account."""
    rows: list[dict[str, int | Decimal]] = []
    sums: dict[int, Decimal] = {}
    for transaction_id, amounts in made:
        for account_id, amount in amounts.items():
            rows.append({"transaction_id": transaction_id, "account_id": account_id, "amount": amount})
            sums[account_id] = sums.get(account_id, NOTHING) + amount
    session.execute(insert(LedgerEntry), rows)
    _add(session, accounts, sums)


def _add(session: Session, accounts: Mapping[int, Account], sums: Mapping[int, Decimal]) -> None:
    # Past the audit log on purpose: the entry itself is the record of it.
    session.connection().execute(ADD, [{"account": account_id, "more": amount} for account_id, amount in sorted(sums.items())])
    for account_id, amount in sums.items():
        set_committed_value(accounts[account_id], "balance", accounts[account_id].balance + amount)


ADD = update(Account).where(Account.id == bindparam("account")).values(balance=Account.balance + bindparam("more", type_=Yuan))


def _added_up(entries: Iterable[tuple[Account | int, Decimal]]) -> dict[int, Decimal]:
    amounts: dict[int, Decimal] = {}
    for account, amount in entries:
        key = account if isinstance(account, int) else account.id
        amounts[key] = amounts.get(key, NOTHING) + yuan(amount)
    if sum(amounts.values(), NOTHING) != 0:
        raise Unbalanced(f"the entries add up to {sum(amounts.values(), NOTHING)}")
    found = {key: amount for key, amount in sorted(amounts.items()) if amount}
    if not found:
        raise Unbalanced("there is nothing to post")
    return found


def _same(known: LedgerTransaction, amounts: dict[int, Decimal]) -> LedgerTransaction:
    if {entry.account_id: entry.amount for entry in known.entries} != amounts:
        raise Unbalanced(f"{known.key} was posted with other entries")
    return known


def posting(session: Session, key: str) -> LedgerTransaction | None:
    """Find a posting by its key."""
    return session.scalar(select(LedgerTransaction).where(LedgerTransaction.key == key))


def entries_of(session: Session, account_id: int, *, before: int | None = None, limit: int = 50) -> Sequence[LedgerEntry]:
    """Give the entries of an account with their transactions, the newest first; `before` is the id the last page ended with."""
    asked = select(LedgerEntry).join(LedgerEntry.transaction).where(LedgerEntry.account_id == account_id)
    if before is not None:
        asked = asked.where(LedgerEntry.id < before)
    return session.scalars(asked.order_by(LedgerEntry.id.desc()).limit(limit)).all()
