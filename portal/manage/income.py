"""How one instrument's income is divided, where it is not as its organisation's usually is."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from instruments.errors import Forbidden, PortalError
from portal import clock
from portal.accountforms import DivisionForm
from portal.auth import viewer
from portal.divisionpages import begins, filled, refuse, save_division
from portal.errors import status_of
from portal.language import t
from portal.manage.blueprint import inspected, manage
from portal.transactions import reading, writing
from scheduling.accounting.divisions import PARTS, clear_division, division_of, history_of, withdraw_division


@manage.route("/instruments/<int:instrument_id>/income", methods=["GET", "POST"])
def income(instrument_id: int) -> Any:
    """Show how the instrument's income is divided, was and will be; give it a division of its own, or take that away."""
    if request.method == "GET":
        return _page(instrument_id)
    _check(instrument_id)
    form = DivisionForm()
    if not form.validate():
        return _page(instrument_id, form, 422)
    try:
        with writing() as session:
            one = inspected(session, instrument_id)
            if "clear" in request.form:
                clear_division(session, one, viewer=viewer(), now=clock.now(), valid_from=begins(form.valid_from.data, one.organisation))
            else:
                save_division(session, one.organisation, form, one)
    except PortalError as error:
        refuse(form, error)
        return _page(instrument_id, form, status_of(error))
    flash(t("已保存，之后入账的收入按此分配。", "Saved; income booked from then on is divided like this."), "success")
    return redirect(url_for("manage.income", instrument_id=instrument_id), 303)


@manage.post("/instruments/<int:instrument_id>/income/<int:division_id>/withdraw")
def withdraw_income(instrument_id: int, division_id: int) -> Any:
    """Take back a division that has not begun."""
    _check(instrument_id)
    with writing() as session:
        one = inspected(session, instrument_id)
        withdraw_division(session, division_id, viewer=viewer(), now=clock.now(), organisation_id=one.organisation_id, instrument_id=one.id)
    flash(t("已撤回。", "It is taken back."), "success")
    return redirect(url_for("manage.income", instrument_id=instrument_id), 303)


def _check(instrument_id: int) -> None:
    """The division is the organisation's to say, not the instrument's manager's."""
    with reading() as session:
        if not viewer().may_administer(inspected(session, instrument_id).organisation_id):
            raise Forbidden


def _page(instrument_id: int, form: DivisionForm | None = None, status: int = 200) -> Any:
    now = clock.now()
    with reading() as session:
        one = inspected(session, instrument_id)
        steps = history_of(session, one.organisation_id, one.id, now=now)
        held = division_of(session, one.organisation_id, one.id, at=now)
        return render_template(
            "manage/income.html", instrument=one, form=form or filled(DivisionForm, held), held=held, parts=PARTS, steps=steps,
            usual=division_of(session, one.organisation_id, at=now), is_own=any(step.is_current and step.division.parts for step in steps),
            may_change=viewer().may_administer(one.organisation_id), tz=one.organisation.time_zone,
        ), status  # fmt: skip
