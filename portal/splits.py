"""How an organisation divides what its instruments earn, and how long users may look at a charge."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy.orm import Session

from instruments.errors import Forbidden, Invalid, NotFound
from instruments.people import Organisation
from portal import clock
from portal.accountforms import SplitForm
from portal.auth import login_required, viewer
from portal.language import t
from portal.organisations.blueprint import default_organisation, may_look
from portal.transactions import reading, writing
from scheduling.accounting.reviews import review_days, set_review_days
from scheduling.accounting.splits import PARTS, set_split, split_of

splits = Blueprint("splits", __name__)


@splits.get("/organisation/income")
@login_required
def mine() -> Any:
    """Lead to the division of the organisation one looks after."""
    who = viewer()
    if not (who.administers_any or who.is_province_admin or who.is_auditor):
        raise NotFound
    with reading() as session:
        audited = [grant.organisation_id for grant in who.grants if grant.role == "auditor" and grant.organisation_id]
        owner = audited[0] if audited and not who.administers_any else default_organisation(session).id
    return redirect(url_for("splits.show", organisation_id=owner))


@splits.route("/organisation/<int:organisation_id>/income", methods=["GET", "POST"])
@login_required
def show(organisation_id: int) -> Any:
    """Show how income is divided, and change it for what is posted from now on."""
    who = viewer()
    with reading() as session:
        owner = session.get(Organisation, organisation_id)
        if owner is None or not may_look(who, organisation_id):
            raise NotFound
        held = split_of(session, organisation_id)
        days = review_days(session, organisation_id)
    form = SplitForm(None, review_days=days, **{f"to_{part}": str(held[part]) for part in PARTS if part in held})
    if form.is_submitted():
        if not who.may_administer(organisation_id):
            raise Forbidden
        form = SplitForm()
        if form.validate():
            try:
                with writing() as session:
                    _save(session, organisation_id, form)
            except Invalid as error:
                form.refuse(error)
            else:
                flash(t("已保存，今后入账的收入按此分配。", "Saved; income booked from now on is divided like this."), "success")
                return redirect(url_for("splits.show", organisation_id=organisation_id))
    may_change = who.may_administer(organisation_id)
    return render_template(
        "accounts/split.html", form=form, owner=owner, held=held, parts=PARTS, days=days, may_change=may_change
    ), _status(form)


def _save(session: Session, organisation_id: int, form: SplitForm) -> None:
    now = clock.now()
    set_split(session, organisation_id, form.parts(), viewer=viewer(), now=now)
    set_review_days(session, organisation_id, form.review_days.data, viewer=viewer())


def _status(form: SplitForm) -> int:
    return 422 if form.is_submitted() else 200
