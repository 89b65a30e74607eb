"""Make statements: everything in the ledger of an organisation and an account that is on none yet, a piece at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.people import Group, Organisation, Person
from scheduling.accounting.accounts import NOTHING, PAYERS, Account
from scheduling.accounting.charges import Charge
from scheduling.accounting.cycles import Cycle
from scheduling.accounting.ledger import LedgerEntry, LedgerTransaction
from scheduling.accounting.statements import CARRIED, COSTS, PREPAID, Statement, StatementLine, next_serial

# More of one account go onto a second statement: a statement is something a person can print.
MOST_LINES = 1000
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Issue:
    """For whom and for when statements are made, by whom."""

    organisation: Organisation
    cycle: Cycle
    until: datetime
    at: datetime
    by: int | None


def issue_statements(session: Session, issue: Issue) -> Iterator[Statement]:
    """Make the statements of an organisation for a cycle, account by account, of all that was posted before `until` and is on none yet.

    The caller holds lock_numbers, so that nobody else takes the same entries.
    """
    for account_id in session.scalars(_accounts(issue)).all():
        more = True
        while more and (rows := session.execute(_open_entries(issue, account_id)).all()):
            yield _made(session, issue, session.get_one(Account, account_id), rows)
            more = len(rows) == MOST_LINES


def _of(issue: Issue) -> tuple[Any, ...]:
    """Say which entries are an organisation's: those of its charges on anybody's account, and all on the accounts it alone puts something onto."""
    carried = and_(Account.kind.in_(CARRIED), Account.organisation_id == issue.organisation.id, LedgerTransaction.noun != "charge")
    return (
        Account.kind.in_(PAYERS),
        or_(Charge.organisation_id == issue.organisation.id, carried),
        LedgerTransaction.at < issue.until,
        ~exists().where(StatementLine.entry_id == LedgerEntry.id),
    )


def _joined(asked: Any) -> Any:
    return (
        asked.select_from(LedgerEntry)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(Account, Account.id == LedgerEntry.account_id)
        .outerjoin(Charge, and_(LedgerTransaction.noun == "charge", Charge.id == LedgerTransaction.noun_id))
    )


def _accounts(issue: Issue) -> Any:
    """Ask for all accounts with something open at once: one look through the ledger, and only ids are kept of it."""
    return _joined(select(LedgerEntry.account_id)).where(*_of(issue)).distinct().order_by(LedgerEntry.account_id)


def _open_entries(issue: Issue, account_id: int) -> Any:
    names = (
        LedgerEntry.id, LedgerEntry.amount, LedgerTransaction.kind, LedgerTransaction.at, LedgerTransaction.reason, Charge.id.label("charge_id"),
        Charge.used_at, Charge.person_id, Person.name, Instrument.name_zh, Instrument.name_en,
    )  # fmt: skip
    return (
        _joined(select(*names))
        .outerjoin(Person, Person.id == Charge.person_id)
        .outerjoin(Instrument, Instrument.id == Charge.instrument_id)
        .where(*_of(issue), LedgerEntry.account_id == account_id)
        .order_by(func.coalesce(Charge.used_at, LedgerTransaction.at), LedgerEntry.id)
        .limit(MOST_LINES)
    )


def _made(session: Session, issue: Issue, account: Account, rows: Sequence[Any]) -> Statement:
    charged = -sum((row.amount for row in rows if row.kind in COSTS), NOTHING)
    paid_in = sum((row.amount for row in rows if row.kind not in COSTS), NOTHING)
    opening = _opening(session, issue, account)
    serial, owner = next_serial(session, issue.organisation.id, issue.cycle.first.year), issue.organisation
    payer_zh, payer_en = _payer(session, account)
    made = Statement(
        organisation_id=owner.id, account_id=account.id, year=issue.cycle.first.year, serial=serial,
        number=f"{owner.code}-{issue.cycle.first.year}-{serial:05d}"[:40], month=issue.cycle.first, months=issue.cycle.months,
        provider_zh=owner.name_zh, provider_en=owner.name_en,
        payer_zh=payer_zh, payer_en=payer_en, account_number=account.number, account_name=account.name, account_kind=account.kind,
        line_count=len(rows), charged=charged, paid_in=paid_in, opening=opening,
        closing=None if opening is None else opening + paid_in - charged, due=NOTHING if account.kind in PREPAID else charged,
        closed_at=issue.at, closed_by=issue.by,
    )  # fmt: skip
    session.add(made)
    session.flush()  # its lines need its id
    _add_lines(session, made, rows)
    return made


def _opening(session: Session, issue: Issue, account: Account) -> Decimal | None:
    """Give what the statement before ended with, where the account is this organisation's alone."""
    if account.kind not in CARRIED or account.organisation_id != issue.organisation.id:
        return None
    last = select(Statement.closing).where(Statement.account_id == account.id, Statement.organisation_id == issue.organisation.id)
    return session.scalar(last.order_by(Statement.id.desc()).limit(1)) or NOTHING


def _payer(session: Session, account: Account) -> tuple[str, str]:
    """Name whose account it is: the organisation, and the group where it is a group's."""
    holder = session.get_one(Organisation, account.holder_id or account.organisation_id)
    if account.group_id is None:
        return holder.name_zh, holder.name_en
    group = session.get_one(Group, account.group_id)
    english = f"{group.name_en or group.name_zh}, {holder.name_en or holder.name_zh}" if group.name_en or holder.name_en else ""
    return f"{holder.name_zh} {group.name_zh}", english


def _add_lines(session: Session, made: Statement, rows: Sequence[Any]) -> None:
    for begin in range(0, len(rows), AT_ONCE):
        some = rows[begin : begin + AT_ONCE]
        session.execute(insert(StatementLine), [_line(made.id, begin + place, row) for place, row in enumerate(some, 1)])
        charges = [row.charge_id for row in some if row.charge_id is not None]
        first = update(Charge).where(Charge.id.in_(charges), Charge.statement_id.is_(None)).values(statement_id=made.id)
        session.execute(first.execution_options(synchronize_session=False))


def _line(statement_id: int, position: int, row: Any) -> dict[str, Any]:
    return {
        "statement_id": statement_id, "position": position, "entry_id": row.id, "charge_id": row.charge_id, "kind": row.kind, "at": row.at,
        "used_at": row.used_at, "person_id": row.person_id, "person": row.name or "", "instrument_zh": row.name_zh or "",
        "instrument_en": row.name_en or "", "reference": row.reason, "amount": row.amount,
    }  # fmt: skip
