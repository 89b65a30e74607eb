"""How an organisation divides what its instruments earn, and how long users may look at a charge. One instrument's own: portal/manage/income.py."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Forbidden, NotFound, PortalError
from instruments.people import Organisation
from portal import clock
from portal.accountforms import SplitForm
from portal.auth import login_required, viewer
from portal.divisionpages import filled, refuse, save_division
from portal.errors import status_of
from portal.language import t
from portal.organisations.blueprint import default_organisation, may_look
from portal.transactions import reading, writing
from scheduling.accounting.divisions import PARTS, division_of, history_of, own_divisions, withdraw_division
from scheduling.accounting.reviews import review_days, set_review_days

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
    """Show how income is divided, was and will be, and change it for what is posted from then on."""
    if request.method == "GET":
        return _page(organisation_id)
    _check(organisation_id)
    form = SplitForm()
    if not form.validate():
        return _page(organisation_id, form, 422)
    try:
        with writing() as session:
            save_division(session, session.get_one(Organisation, organisation_id), form)
            set_review_days(session, organisation_id, form.review_days.data, viewer=viewer())
    except PortalError as error:
        refuse(form, error)
        return _page(organisation_id, form, status_of(error))
    flash(t("已保存，之后入账的收入按此分配。", "Saved; income booked from then on is divided like this."), "success")
    return redirect(url_for("splits.show", organisation_id=organisation_id))


@splits.post("/organisation/<int:organisation_id>/income/<int:division_id>/withdraw")
@login_required
def withdraw(organisation_id: int, division_id: int) -> Any:
    """Take back a division that has not begun."""
    _check(organisation_id)
    with writing() as session:
        withdraw_division(session, division_id, viewer=viewer(), now=clock.now(), organisation_id=organisation_id)
    flash(t("已撤回。", "It is taken back."), "success")
    return redirect(url_for("splits.show", organisation_id=organisation_id))


def _check(organisation_id: int) -> None:
    with reading() as session:
        _owner(session, organisation_id)
    if not viewer().may_administer(organisation_id):
        raise Forbidden


def _owner(session: Session, organisation_id: int) -> Organisation:
    owner = session.get(Organisation, organisation_id)
    if owner is None or not may_look(viewer(), organisation_id):
        raise NotFound
    return owner


def _page(organisation_id: int, form: SplitForm | None = None, status: int = 200) -> Any:
    now = clock.now()
    with reading() as session:
        owner = _owner(session, organisation_id)
        held, days = division_of(session, organisation_id, at=now), review_days(session, organisation_id)
        return render_template(
            "accounts/split.html", form=form or filled(SplitForm, held, review_days=days), owner=owner, held=held, parts=PARTS, days=days,
            may_change=viewer().may_administer(organisation_id), steps=history_of(session, organisation_id, now=now),
            own=own_divisions(session, organisation_id, now), tz=owner.time_zone,
        ), status  # fmt: skip
