"""The journal (凭证明细) for a finance system: every posting of an organisation's month, both sides, each row with an id that never changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import Organisation
from instruments.timespan import zone
from scheduling.accounting.accounts import Account
from scheduling.accounting.charges import Charge
from scheduling.accounting.cycles import Cycle
from scheduling.accounting.ledger import LedgerEntry, LedgerTransaction
from scheduling.accounting.statements import Statement, StatementLine, first_of

AT_ONCE = 1000
COLUMNS = (
    "entry_id", "transaction_id", "date", "time", "kind", "account_number", "account_name", "account_kind", "keeper", "holder", "debit", "credit",
    "currency", "charge_id", "instrument", "statement", "reference", "posting_key",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One side of one posting. Debit is what goes out of an account, credit what comes in; either is None."""

    entry_id: int
    transaction_id: int
    at: datetime
    kind: str
    account_number: str
    account_name: str
    account_kind: str
    keeper: str
    holder: str
    amount: Decimal
    charge_id: int | None
    instrument: str
    statement: str
    reference: str
    key: str

    @property
    def debit(self) -> Decimal | None:
        """Give what goes out."""
        return -self.amount if self.amount < 0 else None

    @property
    def credit(self) -> Decimal | None:
        """Give what comes in."""
        return self.amount if self.amount > 0 else None


def journal_of(session: Session, organisation: Organisation, month: date, months: int = 1) -> Iterator[JournalRow]:
    """Give the postings of a month, or of so many from it on, that concern an organisation, in the order of the ledger, a slice of them in memory at a time."""
    span = Cycle(first_of(month), months).span(organisation.time_zone)
    posted = (LedgerTransaction.at >= span.start, LedgerTransaction.at < span.end)
    ends = select(func.min(LedgerEntry.id), func.max(LedgerEntry.id)).join(LedgerEntry.transaction).where(*posted)
    first, last = session.execute(ends).one()
    for begin in range(first, last + 1, AT_ONCE) if last is not None else ():
        yield from (_row(row) for row in session.execute(_slice(organisation.id, posted, begin)))


def cells_of(row: JournalRow, time_zone: str) -> tuple[str | int | float, ...]:
    """Give a row's cells in the order of COLUMNS; amounts are texts, so that no fen is lost."""
    local = row.at.astimezone(zone(time_zone))
    return (
        f"E{row.entry_id}", f"T{row.transaction_id}", local.date().isoformat(), local.strftime("%H:%M:%S"), row.kind, row.account_number,
        row.account_name, row.account_kind, row.keeper, row.holder, _amount(row.debit), _amount(row.credit), "CNY",
        "" if row.charge_id is None else f"C{row.charge_id}", row.instrument, row.statement, row.reference, row.key,
    )  # fmt: skip


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else str(amount)


def _slice(organisation_id: int, posted: tuple[ColumnElement[bool], ...], begin: int) -> Select[Any]:
    """Ask for the rows among so many entries of the ledger, taken out of it first: else each slice would look through the whole month."""
    entries = LedgerEntry.__table__
    window = (entries.c.id >= begin, entries.c.id < begin + AT_ONCE)
    entry = select(entries).where(*window).order_by(entries.c.id).limit(AT_ONCE).subquery("entry")
    keeper, holder = Organisation.__table__.alias("keeper"), Organisation.__table__.alias("holder")
    other = LedgerEntry.__table__.alias("other")
    ours = Account.__table__.alias("ours")
    concerns = exists(
        select(other.c.id)
        .join(ours, ours.c.id == other.c.account_id)
        .where(other.c.transaction_id == LedgerTransaction.id, ours.c.organisation_id == organisation_id)
    )
    return (
        select(
            entry.c.id, entry.c.transaction_id, LedgerTransaction.at, LedgerTransaction.kind, Account.number, Account.name,
            Account.kind.label("account_kind"), keeper.c.code.label("keeper"), holder.c.code.label("holder"), entry.c.amount,
            Charge.id.label("charge_id"), Instrument.inner_id, Statement.number.label("statement"), LedgerTransaction.reason, LedgerTransaction.key,
        )
        .select_from(entry)
        .join(LedgerTransaction, LedgerTransaction.id == entry.c.transaction_id)
        .join(Account, Account.id == entry.c.account_id)
        .join(keeper, keeper.c.id == Account.organisation_id)
        .outerjoin(holder, holder.c.id == Account.holder_id)
        .outerjoin(Charge, and_(LedgerTransaction.noun == "charge", Charge.id == LedgerTransaction.noun_id))
        .outerjoin(Instrument, Instrument.id == Charge.instrument_id)
        .outerjoin(StatementLine, StatementLine.entry_id == entry.c.id)
        .outerjoin(Statement, Statement.id == StatementLine.statement_id)
        .where(*posted, or_(Charge.organisation_id == organisation_id, concerns))
        .order_by(entry.c.id)
    )  # fmt: skip


def _row(row: Any) -> JournalRow:
    return JournalRow(
        row.id, row.transaction_id, row.at, row.kind, row.number, row.name, row.account_kind, row.keeper, row.holder or "", row.amount,
        row.charge_id, row.inner_id or "", row.statement or "", row.reason, row.key,
    )  # fmt: skip
