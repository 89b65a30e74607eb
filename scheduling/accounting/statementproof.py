"""Prove the statements: they equal their lines, the lines equal the ledger, and the numbers have no gaps. Part of check_books (proof)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, extract, func, or_, select
from sqlalchemy.orm import aliased

from scheduling.accounting.charges import Charge
from scheduling.accounting.closingcycles import PeriodClose
from scheduling.accounting.ledger import LedgerEntry, LedgerTransaction
from scheduling.accounting.settlements import Settlement
from scheduling.accounting.statements import CLOSING, COSTS, Statement, StatementCounter, StatementLine


def _sums() -> tuple[str, str, Select[Any]]:
    """A statement has as many lines as it says, in order, and they add up to what it says."""
    is_cost = StatementLine.kind.in_(COSTS)
    lines = (
        select(
            StatementLine.statement_id,
            func.count(StatementLine.id).label("count"),
            func.max(StatementLine.position).label("last"),
            func.sum(case((is_cost, -StatementLine.amount), else_=0)).label("charged"),
            func.sum(case((is_cost, 0), else_=StatementLine.amount)).label("paid_in"),
        )
        .group_by(StatementLine.statement_id)
        .subquery()
    )
    wrong = or_(
        lines.c.statement_id.is_(None),
        lines.c.count != Statement.line_count,
        lines.c.last != Statement.line_count,
        lines.c.charged != Statement.charged,
        lines.c.paid_in != Statement.paid_in,
    )
    found = select(Statement.id).outerjoin(lines, lines.c.statement_id == Statement.id).where(wrong)
    return "lines of statements", "statement", found.order_by(Statement.id)


def _entries() -> tuple[str, str, Select[Any]]:
    """A line is an entry of the ledger, on the statement's account, and of the statement's organisation."""
    wrong = or_(
        LedgerEntry.amount != StatementLine.amount,
        LedgerEntry.account_id != Statement.account_id,
        LedgerTransaction.kind != StatementLine.kind,
        and_(Charge.id.is_not(None), Charge.organisation_id != Statement.organisation_id),
    )
    found = (
        select(StatementLine.id)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(LedgerEntry, LedgerEntry.id == StatementLine.entry_id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .outerjoin(Charge, Charge.id == StatementLine.charge_id)
    )
    return "statements in the ledger", "line", found.where(wrong).order_by(StatementLine.id)


def _numbers() -> tuple[str, str, Select[Any]]:
    """An organisation's numbers of a year run from 1 to the last one given out."""
    given = (
        select(
            Statement.organisation_id,
            Statement.year,
            func.count(Statement.id).label("count"),
            func.max(Statement.serial).label("last"),
            func.min(Statement.id).label("first"),
        )
        .group_by(Statement.organisation_id, Statement.year)
        .subquery()
    )
    same = and_(given.c.organisation_id == StatementCounter.organisation_id, given.c.year == StatementCounter.year)
    wrong = or_(
        func.coalesce(given.c.count, 0) != StatementCounter.last,
        func.coalesce(given.c.last, 0) != StatementCounter.last,
    )
    found = select(StatementCounter.organisation_id).outerjoin(given, same).where(StatementCounter.year != CLOSING, wrong)
    return "numbers of statements", "organisation", found.order_by(StatementCounter.organisation_id)


def _balances() -> tuple[str, str, Select[Any]]:
    """A statement begins with what the one before of the same account ended with."""
    earlier = func.lag(Statement.closing).over(partition_by=(Statement.organisation_id, Statement.account_id), order_by=Statement.id)
    rows = select(Statement.id, Statement.opening, earlier.label("earlier")).where(Statement.opening.is_not(None)).subquery()
    wrong = select(rows.c.id).where(rows.c.opening != func.coalesce(rows.c.earlier, 0)).order_by(rows.c.id)
    return "balances of statements", "statement", wrong


def _charges() -> tuple[str, str, Select[Any]]:
    """A charge that names a statement is on it."""
    line = exists().where(StatementLine.statement_id == Charge.statement_id, StatementLine.charge_id == Charge.id)
    return "charges on statements", "charge", select(Charge.id).where(Charge.statement_id.is_not(None), ~line).order_by(Charge.id)


def _settled() -> tuple[str, str, Select[Any]]:
    """Never more is settled than is due, nor in the other direction."""
    paid = select(Settlement.statement_id, func.sum(Settlement.amount).label("amount")).group_by(Settlement.statement_id).subquery()
    wrong = or_(
        and_(Statement.due >= 0, or_(paid.c.amount < 0, paid.c.amount > Statement.due)),
        and_(Statement.due < 0, or_(paid.c.amount > 0, paid.c.amount < Statement.due)),
    )
    found = select(Statement.id).join(paid, paid.c.statement_id == Statement.id).where(wrong).order_by(Statement.id)
    return "settled amounts", "statement", found


def _settlements() -> tuple[str, str, Select[Any]]:
    """A mark that moved money is in the ledger with its amount, and one that takes back takes back exactly what it names."""
    of = aliased(Settlement)
    posted = (
        select(LedgerEntry.transaction_id, func.sum(case((LedgerEntry.amount > 0, LedgerEntry.amount), else_=0)).label("amount"))
        .group_by(LedgerEntry.transaction_id)
        .subquery()
    )
    wrong = or_(
        and_(Settlement.transaction_id.is_not(None), or_(posted.c.amount.is_(None), posted.c.amount != func.abs(Settlement.amount))),
        and_(of.id.is_not(None), of.amount != -Settlement.amount),
    )
    found = (
        select(Settlement.id)
        .outerjoin(posted, posted.c.transaction_id == Settlement.transaction_id)
        .outerjoin(of, of.id == Settlement.takes_back_id)
    )
    return "settlements in the ledger", "settlement", found.where(wrong).order_by(Settlement.id)


def _spans() -> tuple[str, str, Select[Any]]:
    """An organisation's closed cycles neither overlap nor leave holes from its first on."""
    first: ColumnElement[int] = extract("year", PeriodClose.month) * 12 + extract("month", PeriodClose.month)
    until = func.lag(first + PeriodClose.months).over(partition_by=PeriodClose.organisation_id, order_by=PeriodClose.month)
    rows = select(PeriodClose.id, first.label("first"), until.label("until")).subquery()
    return "closed cycles", "closing", select(rows.c.id).where(rows.c.first != rows.c.until).order_by(rows.c.id)


def _closes() -> tuple[str, str, Select[Any]]:
    """A statement is of a cycle that was closed, and as long as that."""
    closed = exists().where(
        PeriodClose.organisation_id == Statement.organisation_id, PeriodClose.month == Statement.month, PeriodClose.months == Statement.months
    )
    return "cycles of statements", "statement", select(Statement.id).where(~closed).order_by(Statement.id)


STATEMENT_LOOKS: tuple[Callable[[], tuple[str, str, Select[Any]]], ...] = (
    _sums, _entries, _numbers, _balances, _charges, _settled, _settlements, _spans, _closes,
)  # fmt: skip
