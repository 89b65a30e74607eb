"""Back-fill by sheet: upload it, look at every row, record them; and the empty sheet to fill in."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Response, render_template, request
from flask_wtf.file import FileField

from instruments.errors import Forbidden, Invalid, NotFound
from portal import usesheets
from portal.auth import viewer
from portal.exports import csv_attachment
from portal.forms import Form, Required
from portal.language import lazy_t, say, t
from portal.manage.blueprint import manage
from scheduling.usage import MODES, OUTCOMES, PURPOSES
from scheduling.usagesheets import COLUMNS, MOST_ROWS, NEEDED, Outcome


class SheetForm(Form):
    """Which sheet."""

    file = FileField(lazy_t("表格文件（CSV 或 XLSX）", "The sheet (CSV or XLSX)"), [Required()], render_kw={"accept": ".csv,.xlsx,.txt"})


@manage.get("/uses/sheets")
def use_sheets() -> Any:
    """Offer to upload a sheet of uses."""
    return _page(SheetForm(None))


@manage.post("/uses/sheets")
def look_at_sheet() -> Any:
    """Take a sheet in and show what would become of each row; nothing is written."""
    form = SheetForm()
    if not form.validate_on_submit():
        return _page(form)
    name = ""
    try:
        name = usesheets.keep(form.file.data.stream)
        return _page(form, outcomes=usesheets.look(name), sheet=name)
    except Invalid as error:
        if name:
            usesheets.forget(name)
        form.refuse(error)
        return _page(form)


@manage.post("/uses/sheets/record")
def record_sheet() -> Any:
    """Record the rows of a sheet that was looked at, and report every one."""
    try:
        return _page(SheetForm(None), outcomes=usesheets.carry_out(request.form.get("sheet", "")), is_done=True)
    except (Invalid, NotFound) as error:
        form = SheetForm(None)
        form.form_errors.append(say(error.sentence))
        return _page(form)


@manage.get("/uses/sheet.csv")
def empty_sheet() -> Response:
    """Give the empty sheet with its columns."""
    header = ",".join(t(words.zh, words.en) for words in COLUMNS.values())
    return csv_attachment(["\ufeff", header, "\r\n"], t("使用补录表.csv", "uses.csv"), "uses.csv")


def _page(form: SheetForm, *, outcomes: list[Outcome] | None = None, sheet: str = "", is_done: bool = False) -> Any:
    if request.method == "POST" and not viewer().manages_any:
        raise Forbidden
    counts = Counter(outcome.action for outcome in outcomes or ())
    content = render_template(
        "usage/sheets.html",
        form=form,
        outcomes=outcomes,
        counts=counts,
        sheet=sheet,
        is_done=is_done,
        columns=COLUMNS,
        needed=NEEDED,
        most=MOST_ROWS,
        codes={"mode": MODES, "purpose": PURPOSES, "outcome": {key: words for key, words in OUTCOMES.items() if key}},
        may_change=viewer().manages_any,
    )
    return content, 422 if form.form_errors or form.errors else 200
