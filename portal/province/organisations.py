"""Organisations: who is on the network."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, StringField

from instruments.catalogue import Instrument
from instruments.codes import entries
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import ORGANISATION_KINDS, Organisation
from instruments.timespan import zone
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, name, say, t
from portal.province.blueprint import province
from portal.transactions import reading, writing


class OrganisationForm(Form):
    """What is known of an organisation."""

    code = StringField(lazy_t("平台代码", "Platform code"), [Required(), AtMost(40)])
    name_zh = StringField(lazy_t("中文名称", "Chinese name"), [Required(), AtMost(200)])
    name_en = StringField(lazy_t("英文名称", "English name"), [AtMost(200)])
    kind = SelectField(lazy_t("类型", "Kind"))
    city = SelectField(lazy_t("城市", "City"))
    time_zone = StringField(lazy_t("时区", "Time zone"), [Required(), AtMost(60)], default="Asia/Shanghai")
    website = StringField(lazy_t("网址", "Website"), [AtMost(200)])
    mail_domain = StringField(
        lazy_t("邮箱域名", "Mail domain"), [AtMost(200)], description=lazy_t("例如 example.edu.cn", "Such as example.edu.cn")
    )
    is_active = BooleanField(lazy_t("启用", "In use"), default=True)


@province.get("/organisations")
def organisations() -> str:
    """List the organisations with how many instruments each has published."""
    published = func.count(Instrument.id).filter(Instrument.publication == "published")
    with reading() as session:
        rows = session.execute(
            select(Organisation, published)
            .outerjoin(Instrument, Instrument.organisation_id == Organisation.id)
            .group_by(Organisation.id)
            .order_by(Organisation.code)
            .limit(2000)
        ).all()
        cities = {entry.code: entry.name for entry in entries(session, "city", with_retired=True)}
        return render_template("province/organisations.html", rows=rows, kinds=ORGANISATION_KINDS, cities=cities)


@province.route("/organisations/new", methods=["GET", "POST"])
def new_organisation() -> Any:
    """Add an organisation."""
    return _edit(None)


@province.route("/organisations/<int:organisation_id>", methods=["GET", "POST"])
def organisation(organisation_id: int) -> Any:
    """Change an organisation."""
    return _edit(organisation_id)


def _edit(organisation_id: int | None) -> Any:
    with reading() as session:
        found = session.get(Organisation, organisation_id) if organisation_id else None
        if organisation_id and found is None:
            raise NotFound
        form = _form(session, found)
    if form.validate_on_submit():
        try:
            return _save(form, organisation_id)
        except Invalid as error:
            form.refuse(error)
    return render_template("province/organisation.html", form=form, organisation=found), 422 if form.is_submitted() else 200


def _form(session: Session, found: Organisation | None) -> OrganisationForm:
    form = OrganisationForm(obj=found)
    form.kind.choices = options((key, say(words)) for key, words in ORGANISATION_KINDS.items())
    form.city.choices = options([("", t("(未填)", "(none)")), *((entry.code, name(entry)) for entry in entries(session, "city"))])
    return form


def _save(form: OrganisationForm, organisation_id: int | None) -> Response:
    zone(form.time_zone.data)
    with writing() as session:
        same = session.scalar(select(Organisation).where(Organisation.code == form.code.data))
        if same is not None and same.id != organisation_id:
            raise Invalid("code", Sentence("该代码已被使用。", "This code is taken."))
        one = session.get_one(Organisation, organisation_id) if organisation_id else Organisation()
        form.populate_obj(one)
        session.add(one)
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.organisations"))
