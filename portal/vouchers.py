"""Vouchers as a firm sees them: what it may apply for, what it has, and the charges it can use one on."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from wtforms import DecimalField, IntegerField, TextAreaField
from wtforms.validators import NumberRange

from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Refused, Sentence
from instruments.money import yuan
from instruments.programmes import FIRST_YEAR, LAST_YEAR, Programme, applicant_words, ineligible_services, programme, programmes
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.errors import status_of
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t, say, t
from portal.links import LARGEST_KEY
from portal.transactions import reading, writing
from scheduling.accounting import claims as claimlist
from scheduling.accounting.redeeming import use_voucher
from scheduling.accounting.vouchers import (
    STATUSES,
    Application,
    acts_for,
    apply_for,
    seen_voucher,
    vouchers_of,
    withdraw,
)

vouchers = Blueprint("vouchers", __name__, url_prefix="/vouchers")

ROWS = 25
LOOKS = {"applied": "warn", "granted": "good", "refused": "stop", "withdrawn": "quiet", "closed": "quiet"}
CLAIM_LOOKS = {
    "draft": "", "submitted": "warn", "confirmed": "warn", "settled": "good", "returned": "stop", "refused": "stop", "withdrawn": "quiet",
}  # fmt: skip
WORDS = {
    "statuses": STATUSES, "looks": LOOKS, "claim_statuses": claimlist.STATUSES, "claim_looks": CLAIM_LOOKS,
    "document_kinds": claimlist.DOCUMENT_KINDS, "services": ineligible_services, "applicants": applicant_words,
}  # fmt: skip


class ApplyForm(Form):
    """What a firm asks for."""

    year = IntegerField(lazy_t("年度", "Year"), [Required(), NumberRange(FIRST_YEAR, LAST_YEAR)])
    amount = DecimalField(lazy_t("申请额度（元）", "Amount (yuan)"), [Required()])
    plan = TextAreaField(lazy_t("用途", "What it is for"), [Required(), AtMost(1000)], render_kw={"rows": 4})


def answered(do: Callable[[Session], Any], said: str, back: str, page: Callable[[PortalError], str]) -> Any:
    """Take a step in a transaction of its own: then back, with what was done said; or the page again, with the reason why not."""
    try:
        with writing() as session:
            do(session)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return page(error), status_of(error)
    flash(said, "success")
    return redirect(back)


def reasons(error: PortalError | None) -> list[str]:
    """Give every reason of an error in the reader's language."""
    if error is None:
        return []
    return [say(refusal.sentence) for refusal in error.refusals] if isinstance(error, Refused) else [say(error.sentence)]


def number_in_form(field: str) -> int:
    """Read the id of a thing chosen in a form; what is none leads nowhere."""
    given = request.form.get(field, "")
    if not given.isascii() or not given.isdigit() or int(given) > LARGEST_KEY:
        raise Invalid(field, Sentence("请从列表中选择。", "Choose one from the list."))
    return int(given)


def amount_in_form(field: str) -> Decimal | None:
    """Read an amount, None where the field is empty."""
    given = request.form.get(field, "").strip()
    return yuan(given, field) if given else None


def text_in_form(field: str) -> str:
    """Read a text without characters that cannot be kept."""
    return request.form.get(field, "").replace("\x00", "")


@vouchers.get("")
@login_required
def mine() -> str:
    """List the programmes open to the reader's organisation and the vouchers it has."""
    key = key_of(request.args.get("cursor"), int)
    with reading() as session:
        found = vouchers_of(session, viewer(), before=key[0] if key else None, limit=ROWS + 1)
        rows = found[:ROWS]
        kept = claimlist.reserved_on(session, [one.id for one in rows])
        mine = [one for one in programmes(session, kind="voucher", open_only=True) if viewer().organisation_kind in one.scheme.applicants]
        following = cursor_of(rows[-1].id) if len(found) > ROWS else None
        return render_template("vouchers/mine.html", rows=rows, kept=kept, programmes=mine, next=following, **WORDS)


@vouchers.route("/apply/<int:programme_id>", methods=["GET", "POST"])
@login_required
def apply(programme_id: int) -> Any:
    """Apply for a voucher of a programme."""
    form = ApplyForm(year=clock.now().year)
    with reading() as session:
        found = _open_programme(session, programme_id)
    if form.validate_on_submit():
        try:
            with writing() as session:
                wanted = Application(form.year.data or 0, yuan(form.amount.data or 0), form.plan.data or "")
                made = apply_for(session, programme_id, wanted, viewer=viewer(), now=clock.now())
        except Invalid as error:
            form.refuse(error)
        except Refused as error:
            form.form_errors.extend(reasons(error))
        else:
            flash(t("申请已提交，审批后会显示在这里。", "Handed in. The province's decision will stand here."), "success")
            return redirect(url_for("vouchers.show", voucher_id=made.id))
    return render_template("vouchers/apply.html", form=form, programme=found, **WORDS), 422 if form.is_submitted() else 200


def _open_programme(session: Session, programme_id: int) -> Programme:
    found = programme(session, programme_id)
    if found.kind != "voucher" or not found.is_open:
        raise NotFound
    return found


@vouchers.get("/<int:voucher_id>")
@login_required
def show(voucher_id: int) -> str:
    """Show a voucher: what is left, its claims, and the charges it can be used on."""
    return _page(voucher_id)


def _page(voucher_id: int, error: PortalError | None = None) -> str:
    with reading() as session:
        one = seen_voucher(session, voucher_id, viewer())
        is_ours = acts_for(viewer(), one.organisation_id)
        is_usable = is_ours and one.status == "granted"
        return render_template(
            "vouchers/show.html", one=one, left=claimlist.left_on(session, one), claims=claimlist.claims_of(session, one.id), is_ours=is_ours,
            is_usable=is_usable, charges=claimlist.charges_to_claim(session, one, viewer()) if is_usable else [], problems=reasons(error), **WORDS,
        )  # fmt: skip


@vouchers.post("/<int:voucher_id>/withdraw")
@login_required
def take_back(voucher_id: int) -> Any:
    """Take an application back."""
    return answered(
        lambda session: withdraw(session, voucher_id, viewer=viewer(), now=clock.now()),
        t("申请已撤回。", "The application is withdrawn."), url_for("vouchers.mine"), lambda error: _page(voucher_id, error),
    )  # fmt: skip


@vouchers.post("/<int:voucher_id>/use")
@login_required
def use(voucher_id: int) -> Any:
    """Use a voucher on a charge."""
    return answered(
        lambda session: use_voucher(
            session, voucher_id, number_in_form("charge"), viewer=viewer(), now=clock.now(), amount=amount_in_form("amount"),
            service=text_in_form("service"),
        ),
        t("已加入兑付申请，额度已预留。", "It is in the claim, and the quota is kept for it."),
        url_for("vouchers.show", voucher_id=voucher_id), lambda error: _page(voucher_id, error),
    )  # fmt: skip
