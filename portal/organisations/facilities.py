"""Facilities: the centres that instruments belong to."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField

from instruments.catalogue import Instrument
from instruments.errors import NotFound
from instruments.facilities import Facility
from portal.auth import viewer
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t, t
from portal.organisations.blueprint import check_administers, default_organisation, may_look, my_organisation_ids, organisations
from portal.transactions import reading, writing


class FacilityForm(Form):
    """What is known of a facility."""

    name_zh = StringField(lazy_t("中文名称", "Chinese name"), [Required(), AtMost(200)])
    name_en = StringField(lazy_t("英文名称", "English name"), [AtMost(200)])
    level = StringField(
        lazy_t("级别", "Level"), [AtMost(40)], description=lazy_t("国家级、省部级、地市级或单位级", "National, provincial, city or own")
    )
    established = StringField(
        lazy_t("成立时间", "Established"), [AtMost(10)], description=lazy_t("例如 2012 或 2012-05", "Such as 2012 or 2012-05")
    )
    accreditation = StringField(lazy_t("资质认定", "Accreditation"), [AtMost(200)])
    head = StringField(lazy_t("负责人", "Head"), [AtMost(100)])
    about_zh = TextAreaField(lazy_t("中文简介", "About, in Chinese"), [AtMost(1000)])
    about_en = TextAreaField(lazy_t("英文简介", "About, in English"), [AtMost(1000)])


@organisations.get("/facilities")
def facilities() -> str:
    """List the facilities with how many instruments each has."""
    ids = my_organisation_ids(viewer())
    with reading() as session:
        asked = select(Facility, func.count(Instrument.id)).outerjoin(Instrument, Instrument.facility_id == Facility.id)
        if ids is not None:
            asked = asked.where(Facility.organisation_id.in_(ids))
        rows = session.execute(asked.group_by(Facility.id).order_by(Facility.name_zh, Facility.id).limit(500)).all()
        return render_template("organisations/facilities.html", rows=rows, may_add=viewer().manages_any and not viewer().is_auditor)


@organisations.route("/facilities/new", methods=["GET", "POST"])
def new_facility() -> Any:
    """Add a facility to the organisation."""
    form = FacilityForm()
    with reading() as session:
        check_administers(default_organisation(session).id)
    if not form.validate_on_submit():
        return render_template("organisations/facility.html", form=form, facility=None), 422 if form.is_submitted() else 200
    with writing() as session:
        made = Facility(organisation=default_organisation(session))
        _fill(made, form)
        session.add(made)
    return _saved()


@organisations.route("/facilities/<int:facility_id>", methods=["GET", "POST"])
def facility(facility_id: int) -> Any:
    """Change a facility."""
    with reading() as session:
        found = session.get(Facility, facility_id)
        if found is None or not may_look(viewer(), found.organisation_id):
            raise NotFound
        form = FacilityForm(obj=found)
    if not form.validate_on_submit():
        return render_template("organisations/facility.html", form=form, facility=found), 422 if form.is_submitted() else 200
    check_administers(found.organisation_id)
    with writing() as session:
        _fill(session.get_one(Facility, facility_id), form)
    return _saved()


def _fill(one: Facility, form: FacilityForm) -> None:
    for field in form:
        setattr(one, field.name, field.data or "")


def _saved() -> Response:
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("organisations.facilities"))
