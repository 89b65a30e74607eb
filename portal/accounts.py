"""Accounts: those one may spend from or answers for; each with its entries, its spenders and the spends that wait; opening one, money that moved."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.money import yuan
from instruments.people import Group, organisation_by_code, person_by_email
from portal import clock
from portal.accountforms import OpenForm, SpenderForm, TermsForm, TransferForm, terms_form
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.errors import status_of
from portal.evidence import MEGABYTES, add, attach, document, show_deposit
from portal.forms import Form, options
from portal.language import name, say, t
from portal.moneynotices import spend_notice
from portal.organisations.blueprint import default_organisation
from portal.transactions import reading, writing
from scheduling.accounting.accounts import HOUSE, KINDS, PAYERS, QUOTA_MODES, Account, account, open_account, set_terms
from scheduling.accounting.approvals import answered_accounts, asked_holds, decide_spend
from scheduling.accounting.deposits import deposit, refund
from scheduling.accounting.evidence import evidence_of
from scheduling.accounting.ledger import TRANSACTION_KINDS, entries_of
from scheduling.accounting.spenders import (
    answers_for,
    free_on,
    may_read_account,
    may_spend,
    payable_by,
    remove_spender,
    set_spender,
    spenders_of,
    standing_of,
)  # fmt: skip

accounts = Blueprint("accounts", __name__)

ROWS = 25
WORDS = {"account_kinds": KINDS, "quota_modes": QUOTA_MODES, "transaction_kinds": TRANSACTION_KINDS}


@accounts.get("/accounts")
@login_required
def mine() -> str:
    """List the accounts I answer for, those I may spend from, and what waits for my approval."""
    who = viewer()
    with reading() as session:
        found = list(answered_accounts(session, who))
        answered, of_books = ([one for one in found if bool(HOUSE.match(one.number)) is ours] for ours in (False, True))
        ids = {one.id for one in found}
        spendable = [one for one in payable_by(session, who, now=clock.now()) if one.id not in ids]
        asked = asked_holds(session, list(ids))
        return render_template(
            "accounts/mine.html",
            answered=answered,
            of_books=of_books,
            spendable=spendable,
            asked=asked,
            may_open=who.administers_any or who.is_province_admin,
            **WORDS,
        )


@accounts.get("/accounts/<int:account_id>")
@login_required
def show(account_id: int) -> Any:
    """Show an account: all of it to who answers for it, and to a spender her own part."""
    with reading() as session:
        return _page(session, _seen(session, account_id))


def _seen(session: Session, account_id: int) -> Account:
    one, who = account(session, account_id), viewer()
    if not (may_read_account(who, one) or (one.kind in PAYERS and may_spend(session, one, who))):
        raise NotFound
    return one


def _page(session: Session, one: Account, *, spender: Form | None = None, problem: PortalError | None = None) -> str:
    who, key = viewer(), key_of(request.args.get("cursor"), int)
    reads_all = may_read_account(who, one)
    entries = entries_of(session, one.id, before=key[0] if key else None, limit=ROWS + 1) if reads_all else []
    moved = [entry.transaction_id for entry in entries[:ROWS] if entry.transaction.kind in ("deposit", "refund")]
    return render_template(
        "accounts/show.html", one=one, reads_all=reads_all, may_answer=answers_for(who, one), may_keep=who.may_administer(one.organisation_id),
        free=free_on(session, one) if reads_all else None, entries=entries[:ROWS], next=cursor_of(entries[ROWS - 1].id) if len(entries) > ROWS else None,
        spenders=spenders_of(session, one) if reads_all else [], own=standing_of(session, one, who), asked=asked_holds(session, [one.id]) if reads_all else [],
        evidence=evidence_of(session, moved) if moved else {},
        pays=one.kind in PAYERS, spender=spender or SpenderForm(None), error=say(problem.sentence) if problem else "", **WORDS,
    )  # fmt: skip


def _answered(session: Session, account_id: int) -> Account:
    one = _seen(session, account_id)
    if not answers_for(viewer(), one):
        raise Forbidden
    return one


def _kept(session: Session, account_id: int) -> Account:
    one = _seen(session, account_id)
    if not viewer().may_administer(one.organisation_id):
        raise Forbidden
    return one


@accounts.route("/accounts/new", methods=["GET", "POST"])
@login_required
def new() -> Any:
    """Open an account, as an organisation's administrator."""
    who = viewer()
    if not (who.administers_any or who.is_province_admin):
        raise Forbidden if who.is_auditor else NotFound
    form = OpenForm()
    with reading() as session:
        owner = default_organisation(session)
        groups = session.scalars(
            select(Group).where(Group.organisation_id == owner.id, Group.is_active).order_by(Group.name_zh, Group.id)
        ).all()
        form.group.choices = options([("", t("请选择", "Choose")), *((str(group.id), name(group)) for group in groups)])
    if form.validate_on_submit():
        try:
            with writing() as session:
                made = _open(session, form)
        except Invalid as error:
            form.refuse(error)
        else:
            flash(t("账户已开立。", "The account is open."), "success")
            return redirect(url_for("accounts.show", account_id=made.id))
    return render_template("accounts/terms.html", form=form, one=None), 422 if form.is_submitted() else 200


def _open(session: Session, form: OpenForm) -> Account:
    owner, code = default_organisation(session), (form.holder.data or "").strip()
    group = session.get(Group, int(form.group.data)) if form.group.data else None
    try:
        holder = organisation_by_code(session, code) if code else None
    except NotFound as error:
        raise Invalid("holder", error.sentence) from error
    kind = form.kind.data or ""
    if kind != "grant":
        group = None
    return open_account(
        session, kind, form.terms(), organisation=owner, holder=holder, group=group, number=form.number.data or "", now=clock.now()
    )


@accounts.route("/accounts/<int:account_id>/edit", methods=["GET", "POST"])
@login_required
def edit(account_id: int) -> Any:
    """Change what an account's keeper decides about it."""
    with reading() as session:
        one = _kept(session, account_id)
        form: TermsForm = terms_form(one)
    if form.validate_on_submit():
        try:
            with writing() as session:
                set_terms(_kept(session, account_id), form.terms())
        except Invalid as error:
            form.refuse(error)
        else:
            flash(t("已保存。", "Saved."), "success")
            return redirect(url_for("accounts.show", account_id=account_id))
    return render_template("accounts/terms.html", form=form, one=one), 422 if form.is_submitted() else 200


@accounts.route("/accounts/<int:account_id>/transfers", methods=["GET", "POST"])
@login_required
def transfer(account_id: int) -> Any:
    """Record a transfer that came in or went back, with its evidence."""
    with reading() as session:
        one = _kept(session, account_id)
    form = TransferForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                verb = refund if form.direction.data == "refund" else deposit
                attach(session, verb(session, account_id, form.transfer(), viewer=viewer(), now=clock.now()), is_needed=False)
        except Invalid as error:
            form.refuse(error)
        else:
            flash(t("已登记。", "It is recorded."), "success")
            return redirect(url_for("accounts.show", account_id=account_id))
    return render_template("accounts/transfer.html", form=form, one=one, megabytes=MEGABYTES), 422 if form.is_submitted() else 200


@accounts.post("/accounts/<int:account_id>/spenders")
@login_required
def add_spender(account_id: int) -> Any:
    """Put a person on the list of an account, or change her limit."""
    form, problem = SpenderForm(), None
    with reading() as session:
        _answered(session, account_id)
    if form.validate_on_submit():
        try:
            with writing() as session:
                person = person_by_email(session, form.email.data or "")
                if person is None or person.status != "active":
                    raise Invalid("email", Sentence("没有使用该邮箱的有效账户。", "Nobody active has this address."))
                limit = yuan(form.limit.data, "limit") if form.limit.data else None
                set_spender(session, _answered(session, account_id), person, limit, viewer=viewer(), now=clock.now())
        except Invalid as error:
            problem = error
        else:
            flash(t("已保存。", "Saved."), "success")
            return redirect(url_for("accounts.show", account_id=account_id))
    with reading() as session:
        return _page(session, _answered(session, account_id), spender=form, problem=problem), status_of(problem) if problem else 422


@accounts.post("/accounts/<int:account_id>/spenders/<int:person_id>/remove")
@login_required
def take_off(account_id: int, person_id: int) -> Response:
    """Take a person off the list of an account."""
    with writing() as session:
        remove_spender(session, _answered(session, account_id), person_id, viewer=viewer())
    flash(t("已移出名单。", "The person is off the list."), "success")
    return redirect(url_for("accounts.show", account_id=account_id))


@accounts.post("/accounts/spends/<int:hold_id>/<any(approve, refuse):step>")
@login_required
def decide(hold_id: int, step: str) -> Response:
    """Approve a spend, or refuse it: its booking is then cancelled."""
    reason = request.form.get("reason", "").replace("\x00", "")[:500]
    with writing() as session:
        hold = decide_spend(session, hold_id, approve=step == "approve", viewer=viewer(), now=clock.now(), reason=reason)
        spend_notice(session, hold, clock.now(), actor=viewer())
    flash(t("已批准。", "Approved.") if step == "approve" else t("未批准，预约已取消。", "Refused; the booking is cancelled."), "success")
    return redirect(url_for("accounts.mine"))


accounts.add_url_rule("/accounts/<int:account_id>/deposits/<int:deposit_id>", "deposit", show_deposit)
accounts.add_url_rule("/accounts/<int:account_id>/deposits/<int:deposit_id>/documents", "add_evidence", add, methods=["POST"])
accounts.add_url_rule("/accounts/<int:account_id>/deposits/<int:deposit_id>/documents/<int:deposit_document_id>", "evidence", document)
