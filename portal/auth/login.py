"""Logging in and out: a password, and for those who have it the code of a second step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask import session as cookie
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.access import load_viewer
from instruments.errors import Sentence
from instruments.people import Person
from portal import clock
from portal.auth import credentials, limits, sessions, totp
from portal.auth.blueprint import auth
from portal.auth.credentials import Credential
from portal.auth.current import forget, remember, session_id, viewer
from portal.auth.fields import CodeForm, LoginForm
from portal.auth.secret import digest
from portal.language import say
from portal.security import own_path
from portal.transactions import writing

SECOND_STEP_SECONDS = 600
HALF = "half"  # in the cookie: who has given the right password and still owes the code
WRONG = Sentence("邮箱或密码不正确。", "The e-mail address or the password is not right.")
NOT_IN_YET = {
    "waiting": Sentence("您的单位尚未审核您的注册，结果会邮件通知您。", "Your organisation has yet to admit you. You will hear by mail."),
    "refused": Sentence("您的注册未通过单位审核。", "Your organisation has not admitted you."),
    "disabled": Sentence("此账户已停用，请联系本单位管理员。", "This account is closed. Please ask your organisation's administrator."),
}
URGED = Sentence(
    "您负责仪器或单位，请在“登录与安全”中开启两步验证。",
    "You answer for instruments or people: please switch on the second step under “Sign-ins and security”.",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is needed to check a password outside the transaction."""

    person_id: int
    status: str
    password_hash: str
    has_totp: bool


@auth.route("/login", methods=["GET", "POST"])
def login() -> Any:
    """Ask for the password; lead on to where the reader was going."""
    onward = own_path(request.values.get("next"))
    if request.method == "GET" and not viewer().is_anonymous:
        return redirect(onward)
    form = LoginForm()
    if form.validate_on_submit():
        known = _known(form.email.data)
        if not credentials.is_password(known.password_hash if known else None, form.password.data) or known is None:
            form.form_errors.append(say(WRONG))
        elif known.status != "active":
            form.form_errors.append(say(NOT_IN_YET.get(known.status, WRONG)))
        elif known.has_totp:
            return _ask_for_code(known, onward)
        else:
            return _enter(known.person_id, onward, _renewed_hash(known, form.password.data))
    return render_template("auth/login.html", form=form, onward=onward), 422 if form.is_submitted() else 200


@auth.route("/login/code", methods=["GET", "POST"])
def code() -> Any:
    """Ask for the code of the second step."""
    person_id = _half_way()
    onward = own_path(request.values.get("next"))
    if person_id is None:
        return redirect(url_for("auth.login", next=onward))
    form = CodeForm()
    if form.validate_on_submit():
        if _is_right_code(person_id, form.code.data):
            return _enter(person_id, onward)
        form.refuse(totp.wrong_code())
    return render_template("auth/code.html", form=form, onward=onward), 422 if form.is_submitted() else 200


@auth.post("/logout")
def logout() -> Response:
    """End this login."""
    if not viewer().is_anonymous:
        with writing() as session:
            sessions.end(session, viewer().person_id, session_id(), now=clock.now())
    forget()
    return redirect("/")


def _known(email: str) -> Known | None:
    """Count the attempt, and read what the password is checked against."""
    email = email.strip().lower()
    with writing() as session:
        limits.count_attempt(session, "login", email, request.remote_addr or "", now=clock.now())
        return _read_known(session, email)


def _read_known(session: Session, email: str) -> Known | None:
    found = session.execute(
        select(Person.id, Person.status, Credential.password_hash, Credential.totp_enabled_at)
        .outerjoin(Credential, Credential.person_id == Person.id)
        .where(Person.email == email)
    ).first()
    if found is None or found.status == "unconfirmed":
        return None
    return Known(found.id, found.status, found.password_hash or "", found.totp_enabled_at is not None)


def _ask_for_code(known: Known, onward: str) -> Response:
    cookie.clear()
    cookie[HALF] = [known.person_id, int(clock.now().timestamp()), digest(known.password_hash)[:16]]
    return redirect(url_for("auth.code", next=onward))


def _half_way() -> int | None:
    person_id, since, _ = cookie.get(HALF) or (None, 0, "")
    return person_id if clock.now().timestamp() - since < SECOND_STEP_SECONDS else None


def _is_right_code(person_id: int, given: str) -> bool:
    now = clock.now()
    with writing() as session:
        limits.count_attempt(session, "code", str(person_id), request.remote_addr or "", now=now)
    with writing(actor_id=person_id) as session:
        credential = credentials.credential_of(session, person_id)
        # A password changed in between takes the first step back.
        if digest(credential.password_hash)[:16] != cookie[HALF][2]:
            abort(redirect(url_for("auth.login")))
        return totp.use_code(session, person_id, given, now=now)


def _renewed_hash(known: Known, password: str) -> str:
    """Give a stronger hash where the stored one was made with weaker settings than today's."""
    return credentials.hash_password(password) if credentials.is_outdated(known.password_hash) else ""


def _enter(person_id: int, onward: str, new_hash: str = "") -> Response:
    """Write the login down and give the cookie."""
    now = clock.now()
    address = request.remote_addr or ""
    with writing(actor_id=person_id) as session:
        person = session.get_one(Person, person_id)
        credential = credentials.credential_of(session, person_id)
        limits.forgive(session, "login", person.email, address)
        limits.forgive(session, "code", str(person_id), address)
        credential.password_hash = new_hash or credential.password_hash
        token = sessions.begin(session, person, now=now, user_agent=request.user_agent.string, address=address)
        is_urged = load_viewer(session, person).manages_any and not credential.has_totp
    remember(token, person)
    if is_urged:
        flash(say(URGED), "warning")
    return redirect(onward)
