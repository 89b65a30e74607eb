"""Code lists: cities, sources, conditions and the rest, added to, renamed and retired."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response
from wtforms import StringField

from instruments import codes as lists
from instruments.codes import LISTS
from instruments.errors import Invalid, NotFound
from portal.forms import AtMost, Form, Required
from portal.language import lazy_t, t
from portal.province.blueprint import province
from portal.transactions import reading, writing


class CodeForm(Form):
    """One entry of a list."""

    code = StringField(lazy_t("代码", "Code"), [Required(), AtMost(40)])
    name_zh = StringField(lazy_t("中文名称", "Chinese name"), [Required(), AtMost(200)])
    name_en = StringField(lazy_t("英文名称", "English name"), [AtMost(200)])


@province.get("/codes")
def codes() -> str:
    """Show the lists there are."""
    return render_template("province/codes.html", lists=LISTS)


@province.route("/codes/<list_name>", methods=["GET", "POST"])
def code_list(list_name: str) -> Any:
    """Show a list, and add an entry."""
    if list_name not in LISTS:
        raise NotFound
    form = CodeForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                lists.add(session, list_name, form.code.data, name_zh=form.name_zh.data, name_en=form.name_en.data or "")
            return _saved(list_name)
        except Invalid as error:
            form.refuse(error)
    with reading() as session:
        found = lists.entries(session, list_name, with_retired=True)
    return render_template(
        "province/code_list.html", list_name=list_name, words=LISTS[list_name], entries=found, form=form
    ), 422 if form.is_submitted() else 200


@province.post("/codes/<list_name>/<code>/<any(retire, restore):step>")
def retire_code(list_name: str, code: str, step: str) -> Response:
    """Take an entry out of use, or back into it; what carries it stays."""
    if list_name not in LISTS:
        raise NotFound
    with writing() as session:
        (lists.retire if step == "retire" else lists.restore)(session, list_name, code)
    return _saved(list_name)


def _saved(list_name: str) -> Response:
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.code_list", list_name=list_name))
