"""The province's side of vouchers: applications and claims that wait for it, all vouchers, and organisations that are related."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from instruments.errors import Invalid, PortalError
from instruments.people import Organisation
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.auth import viewer
from portal.claims import claim_page
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, name, t
from portal.moneynotices import claim_notice, voucher_notice
from portal.province.blueprint import province
from portal.transactions import reading, writing
from portal.vouchers import ROWS, WORDS, amount_in_form, answered, reasons, text_in_form
from scheduling.accounting.accounts import NOTHING
from scheduling.accounting.claiming import close_voucher, refuse_claim, settle_claim
from scheduling.accounting.claims import claims_to_review, reserved_on
from scheduling.accounting.related import relate, relations, unrelate
from scheduling.accounting.vouchers import grant_voucher, refuse_voucher, vouchers_of


class RelationForm(Form):
    """Two organisations, and why they are related."""

    first = SelectField(lazy_t("单位", "Organisation"), coerce=int, choices=[])
    second = SelectField(lazy_t("关联单位", "Related to"), coerce=int, choices=[])
    reason = StringField(lazy_t("依据", "Why"), [Required(), AtMost(500)])


@province.get("/vouchers")
def vouchers() -> str:
    """Show what waits for a decision, then all vouchers."""
    return _page()


def _page(error: PortalError | None = None) -> str:
    key = key_of(request.args.get("cursor"), int)
    with reading() as session:
        found = vouchers_of(session, viewer(), before=key[0] if key else None, limit=ROWS + 1)
        rows = found[:ROWS]
        return render_template(
            "province/vouchers.html", applications=vouchers_of(session, viewer(), status="applied", limit=100),
            claims=claims_to_review(session), rows=rows, kept=reserved_on(session, [one.id for one in rows]), today=clock.now().date(),
            next=cursor_of(rows[-1].id) if len(found) > ROWS else None, problems=reasons(error), **WORDS,
        )  # fmt: skip


@province.post("/vouchers/<int:voucher_id>/<any(grant,refuse,close):step>")
def decide_on_voucher(voucher_id: int, step: str) -> Any:
    """Grant an amount, refuse with a reason, or close a voucher after its last day."""

    def do(session: Session) -> None:
        who, now = viewer(), clock.now()
        if step == "grant":
            one = grant_voucher(session, voucher_id, amount_in_form("amount") or NOTHING, viewer=who, now=now, note=text_in_form("reason"))
            voucher_notice(session, one, now)
        elif step == "refuse":
            voucher_notice(session, refuse_voucher(session, voucher_id, text_in_form("reason"), viewer=who, now=now), now)
        else:
            close_voucher(session, voucher_id, viewer=who, now=now)

    said = {
        "grant": t("已发放。", "Granted."),
        "refuse": t("已拒绝，企业会看到原因。", "Refused; the firm reads the reason."),
        "close": t("已结束，余额已收回。", "Closed; what was left has gone back."),
    }[step]
    return answered(do, said, url_for("province.vouchers"), _page)


@province.post("/claims/<int:claim_id>/<any(settle,refuse):step>")
def decide_on_claim(claim_id: int, step: str) -> Any:
    """Pay a claim, with the transfer's reference, or refuse it for good."""

    def do(session: Session) -> None:
        if step == "settle":
            one = settle_claim(session, claim_id, text_in_form("reference"), viewer=viewer(), now=clock.now())
        else:
            one = refuse_claim(session, claim_id, text_in_form("remarks"), viewer=viewer(), now=clock.now())
        claim_notice(session, one, clock.now())

    said = t("已兑付。", "Settled.") if step == "settle" else t("已拒绝，企业会看到原因。", "Refused; the firm reads the reason.")
    return answered(do, said, url_for("claims.show", claim_id=claim_id), lambda error: claim_page(claim_id, error))


@province.route("/related", methods=["GET", "POST"])
def related() -> Any:
    """List related organisations, and note two more."""
    form = RelationForm()
    with reading() as session:
        known = [(one.id, name(one)) for one in session.scalars(select(Organisation).order_by(Organisation.code))]
    form.first.choices = form.second.choices = options(known)
    if form.validate_on_submit():
        try:
            with writing() as session:
                first, second = (session.get_one(Organisation, chosen.data) for chosen in (form.first, form.second))
                relate(session, first, second, form.reason.data or "", viewer=viewer())
        except Invalid as error:
            form.refuse(error)
        else:
            return _saved()
    with reading() as session:
        return render_template("province/related.html", rows=relations(session), form=form), 422 if form.is_submitted() else 200


@province.post("/related/<int:relation_id>/remove")
def remove_relation(relation_id: int) -> Response:
    """Take a note back."""
    with writing() as session:
        unrelate(session, relation_id, viewer=viewer())
    return _saved()


def _saved() -> Response:
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.related"))
