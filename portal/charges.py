"""Charges: one's own, one's groups', those to confirm; each with its lines, and what the person before it may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.access import load_viewer
from instruments.errors import Forbidden, Invalid, NotFound, PortalError
from instruments.money import yuan
from portal import clock, objections
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.chargeforms import AnswerForm, LineForm, ReasonForm, payer_form, shares_from
from portal.choosing import Answer, answer_of, chosen_in_form
from portal.errors import status_of
from portal.formats import day
from portal.forms import Form
from portal.language import name, say, t
from portal.transactions import reading, writing
from scheduling.accounting import charging, disputes
from scheduling.accounting.chargelist import WantedCharges, page_of_charges, seen_outlines
from scheduling.accounting.charges import KINDS, STATUSES, Charge, is_of_payer, seen_charge
from scheduling.accounting.chargingmany import confirm_charges
from scheduling.accounting.spenders import payable_by

charges = Blueprint("charges", __name__)

ROWS = 25
LOOKS = {"draft": "warn", "review": "", "disputed": "stop", "final": "good", "reversed": "quiet"}
WORDS = {"charge_kinds": KINDS, "charge_statuses": STATUSES, "charge_looks": LOOKS}


@charges.get("/charges")
@login_required
def mine() -> str:
    """List charges, the newest first: my own, my groups', those of instruments I look after, or of my organisation's people."""
    offered = offered_lists()
    return _list(request.args.get("whose") or _usual_list(offered), request.args.get("status", ""), offered)


@charges.post("/charges/confirm")
@login_required
def confirm_chosen() -> Any:
    """Confirm the ticked drafts, or all of the page; those that cannot be are named."""
    who = viewer()
    if not who.manages_any:
        raise Forbidden if who.is_auditor else NotFound
    try:
        chosen = chosen_in_form()
        with writing() as session:
            taken = confirm_charges(session, chosen, viewer=who, now=clock.now())
    except Invalid as error:
        return _list("managed", "draft", offered_lists(), error=error), status_of(error)
    with reading() as session:
        known = {one.id: one for one in seen_outlines(session, [one.id for one in taken.left], who)}
        answer = answer_of(taken, lambda key: _told(known.get(key)))
    if answer.left:
        return _list("managed", "draft", offered_lists(), answer=answer), 200 if answer.is_any_done else 422
    flash(answer.said, "success")
    return redirect(url_for("charges.mine", whose="managed", status="draft"))


def _told(one: Charge | None) -> tuple[str, str]:
    if one is None:
        return t("一笔收费", "A charge"), ""
    about = f"{name(one.instrument)} {day(one.used_at, one.instrument.time_zone)} {one.person.name}"
    return about, url_for("charges.show", charge_id=one.id)


def _list(
    whose: str, status: str, offered: dict[str, str], *, answer: Answer | None = None, error: PortalError | None = None
) -> str:  # fmt: skip
    who, key = viewer(), key_of(request.args.get("cursor"), int)
    if whose not in offered or (status and status not in STATUSES):
        raise NotFound
    wanted = WantedCharges(whose, (status,) if status else ())
    with reading() as session:
        page = page_of_charges(session, wanted, viewer=who, limit=ROWS, before=key[0] if key else None)
        drafts = [one for one in page.charges if one.status == "draft" and who.may_manage(one.instrument)] if whose == "managed" else []
        return render_template(
            "charges/mine.html", page=page, next=cursor_of(page.next) if page.next else None, whose=whose, status=status, offered=offered,
            drafts=drafts, answer=answer, error=say(error.sentence) if error else "", **WORDS,
        )  # fmt: skip


def offered_lists() -> dict[str, str]:
    """Give the lists that make sense for the person, with their names."""
    who = viewer()
    lists = {"mine": t("我自己的", "My own")}
    if who.pi_group_ids:
        lists["groups"] = t("我负责的课题组的", "Of the groups I lead")
    if who.manages_any or who.is_auditor:
        lists["managed"] = t("我管理的仪器的", "Of instruments I look after")
    if who.administers_any or who.is_auditor:
        lists["organisation"] = t("本单位人员的", "Of my organisation's people")
    return lists


def _usual_list(offered: dict[str, str]) -> str:
    """Give the list a person comes for: who manages wants what is to be confirmed, a PI what her group spends."""
    return next(name for name in ("managed", "groups", "mine") if name in offered)


@charges.get("/charges/<int:charge_id>")
@login_required
def show(charge_id: int) -> Any:
    """Show one charge."""
    with reading() as session:
        return _page(session, seen_charge(session, charge_id, viewer()))


def _page(session: Session, one: Charge, *, forms: dict[str, Form] | None = None, problem: PortalError | None = None) -> str:
    who, given = viewer(), forms or {}
    is_payer, is_manager = is_of_payer(who, one), who.may_manage(one.instrument)
    spender = who if is_payer else load_viewer(session, one.person)
    may_choose = one.status in ("draft", "review") and (is_payer or is_manager)
    accounts = payable_by(session, spender, provider_id=one.organisation_id, now=clock.now()) if may_choose else []
    return render_template(
        "charges/show.html", one=one, tz=one.instrument.time_zone, is_payer=is_payer, is_manager=is_manager, may_choose=may_choose,
        may_dispute=is_payer and one.status == "review" and len(one.disputes) < disputes.MOST_DISPUTES,
        line=given.get("line") or LineForm(None), objection=given.get("dispute") or ReasonForm(None, prefix="dispute-"),
        answer=given.get("answer") or AnswerForm(None), back=given.get("reverse") or ReasonForm(None, prefix="reverse-"),
        payers=given.get("payers") or (payer_form(accounts, one) if may_choose else None), error=say(problem.sentence) if problem else "", **WORDS,
    )  # fmt: skip


def _done(charge_id: int, work: Callable[[Session], Charge], words: str, **forms: Form) -> Any:
    """Take a step and show the charge again; what is refused is said on its page, with what was filled in."""
    problem: PortalError | None = None
    try:
        with writing() as session:
            charge_id = work(session).id
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        problem = error
    if problem is not None:
        with reading() as session:
            return _page(session, seen_charge(session, charge_id, viewer()), forms=forms, problem=problem), status_of(problem)
    flash(words, "success")
    return redirect(url_for("charges.show", charge_id=charge_id))


def _incomplete(charge_id: int, **forms: Form) -> Any:
    with reading() as session:
        return _page(session, seen_charge(session, charge_id, viewer()), forms=forms), 422


def _by_form(charge_id: int, name: str, form: Form, work: Callable[[Session], Charge], words: str, *, manager: bool) -> Any:
    """Take a step that needs a form: whose step it is comes first, then what was filled in, then the step."""
    _check_reach(charge_id, manager=manager)
    if not form.validate_on_submit():
        return _incomplete(charge_id, **{name: form})
    return _done(charge_id, work, words, **{name: form})


def _version() -> int | None:
    """Give the version the person saw; without one nothing is compared."""
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@charges.post("/charges/<int:charge_id>/confirm")
@login_required
def confirm(charge_id: int) -> Any:
    """Confirm a draft, as the manager."""
    return _done(
        charge_id,
        lambda session: charging.confirm_charge(session, charge_id, viewer=viewer(), now=clock.now(), version=_version()),
        t("已确认，用户可以核对。", "Confirmed; the user may look at it now."),
    )


@charges.post("/charges/<int:charge_id>/lines")
@login_required
def add_line(charge_id: int) -> Any:
    """Add a line of the manager's own."""
    form = LineForm()

    def add(session: Session) -> Charge:
        amount = yuan(form.amount.data)
        return charging.add_manual_line(
            session, charge_id, form.label.data, amount, reason=form.reason.data, viewer=viewer(), now=clock.now(), version=_version()
        )

    return _by_form(charge_id, "line", form, add, t("已添加。", "The line is added."), manager=True)


@charges.post("/charges/<int:charge_id>/accept")
@login_required
def accept(charge_id: int) -> Any:
    """Accept a charge, as who uses or pays."""
    return _done(
        charge_id,
        lambda session: charging.accept(session, charge_id, viewer=viewer(), now=clock.now()),
        t("已接受，费用已入账。", "Accepted; it is on the books now."),
    )


@charges.post("/charges/<int:charge_id>/dispute")
@login_required
def dispute(charge_id: int) -> Any:
    """Object to a charge."""
    form = ReasonForm(prefix="dispute-")
    return _by_form(
        charge_id,
        "dispute",
        form,
        lambda session: objections.dispute(session, charge_id, form.reason.data),
        t("异议已提交，管理员答复前不会入账。", "The manager will answer; nothing is booked before that."),
        manager=False,
    )


@charges.post("/charges/<int:charge_id>/answer")
@login_required
def answer(charge_id: int) -> Any:
    """Answer an objection, as the manager."""
    form = AnswerForm()
    return _by_form(
        charge_id,
        "answer",
        form,
        lambda session: objections.answer(session, charge_id, form.answer.data, form.amount(), _version()),
        t("已答复。", "The answer is given."),
        manager=True,
    )


@charges.post("/charges/<int:charge_id>/reverse")
@login_required
def reverse(charge_id: int) -> Any:
    """Take a charge back, as the manager; a posted one is reversed by a charge of its own, which is shown."""
    form = ReasonForm(prefix="reverse-")
    return _by_form(
        charge_id,
        "reverse",
        form,
        lambda session: disputes.reverse_charge(session, charge_id, form.reason.data, viewer=viewer(), now=clock.now()),
        t("已撤销。", "It is taken back."),
        manager=True,
    )


@charges.post("/charges/<int:charge_id>/payers")
@login_required
def set_payers(charge_id: int) -> Any:
    """Say which accounts pay."""
    with reading() as session:
        one = seen_charge(session, charge_id, viewer())
        if not is_of_payer(viewer(), one) and not viewer().may_manage(one.instrument):
            raise Forbidden
        spender = viewer() if is_of_payer(viewer(), one) else load_viewer(session, one.person)
        form = payer_form(payable_by(session, spender, provider_id=one.organisation_id, now=clock.now()), one)
    form.process(request.form)
    if not form.validate():
        return _incomplete(charge_id, payers=form)
    return _done(
        charge_id,
        lambda session: disputes.set_payers(session, charge_id, shares_from(form), viewer=viewer(), now=clock.now(), version=_version()),
        t("付款账户已更改。", "Who pays is changed."),
        payers=form,
    )


def _check_reach(charge_id: int, *, manager: bool) -> None:
    """Before a form is looked at: may the person take this step on this charge at all?"""
    with reading() as session:
        one = seen_charge(session, charge_id, viewer())
        if not (viewer().may_manage(one.instrument) if manager else is_of_payer(viewer(), one)):
            raise Forbidden
