"""Switching the second step of the login on and off."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask import session as cookie

from instruments.errors import Invalid
from portal import clock
from portal.auth import totp as second_step
from portal.auth import viewer
from portal.auth.credentials import Credential, credential_of
from portal.language import t
from portal.me.blueprint import me
from portal.me.fields import ProofForm, TotpForm
from portal.me.proof import check_own_password
from portal.pages import portal_name
from portal.transactions import reading, writing

PROPOSED = "totp"  # in the cookie until a first code has shown that the app knows it


@me.route("/totp", methods=["GET", "POST"])
def totp() -> Any:
    """Show the secret as a picture, and switch the second step on with a first code."""
    with reading() as session:
        credential = session.get(Credential, viewer().person_id)
    if credential is not None and credential.has_totp:
        return render_template("me/totp_on.html", form=ProofForm(), left=len(credential.recovery_hashes))
    enrolment = second_step.propose(viewer().email, portal_name(), cookie.get(PROPOSED))
    cookie[PROPOSED] = enrolment.secret
    form = TotpForm()
    if form.validate_on_submit():
        try:
            check_own_password(form.current.data)
            return _switch_on(enrolment.secret, form.code.data)
        except Invalid as error:
            form.refuse(error)
    return render_template("me/totp.html", form=form, enrolment=enrolment), 422 if form.is_submitted() else 200


@me.post("/totp/off")
def totp_off() -> Any:
    """Switch the second step off."""
    form = ProofForm()
    if _is_proved(form):
        with writing() as session:
            second_step.disable(session, viewer().person_id)
        flash(t("两步验证已关闭。", "The second step is switched off."), "success")
        return redirect(url_for("me.sessions"))
    return _show_again(form)


@me.post("/totp/recovery")
def recovery() -> Any:
    """Give new recovery codes, once."""
    form = ProofForm()
    if _is_proved(form):
        with writing() as session:
            codes = second_step.renew_recovery(credential_of(session, viewer().person_id))
        return render_template("me/recovery.html", codes=codes)
    return _show_again(form)


def _switch_on(secret: str, code: str) -> str:
    with writing() as session:
        codes = second_step.enable(session, viewer().person_id, secret, code, now=clock.now())
    cookie.pop(PROPOSED, None)
    return render_template("me/recovery.html", codes=codes)


def _is_proved(form: ProofForm) -> bool:
    if not form.validate_on_submit():
        return False
    try:
        check_own_password(form.current.data)
    except Invalid as error:
        form.refuse(error)
        return False
    return True


def _show_again(form: ProofForm) -> tuple[str, int]:
    with reading() as session:
        credential = session.get(Credential, viewer().person_id)
    return render_template("me/totp_on.html", form=form, left=len(credential.recovery_hashes) if credential else 0), 422
