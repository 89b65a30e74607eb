"""A forgotten password: a mailed link, and a new one behind it. The page does not tell who has an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid
from instruments.people import Person, person_by_email
from portal import clock
from portal.auth import credentials, limits, mailed
from portal.auth.blueprint import auth
from portal.auth.fields import EmailForm, NewPasswordForm
from portal.auth.secret import new_secret
from portal.language import t
from portal.links import outside_url
from portal.outbox import enqueue
from portal.transactions import reading, writing


@auth.route("/reset", methods=["GET", "POST"])
def reset() -> Any:
    """Ask for the address; the answer is the same whether or not it is known."""
    form = EmailForm()
    if form.validate_on_submit():
        try:
            email = form.address()
        except Invalid as error:
            form.refuse(error)
        else:
            _send_reset(email)
            return render_template("auth/sent.html", kind="reset", email=email)
    return render_template("auth/reset.html", form=form), 422 if form.is_submitted() else 200


@auth.route("/reset/<token>", methods=["GET", "POST"])
def new_password(token: str) -> Any:
    """Take a new password from whoever holds the mailed link; opening the link changes nothing."""
    with reading() as session:
        person = mailed.look_at(session, mailed.RESET, token, now=clock.now())
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            credentials.check_password(form.password.data, person.email)
        except Invalid as error:
            form.refuse(error)
        else:
            _change(token, credentials.hash_password(form.password.data))
            flash(t("密码已更新，请用新密码登录。", "Your password has been changed. Please log in with the new one."), "success")
            return redirect(url_for("auth.login"))
    return render_template("auth/new_password.html", form=form, person=person), 422 if form.is_submitted() else 200


def tell_password_changed(session: Session, person: Person) -> None:
    """Mail the person that her password is a new one, in case it was not she."""
    now = clock.now()
    enqueue(session, to=person, kind="password-changed", context={"at": now, "reset_url": outside_url("auth.reset")}, now=now)


def _send_reset(email: str) -> None:
    now = clock.now()
    with writing() as session:
        limits.count_attempt(session, "reset", email, request.remote_addr or "", now=now)
        person = person_by_email(session, email)
        if person is None or person.status not in ("active", "waiting"):
            _work_as_long(session, email)
        else:
            _write_letter(session, person, mailed.issue(session, mailed.RESET, person, now=now))


def _write_letter(session: Session, to: Person | str, token: str) -> None:
    context = {"url": outside_url("auth.new_password", token=token), "hours": mailed.LIVES[mailed.RESET] // timedelta(hours=1)}
    nobody = {} if isinstance(to, Person) else {"person": {"name": to}}
    enqueue(session, to=to, kind="reset", context=context | nobody, now=clock.now(), is_secret=True)


def _work_as_long(session: Session, email: str) -> None:
    """Write a letter and take it back, so that the time of the answer does not tell who has an account."""
    pretence = session.begin_nested()
    _write_letter(session, email, new_secret())
    pretence.rollback()


def _change(token: str, password_hash: str) -> None:
    now = clock.now()
    with writing() as session:
        person = mailed.redeem(session, mailed.RESET, token, now=now)
        credentials.set_password_hash(session, person, password_hash, now=now)
        limits.forgive(session, "login", person.email, request.remote_addr or "")
        tell_password_changed(session, person)
