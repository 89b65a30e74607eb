"""Statements: listed to who may see them, and each with its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from portal.api.openapi import api, read_id
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named
from portal.api.shapes.statement import (
    StatementAccount,
    StatementAsked,
    StatementLineOut,
    StatementOut,
    StatementPartOut,
    StatementsAsked,
    StatementsOut,
    StatementWithLines,
)
from portal.auth import viewer
from portal.transactions import reading
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.charges import ChargeLine
from scheduling.accounting.settlements import settled_amounts
from scheduling.accounting.statementlist import WantedStatements, lines_of, page_of_statements, parts_of, seen_statement, sees_whole
from scheduling.accounting.statements import Statement, StatementLine, read_month


@api.operation("GET", "/statements", "List statements I may see", tag="statements", query=StatementsAsked, answers={200: StatementsOut})
def list_statements(query: StatementsAsked) -> StatementsOut:
    """List the statements of accounts I answer for, of organisations I administer, and those with lines of my own; the newest first."""
    wanted = WantedStatements(
        read_id(query.organisation) if query.organisation else None,
        read_month(query.month) if query.month else None,
        read_id(query.account) if query.account else None,
        query.status == "open",
    )
    key = key_of(query.cursor, int)
    with reading() as session:
        page = page_of_statements(session, wanted, viewer=viewer(), limit=query.limit, before=key[0] if key else None)
        paid = settled_amounts(session, [one.id for one in page.statements])
        items = [StatementOut(**_fields(one, paid.get(one.id, NOTHING))) for one in page.statements]
    return StatementsOut(items=items, total=page.total, next=cursor_of(page.next) if page.next else None)


@api.operation(
    "GET", "/statements/{statement_id}", "One statement with its lines", tag="statements", query=StatementAsked, answers={200: StatementWithLines}
)  # fmt: skip
def show_statement(statement_id: int, query: StatementAsked) -> StatementWithLines:
    """Show a statement: all of it to who pays, provides or audits, to others their own lines."""
    key = key_of(query.cursor, int)
    with reading() as session:
        one = seen_statement(session, statement_id, viewer())
        lines, more = lines_of(session, one, viewer(), after=key[0] if key else 0, limit=query.limit)
        parts = parts_of(session, lines)
        paid = settled_amounts(session, [one.id]).get(one.id, NOTHING)
        return StatementWithLines(
            **_fields(one, paid), whole=sees_whole(viewer(), one), lines=[_line(line, parts) for line in lines],
            next=cursor_of(more) if more else None,
        )  # fmt: skip


def _fields(one: Statement, paid: Decimal) -> dict[str, Any]:
    left = one.due - paid
    return {
        "id": str(one.id), "number": one.number, "month": one.month.strftime("%Y-%m"), "months": one.months,
        "last_month": one.cycle.last_month.strftime("%Y-%m"),
        "organisation": Named(id=str(one.organisation_id), name_zh=one.provider_zh, name_en=one.provider_en),
        "account": StatementAccount(
            id=str(one.account_id), number=one.account_number, name=one.account_name, kind=one.account_kind, payer_zh=one.payer_zh,
            payer_en=one.payer_en,
        ),
        "charged": str(one.charged), "paid_in": str(one.paid_in), "opening": _text(one.opening), "closing": _text(one.closing),
        "due": str(one.due), "settled": str(paid), "left": str(left), "status": "open" if left else "settled", "currency": "CNY",
        "line_count": one.line_count, "closed_at": one.closed_at,
    }  # fmt: skip


def _line(line: StatementLine, parts: Mapping[int, Sequence[ChargeLine]]) -> StatementLineOut:
    return StatementLineOut(
        position=line.position, entry=f"E{line.entry_id}", kind=line.kind, at=line.at, used_at=line.used_at, charge=_text(line.charge_id),
        person=line.person, instrument_zh=line.instrument_zh, instrument_en=line.instrument_en, reference=line.reference,
        amount=str(-line.amount), parts=[_part(part) for part in parts.get(line.charge_id or 0, ())],
    )  # fmt: skip


def _part(part: ChargeLine) -> StatementPartOut:
    return StatementPartOut(
        code=part.code, label_zh=part.label_zh, label_en=part.label_en, quantity=part.quantity, unit_zh=part.unit_zh, unit_en=part.unit_en,
        rate=_text(part.rate), amount=str(part.amount),
    )  # fmt: skip


def _text(value: Decimal | int | None) -> str | None:
    return None if value is None else str(value)
