"""Accounts: those I answer for or may spend from; opening one and recording transfers, as its keeper."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.money import yuan
from instruments.people import Group, Organisation, organisation_by_code
from portal import clock
from portal.api.answering import KEY, Answered, answer_once
from portal.api.openapi import api, read_id
from portal.api.shapes.basics import Named
from portal.api.shapes.money import AccountIn, AccountOut, AccountsOut, DepositIn
from portal.auth import viewer
from portal.idempotency import Answer
from portal.organisations.blueprint import default_organisation
from portal.transactions import reading
from scheduling.accounting.accounts import PAYERS, Account, AccountTerms, account, open_account
from scheduling.accounting.approvals import answered_accounts
from scheduling.accounting.deposits import Transfer, deposit, refund
from scheduling.accounting.spenders import may_read_account, may_spend, payable_by


@api.operation("GET", "/accounts", "List accounts I answer for or may spend from", tag="money", answers={200: AccountsOut})
def list_accounts() -> AccountsOut:
    """List the accounts I answer for, then those I may only spend from."""
    with reading() as session:
        answered = list(answered_accounts(session, viewer()))
        known = {one.id for one in answered}
        found = answered + [one for one in payable_by(session, viewer(), now=clock.now()) if one.id not in known]
        items = [account_out(one) for one in found]
    return AccountsOut(items=items, total=len(items), next=None)


@api.operation("GET", "/accounts/{account_id}", "One account", tag="money", answers={200: AccountOut})
def show_account(account_id: int) -> AccountOut:
    """Show an account I answer for or may spend from."""
    with reading() as session:
        return account_out(_seen(session, account_id))


@api.operation(
    "POST", "/accounts", "Open an account", tag="money", body=AccountIn, answers={201: AccountOut}, errors=(403,), headers=(KEY,)
)
def make_account(body: AccountIn) -> Answered:
    """Open an account of my organisation, as its administrator."""
    if not (viewer().administers_any or viewer().is_province_admin):
        raise Forbidden

    def do(session: Session) -> Answer:
        group = session.get(Group, read_id(body.group)) if body.group else None
        if body.group and (group is None or not viewer().may_administer(group.organisation_id)):
            raise Invalid("group", Sentence("没有这个课题组。", "There is no such group."))
        made = open_account(
            session, body.kind, _terms(body), organisation=default_organisation(session), group=group if body.kind == "grant" else None,
            holder=_holder(session, body.holder), number=body.number, now=clock.now(),
        )  # fmt: skip
        session.flush()  # the id is part of the answer
        return Answer(201, account_out(account(session, made.id)).model_dump(mode="json"))

    return answer_once("accounts", body.model_dump(mode="json"), do)


def _holder(session: Session, code: str | None) -> Organisation | None:
    try:
        return organisation_by_code(session, code) if code else None
    except NotFound as error:
        raise Invalid("holder", error.sentence) from error


def _terms(body: AccountIn) -> AccountTerms:
    above = None if body.approve_above is None else yuan(body.approve_above, "approve_above")
    return AccountTerms(
        body.name, _day("valid_from", body.valid_from), _day("valid_until", body.valid_until), yuan(body.credit_limit, "credit_limit"),
        body.needs_hold, above, body.quota_mode,
    )  # fmt: skip


def _day(field: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(field, Sentence("没有这一天。", "There is no such day.")) from error


@api.operation(
    "POST", "/accounts/{account_id}/deposits", "Record a transfer", tag="money", body=DepositIn, answers={200: AccountOut}, errors=(403, 409),
    headers=(KEY,),
)  # fmt: skip
def make_deposit(account_id: int, body: DepositIn) -> Answered:
    """Record money that came in or went back, as the account's keeper; the same transfer again is refused."""

    def do(session: Session) -> Answer:
        _seen(session, account_id)
        transfer = Transfer(yuan(body.amount), body.reference, _day("moved_on", body.moved_on) or clock.now().date(), body.payer, body.note)
        (refund if body.refund else deposit)(session, account_id, transfer, viewer=viewer(), now=clock.now())
        return Answer(200, account_out(account(session, account_id)).model_dump(mode="json"))

    return answer_once(f"accounts/{account_id}/deposits", body.model_dump(mode="json"), do)


def _seen(session: Session, account_id: int) -> Account:
    one = account(session, account_id)
    if not (may_read_account(viewer(), one) or (one.kind in PAYERS and may_spend(session, one, viewer()))):
        raise NotFound
    return one


def account_out(one: Account) -> AccountOut:
    """Show an account; its money only to who may read it."""
    reads = may_read_account(viewer(), one)
    return AccountOut(
        id=str(one.id), number=one.number, kind=one.kind, name=one.name, organisation=_named(one.organisation), group=_named_or_none(one.group),
        holder=_named_or_none(one.holder), valid_from=one.valid_from, valid_until=one.valid_until, quota_mode=one.quota_mode,
        needs_hold=one.needs_hold, is_active=one.is_active, balance=str(one.balance) if reads else None, held=str(one.held) if reads else None,
    )  # fmt: skip


def _named(one: Organisation | Group) -> Named:
    return Named(id=str(one.id), name_zh=one.name_zh, name_en=one.name_en)


def _named_or_none(one: Organisation | Group | None) -> Named | None:
    return None if one is None else _named(one)
