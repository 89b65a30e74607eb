"""Registering: an address, a name, an organisation; then a mailed link, a password, and the organisation's word.

The password is chosen behind the mailed link, so that nobody can prepare an account in another's name. Whether an address
is known already is told to its owner by mail, and to nobody on the page.
"""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.errors import Invalid
from instruments.people import Organisation, Person, add_person, person_by_email
from portal import clock
from portal.auth import credentials, limits, mailed
from portal.auth.blueprint import auth
from portal.auth.current import viewer
from portal.auth.fields import NewPasswordForm, RegisterForm
from portal.forms import options
from portal.language import current_language, name
from portal.links import outside_url
from portal.notices import waiting_notice
from portal.outbox import enqueue
from portal.transactions import reading, writing


@auth.route("/register", methods=["GET", "POST"])
def register() -> Any:
    """Ask who and from where; the answer is the same whether or not the address is known."""
    if not viewer().is_anonymous:
        return redirect("/")
    form = RegisterForm()
    with reading() as session:
        form.organisation.choices = options([("", ""), *_organisations(session)])
    if form.validate_on_submit():
        try:
            email = form.address()
        except Invalid as error:
            form.refuse(error)
        else:
            _register(email, form.name.data, int(form.organisation.data))
            return render_template("auth/sent.html", kind="register", email=email)
    return render_template("auth/register.html", form=form), 422 if form.is_submitted() else 200


@auth.route("/register/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Any:
    """Show whose link this is, and on the button take the password; opening the link changes nothing."""
    with reading() as session:
        person = mailed.look_at(session, mailed.CONFIRM, token, now=clock.now())
    form = NewPasswordForm()
    if form.validate_on_submit():
        try:
            credentials.check_password(form.password.data, person.email)
        except Invalid as error:
            form.refuse(error)
        else:
            _confirm(token, credentials.hash_password(form.password.data))
            return redirect(url_for("auth.confirmed"))
    return render_template("auth/confirm.html", form=form, person=person), 422 if form.is_submitted() else 200


@auth.get("/register/confirmed")
def confirmed() -> str:
    """Say what happens next."""
    return render_template("auth/confirmed.html")


def _organisations(session: Session) -> list[tuple[str, str]]:
    found = session.scalars(select(Organisation).where(Organisation.is_active).order_by(Organisation.name_zh)).all()
    return sorted(((str(each.id), name(each)) for each in found), key=lambda choice: choice[1])


def _register(email: str, full_name: str, organisation_id: int) -> None:
    now, language = clock.now(), current_language()
    with writing() as session:
        limits.count_attempt(session, "register", email, request.remote_addr or "", now=now)
        person = person_by_email(session, email)
        organisation = session.get_one(Organisation, organisation_id)
        if person is None:
            person = add_person(
                session, email=email, name=full_name, organisation=organisation, now=now, language=language, status="unconfirmed"
            )
        if person.status != "unconfirmed":
            context = {"login_url": outside_url("auth.login"), "reset_url": outside_url("auth.reset")}
            enqueue(session, to=person, kind="already-registered", context=context, now=now)
            return
        person.name, person.organisation, person.language = full_name, organisation, language
        _send_link(session, person)


def _send_link(session: Session, person: Person) -> None:
    now = clock.now()
    link = outside_url("auth.confirm", token=mailed.issue(session, mailed.CONFIRM, person, now=now))
    context = {"url": link, "days": mailed.LIVES[mailed.CONFIRM].days}
    enqueue(session, to=person, kind="confirm", context=context, now=now, is_secret=True)


def _confirm(token: str, password_hash: str) -> None:
    now = clock.now()
    with writing() as session:
        person = mailed.redeem(session, mailed.CONFIRM, token, now=now)
        credentials.set_password_hash(session, person, password_hash, now=now)
        if person.status == "unconfirmed":
            person.status = "waiting"
            waiting_notice(session, person, now)
