"""How she logs in: her password, and the logins that are under way."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from instruments.errors import Invalid
from instruments.people import Person
from portal import clock
from portal.auth import credentials, viewer
from portal.auth import sessions as logins
from portal.auth.credentials import Credential
from portal.auth.current import session_id
from portal.auth.reset import tell_password_changed
from portal.language import t
from portal.me.blueprint import me
from portal.me.fields import PasswordForm
from portal.me.proof import check_own_password
from portal.transactions import reading, writing


@me.get("/sessions")
def sessions() -> str:
    """List one's logins, and lead to password and second step."""
    with reading() as session:
        found = logins.open_sessions(session, viewer().person_id, clock.now())
        credential = session.get(Credential, viewer().person_id)
    has_totp = credential is not None and credential.has_totp
    return render_template("me/sessions.html", logins=found, current=session_id(), credential=credential, has_totp=has_totp)


@me.post("/sessions/<int:login_id>/end")
def end_session(login_id: int) -> Response:
    """End one login; whoever used it has to log in again."""
    with writing() as session:
        logins.end(session, viewer().person_id, login_id, now=clock.now())
    flash(t("该登录已结束。", "That login has ended."), "success")
    return redirect(url_for("me.sessions"))


@me.post("/sessions/end-others")
def end_other_sessions() -> Response:
    """End every login but this one."""
    with writing() as session:
        logins.end_all(session, viewer().person_id, now=clock.now(), but=session_id())
    flash(t("其他登录已全部结束。", "All your other logins have ended."), "success")
    return redirect(url_for("me.sessions"))


@me.route("/password", methods=["GET", "POST"])
def password() -> Any:
    """Change the password; logins elsewhere end."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            credentials.check_password(form.password.data, viewer().email)
            check_own_password(form.current.data)
        except Invalid as error:
            form.refuse(error)
        else:
            _change(credentials.hash_password(form.password.data))
            flash(t("密码已更新，其他设备上的登录已结束。", "Your password is changed, and your logins elsewhere have ended."), "success")
            return redirect(url_for("me.sessions"))
    return render_template("me/password.html", form=form), 422 if form.is_submitted() else 200


def _change(password_hash: str) -> None:
    with writing() as session:
        person = session.get_one(Person, viewer().person_id)
        credentials.set_password_hash(session, person, password_hash, now=clock.now(), but=session_id())
        tell_password_changed(session, person)
