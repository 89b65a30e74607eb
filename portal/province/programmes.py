"""Programmes of support: a list, and a form for the terms of one; no percent is made up, an empty one stays empty."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import NumberRange
from wtforms.widgets import CheckboxInput, ListWidget

from instruments.errors import Invalid
from instruments.money import yuan
from instruments.people import ORGANISATION_KINDS, Organisation
from instruments.programmes import (
    FIRST_YEAR,
    KINDS,
    LAST_YEAR,
    MOST_BRACKETS,
    PARTIES,
    Programme,
    Scheme,
    add_examples,
    ineligible_services,
    new_programme,
    programme,
    programmes,
    read_scheme,
    set_programme,
)
from portal import clock
from portal.forms import AtMost, Form, Required, options
from portal.language import lazy_t, name, say, t
from portal.province.blueprint import province
from portal.transactions import reading, writing

ROWS = 4  # brackets the form offers for each side
YEAR = NumberRange(FIRST_YEAR, LAST_YEAR)


class Ticks(SelectMultipleField):
    """Several of a list, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ProgrammeForm(Form):
    """A programme's names and terms; the brackets are beside it (user-above-0, user-percent-0 ...)."""

    code = StringField(lazy_t("代码", "Code"), [Required(), AtMost(40)])
    kind = SelectField(lazy_t("类别", "Kind"))
    name_zh = StringField(lazy_t("中文名称", "Chinese name"), [Required(), AtMost(200)])
    name_en = StringField(lazy_t("英文名称", "English name"), [AtMost(200)])
    source = TextAreaField(lazy_t("依据", "Where the terms come from"), [AtMost(500)], render_kw={"rows": 3})
    organisation = SelectField(lazy_t("主管单位（资金来源）", "The body that keeps the money"), coerce=int, choices=[])
    first_year = IntegerField(lazy_t("开始年度", "First year"), [Required(), YEAR])
    last_year = IntegerField(lazy_t("结束年度", "Last year"), [Required(), YEAR])
    applicants = Ticks(lazy_t("可申请的单位", "Who may apply"))
    quota = StringField(lazy_t("每家每年额度（元）", "Quota per firm and year (yuan)"), [AtMost(20)])
    claim_days = IntegerField(lazy_t("年度结束后可兑付的天数", "Days to claim after the year's end"), [NumberRange(0, 366)], default=0)
    ineligible = Ticks(lazy_t("不予支持的服务", "Services that do not count"))
    is_open = BooleanField(lazy_t("接受申请", "Takes applications"))


def _fields_of(scheme: Scheme) -> dict[str, str]:
    """Give the terms of both sides as the form's inputs."""
    found = {}
    for party in PARTIES:
        terms = getattr(scheme, party)
        if terms is None:
            continue
        found[f"{party}-cap"] = "" if terms.cap is None else str(terms.cap)
        found[f"{party}-of_last_year"] = "1" if terms.of_last_year else ""
        for row, bracket in enumerate(terms.brackets):
            found[f"{party}-above-{row}"] = str(bracket.above)
            found[f"{party}-percent-{row}"] = "" if bracket.percent is None else str(bracket.percent)
    return found


def _party(sent: MultiDict[str, str], party: str) -> dict[str, Any] | None:
    """Read one side; a side without any bracket is none."""
    brackets = []
    for row in range(MOST_BRACKETS):
        above, percent = (sent.get(f"{party}-{part}-{row}", "").strip() for part in ("above", "percent"))
        if above or percent:
            brackets.append({"above": yuan(above or 0, party), "percent": _percent(percent, party)})
    if not brackets:
        return None
    cap = sent.get(f"{party}-cap", "").strip()
    return {"brackets": brackets, "cap": yuan(cap, party) if cap else None, "of_last_year": sent.get(f"{party}-of_last_year") == "1"}


def _percent(text: str, field: str) -> Decimal | None:
    return yuan(text, field) if text else None


def _scheme(form: ProgrammeForm, sent: MultiDict[str, str], kind: str) -> Scheme:
    quota = (form.quota.data or "").strip()
    return read_scheme(
        {
            "first_year": form.first_year.data, "last_year": form.last_year.data, "applicants": form.applicants.data or [],
            "quota": yuan(quota, "quota") if quota else None, "claim_days": form.claim_days.data or 0,
            "ineligible": form.ineligible.data or [], "provider": _party(sent, "provider"), "user": _party(sent, "user"),
        },
        kind,
    )  # fmt: skip


@province.get("/programmes")
def programme_list() -> str:
    """List the programmes."""
    with reading() as session:
        return render_template("province/programmes.html", rows=programmes(session), kinds=KINDS)


@province.post("/programmes/examples")
def add_programmes() -> Response:
    """Add the shipped programmes, closed, to start from."""
    with writing() as session:
        added = add_examples(session, now=clock.now())
    words = (
        t("已添加 {n} 个方案。", "{n} programmes were added.", n=len(added))
        if added
        else t("没有可添加的方案。", "There was nothing to add.")
    )
    flash(words, "success" if added else "plain")
    return redirect(url_for("province.programme_list"))


@province.route("/programmes/new", methods=["GET", "POST"], endpoint="new_programme")
def begin_programme() -> Any:
    """Begin a programme."""
    return _page(None)


@province.route("/programmes/<int:programme_id>", methods=["GET", "POST"], endpoint="programme")
def edit_programme(programme_id: int) -> Any:
    """Show a programme's terms, and change them."""
    return _page(programme_id)


def _page(programme_id: int | None) -> Any:
    with reading() as session:
        found = programme(session, programme_id) if programme_id is not None else None
        form = _form(session, found)
    if form.validate_on_submit():
        try:
            return _save(form, programme_id)
        except Invalid as error:
            form.refuse(error)
    status = 422 if form.is_submitted() else 200
    return render_template(
        "province/programme.html", form=form, found=found, rows=_rows(found), parties=PARTIES, given=_given(found)
    ), status


def _rows(found: Programme | None) -> range:
    """Offer as many brackets as there are, and a free one."""
    used = 0 if found is None else max(len(terms.brackets) for terms in (found.scheme.user, found.scheme.provider) if terms is not None)
    return range(min(max(ROWS, used + 1), MOST_BRACKETS))


def _given(found: Programme | None) -> dict[str, str]:
    if request.method == "POST":
        return request.form.to_dict()
    return {} if found is None else _fields_of(found.scheme)


def _form(session: Session, found: Programme | None) -> ProgrammeForm:
    form = ProgrammeForm() if found is None else ProgrammeForm(data=_data(found))
    form.kind.choices = options((key, say(words)) for key, words in KINDS.items())
    form.applicants.choices = options((key, say(words)) for key, words in ORGANISATION_KINDS.items())
    form.ineligible.choices = options((key, say(words)) for key, words in ineligible_services().items())
    keepers = session.scalars(select(Organisation).order_by(Organisation.code))
    form.organisation.choices = options([(0, t("（未定）", "(not chosen)")), *((one.id, name(one)) for one in keepers)])
    if found is not None:
        del form.code, form.kind
    return form


def _data(found: Programme) -> dict[str, Any]:
    scheme = found.scheme
    return {
        "name_zh": found.name_zh, "name_en": found.name_en, "source": found.source, "organisation": found.organisation_id or 0,
        "first_year": scheme.first_year, "last_year": scheme.last_year, "applicants": list(scheme.applicants),
        "quota": "" if scheme.quota is None else str(scheme.quota), "claim_days": scheme.claim_days, "ineligible": list(scheme.ineligible),
        "is_open": found.is_open,
    }  # fmt: skip


def _save(form: ProgrammeForm, programme_id: int | None) -> Response:
    with writing() as session:
        one = programme(session, programme_id) if programme_id is not None else new_programme(session, form.code.data or "", form.kind.data)
        keeper = session.get(Organisation, form.organisation.data) if form.organisation.data else None
        scheme, names = _scheme(form, request.form, one.kind), (form.name_zh.data or "", form.name_en.data or "")
        set_programme(
            session,
            one,
            scheme,
            names=names,
            source=form.source.data or "",
            keeper=keeper,
            is_open=bool(form.is_open.data),
            now=clock.now(),
        )
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.programme", programme_id=one.id))
