"""Evaluation schemes: what they say, and a form for a new one or a new version; what would change is shown before it is made."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.evaluationschemes import (
    NewVersion,
    SchemeVersion,
    add_shipped,
    add_version,
    changes,
    new_scheme,
    schemes,
    version_by_id,
    versions,
)
from instruments.evaluationterms import Terms, missing
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.evaluationwords import WORDS, curve_words
from portal.language import say, t
from portal.links import LARGEST_KEY
from portal.province.blueprint import province
from portal.province.schemeform import SchemeForm, definitions, form_of, labels, place_words, read_form, rearranged
from portal.transactions import reading, writing
from portal.vouchers import text_in_form

BESIDE = ("name_zh", "name_en", "code", "first_year", "last_year", "source", "reason", "after")
SHIPPED = 3


@province.get("/schemes")
def scheme_list() -> str:
    """List the evaluation schemes."""
    with reading() as session:
        return render_template("evaluations/schemes.html", rows=[(one, missing(one.terms)) for one in schemes(session)], shipped=SHIPPED, **WORDS)


@province.post("/schemes/shipped")
def add_schemes() -> Response:
    """Add the shipped schemes that are not there yet."""
    with writing() as session:
        added = add_shipped(session, now=clock.now())
    flash(t("已添加 {n} 个方案。", "{n} schemes were added.", n=len(added)), "success" if added else "plain")
    return redirect(url_for("province.scheme_list"))


@province.get("/schemes/<int:scheme_id>")
def scheme(scheme_id: int) -> str:
    """Show a scheme and its versions."""
    with reading() as session:
        found = versions(session, scheme_id)
        return render_template(
            "evaluations/scheme.html", newest=found[0], terms=found[0].terms, versions=found, missing=missing(found[0].terms),
            curve_words=curve_words, **WORDS,
        )  # fmt: skip


@province.get("/schemes/new", endpoint="new_scheme")
def show_new_scheme() -> str:
    """Show the form for a new scheme: empty, or a copy of a version of another."""
    with reading() as session:
        copied = _copied(session)
    beside = {"first_year": str(clock.now().year), "source": copied.source if copied else ""}
    return _page(form_of(copied.terms if copied else None, is_new=True), beside, copied=copied)


@province.post("/schemes/new", endpoint="add_scheme")
def make_scheme() -> Any:
    """Change the form of a new scheme, look at what is wrong with it, or make it."""
    form, step = read_form(request.form), request.form.get("do", "look")
    if rearranged(form, step):
        return _page(form, _sent())
    form.check()
    beside, wanted = _beside(form.terms)
    if step != "make" or form.terms is None or wanted is None:
        return _page(form, _sent(), beside=beside, is_looked=True), 422 if form.errors or beside else 200
    try:
        with writing() as session:
            names = Sentence(text_in_form("name_zh"), text_in_form("name_en"))
            made = new_scheme(session, text_in_form("code").strip(), names, wanted, viewer=viewer(), now=clock.now())
    except Forbidden:
        raise
    except PortalError as error:
        return _page(form, _sent(), beside=_at(error), is_looked=True), status_of(error)
    return _made(made)


@province.get("/schemes/<int:scheme_id>/edit", endpoint="edit_scheme")
def show_scheme_form(scheme_id: int) -> str:
    """Show the form for a new version: as the newest one, or as another that is named."""
    with reading() as session:
        found = versions(session, scheme_id)
        copied = _copied(session) or found[0]
    beside = {"first_year": str(copied.first_year), "last_year": str(copied.last_year or ""), "source": copied.source, "after": str(found[0].number)}
    return _page(form_of(copied.terms), beside, newest=found[0])


@province.post("/schemes/<int:scheme_id>/edit", endpoint="new_scheme_version")
def make_version(scheme_id: int) -> Any:
    """Change the form of a new version, look at what it would change, or make it."""
    with reading() as session:
        newest = versions(session, scheme_id)[0]
    form, step = read_form(request.form, of=newest.terms.of), request.form.get("do", "look")
    if rearranged(form, step):
        return _page(form, _sent(), newest=newest)
    form.check()
    beside, wanted = _beside(form.terms)
    if step != "make" or wanted is None:
        return _page(form, _sent(), newest=newest, beside=beside, is_looked=True), 422 if form.errors or beside else 200
    after = text_in_form("after")
    try:
        with writing() as session:
            number = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
            made = add_version(session, scheme_id, wanted, after=number, viewer=viewer(), now=clock.now())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(form, _sent(), newest=newest, beside=_at(error), is_looked=True), status_of(error)
    return _made(made)


def _made(made: SchemeVersion) -> Response:
    left = missing(made.terms)
    if left:
        said = t("、", ", ").join(say(one) for one in left[:5])
        flash(t("已保存为草稿，填写前不能评定：{left}。", "Saved as a draft; nothing is graded before this is filled in: {left}.", left=said), "plain")
    else:
        flash(t("已保存，可以用于评价。", "Saved; rounds may use it."), "success")
    return redirect(url_for("province.scheme", scheme_id=made.scheme_id), 303)


def _copied(session: Session) -> SchemeVersion | None:
    """Get the version that is to be copied, where one is named."""
    text = request.args.get("from", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > LARGEST_KEY:
        raise NotFound
    return version_by_id(session, int(text))


def _sent() -> dict[str, str]:
    return {key: text_in_form(key)[:1100] for key in BESIDE}


def _beside(terms: Terms | None) -> tuple[dict[str, str], NewVersion | None]:
    """Read what stands beside the terms: what is wrong with it by field, and the version that is wanted."""
    wrong, years = {}, {}
    for name in ("first_year", "last_year"):
        text = text_in_form(name).strip()
        if text.isascii() and text.isdigit() and len(text) == 4:
            years[name] = int(text)
        elif text or name == "first_year":
            wrong[name] = t("请填写四位年份，例如 2027。", "Give a year of four digits, such as 2027.")
    if wrong or terms is None:
        return wrong, None
    return {}, NewVersion(terms, years["first_year"], years.get("last_year"), text_in_form("source"), text_in_form("reason"))


def _at(error: PortalError) -> dict[str, str]:
    return {error.field if isinstance(error, Invalid) else "": say(error.sentence)}


def _page(
    form: SchemeForm, typed: dict[str, str], *, newest: SchemeVersion | None = None, copied: SchemeVersion | None = None,
    beside: dict[str, str] | None = None, is_looked: bool = False,
) -> str:  # fmt: skip
    layout, terms = form.group(), form.terms if is_looked else None
    named, old = dict(labels(layout)), newest.terms if newest else None
    told = [(place_words((old, terms), one.where), one.was, one.now) for one in changes(old, terms)] if old and terms else []
    return render_template(
        "evaluations/edit.html", form=form, layout=layout, typed=typed, newest=newest, copied=copied, may_change=viewer().is_province_admin,
        beside=beside or {}, wrong=[(at, named.get(at, ""), said) for at, said in form.errors.items()], told=told,
        is_reordered=old is not None and terms is not None and old != terms, is_ready=terms is not None and not beside,
        missing=missing(terms) if terms else [], definitions=definitions(form.raw["of"]), **WORDS,
    )  # fmt: skip
