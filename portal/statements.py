"""Statements: the list, one of them, marking it as settled. Paper and sheets: statementfiles; closing: periods and closingcycles."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from wtforms import DateField, SelectField, StringField

from instruments.errors import Invalid, NotFound, OutOfOrder
from instruments.money import yuan
from portal import clock, closingcycles, periods, statementfiles
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.cycles import cycle_name
from portal.errors import status_of
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, say, t
from portal.statementrows import pick, rows_of, sheet_of
from portal.transactions import reading, writing
from scheduling.accounting.accounts import KINDS, NOTHING
from scheduling.accounting.settlements import (
    WAYS,
    Payment,
    Settlement,
    left_of,
    settle,
    settled_amounts,
    settlements_of,
    take_back,
    ways_of,
)
from scheduling.accounting.statementlist import WantedStatements, lines_of, page_of_statements, seen_statement
from scheduling.accounting.statements import PREPAID, Statement, read_month

statements = Blueprint("statements", __name__)

ROWS, LINES = 25, 50


class SettleForm(Form):
    """What the provider saw of a payment."""

    amount = StringField(lazy_t("金额（元）", "Amount (yuan)"), [Required(), AtMost(20)])
    way = SelectField(lazy_t("方式", "How"), choices=[])
    reference = StringField(
        lazy_t("凭证号", "Reference"),
        [Required(), AtMost(80)],
        description=lazy_t("银行回单号或内部转账单号", "Of the bank's or the finance office's receipt"),
    )
    moved_on = DateField(lazy_t("到账日期", "Day it moved"), [Required()])
    note = StringField(lazy_t("备注", "Note"), [AtMost(500)])


@statements.get("/statements")
@login_required
def mine() -> str:
    """List the statements I may see, the newest first."""
    wanted, key = _wanted(), key_of(request.args.get("cursor"), int)
    with reading() as session:
        page = page_of_statements(session, wanted, viewer=viewer(), limit=ROWS, before=key[0] if key else None)
        paid = settled_amounts(session, [one.id for one in page.statements])
        rows = [
            (one, pick(one.provider_zh, one.provider_en), cycle_name(one.cycle), one.due - paid.get(one.id, NOTHING)) for one in page.statements
        ]
        return render_template(
            "statements/mine.html", rows=rows, total=page.total, next=cursor_of(page.next) if page.next else None, wanted=wanted, kinds=KINDS,
            prepaid=PREPAID, may_close=periods.may_close(),
        )  # fmt: skip


def _wanted() -> WantedStatements:
    month, organisation = request.args.get("month", "").strip(), request.args.get("organisation", "").strip()
    return WantedStatements(
        organisation_id=periods.organisation_id_of(organisation) if organisation else None,
        month=read_month(month) if month else None,
        open_only=request.args.get("show") == "open",
    )


@statements.get("/statements/<int:statement_id>")
@login_required
def show(statement_id: int) -> Any:
    """Show a statement with its lines, and who may mark it the form to do so."""
    return _page(statement_id)


@statements.post("/statements/<int:statement_id>/settle")
@login_required
def settle_it(statement_id: int) -> Any:
    """Mark a statement, or a part of it, as settled."""
    with reading() as session:
        form = _form(session, seen_statement(session, statement_id, viewer()))
    if not form.validate():
        return _page(statement_id, form, 422)
    try:
        with writing() as session:
            seen_statement(session, statement_id, viewer())
            settle(session, statement_id, _payment(form), viewer=viewer(), now=clock.now())
    except (Invalid, OutOfOrder) as error:
        form.refuse(error if isinstance(error, Invalid) else Invalid("", error.sentence))
        return _page(statement_id, form, status_of(error))
    flash(t("已登记结算。", "Marked as settled."), "success")
    return redirect(url_for("statements.show", statement_id=statement_id))


@statements.post("/statements/<int:statement_id>/settlements/<int:settlement_id>/take-back")
@login_required
def take_back_settlement(statement_id: int, settlement_id: int) -> Any:
    """Take back a mark that was made in error."""
    try:
        with writing() as session:
            seen_statement(session, statement_id, viewer())
            _of_it(session, statement_id, settlement_id)
            take_back(session, settlement_id, request.form.get("reason", ""), viewer=viewer(), now=clock.now())
    except (Invalid, OutOfOrder) as error:
        flash(say(error.sentence), "error")
        return _page(statement_id, status=status_of(error))
    flash(t("已撤回该登记。", "The mark was taken back."), "success")
    return redirect(url_for("statements.show", statement_id=statement_id))


def _of_it(session: Session, statement_id: int, settlement_id: int) -> None:
    found = session.get(Settlement, settlement_id)
    if found is None or found.statement_id != statement_id:
        raise NotFound


def _form(session: Session, one: Statement) -> SettleForm:
    form = SettleForm(amount=str(left_of(session, one)), moved_on=None)
    form.way.choices = options((way, say(WAYS[way])) for way in ways_of(one))
    return form


def _payment(form: SettleForm) -> Payment:
    moved_on: date = form.moved_on.data
    amount: Decimal = yuan((form.amount.data or "").replace(",", ""))
    return Payment(amount, form.way.data, form.reference.data or "", moved_on, form.note.data or "")


def _page(statement_id: int, form: SettleForm | None = None, status: int = 200) -> Any:
    after = key_of(request.args.get("after"), int)
    with reading() as session:
        one = seen_statement(session, statement_id, viewer())
        lines, more = lines_of(session, one, viewer(), after=after[0] if after else 0, limit=LINES)
        sheet, marks = sheet_of(session, one, viewer()), settlements_of(session, one.id)
        may_settle = viewer().may_administer(one.organisation_id)
        shown = render_template(
            "statements/show.html", sheet=sheet, one=one, rows=rows_of(session, lines), next=cursor_of(more) if more else None,
            marks=marks if sheet.is_whole else (), taken_back={mark.takes_back_id for mark in marks}, ways=WAYS, may_settle=may_settle,
            form=form or (_form(session, one) if may_settle and not sheet.is_settled else None), prepaid=PREPAID,
        )  # fmt: skip
    return shown, status


statements.add_url_rule("/statements/<int:statement_id>/paper", "paper", statementfiles.paper)
statements.add_url_rule("/statements/<int:statement_id>/statement.pdf", "pdf", statementfiles.pdf)
statements.add_url_rule("/statements/<int:statement_id>/statement.xlsx", "workbook", statementfiles.workbook)
statements.add_url_rule("/statements/close", "close", periods.close, methods=["GET", "POST"])
statements.add_url_rule("/statements/cycle", "cycle", closingcycles.cycle, methods=["GET", "POST"])
statements.add_url_rule("/statements/journal.csv", "journal", periods.journal)
