"""The forms of an import: which list, whose instruments, and how the file is to be read."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import select
from wtforms import SelectField

from instruments.access import Viewer
from instruments.errors import Invalid, Sentence
from instruments.exchange.tables import Layout
from instruments.people import Organisation
from portal.auth import viewer
from portal.forms import Form
from portal.language import lazy_t, name, t
from portal.transactions import reading


class UploadForm(Form):
    """A list, and whose instruments are in it."""

    file = FileField(lazy_t("列表文件", "The list"), [FileRequired(lazy_t("请选择文件。", "Please choose a file."))])
    organisation = SelectField(lazy_t("属于哪个单位", "Whose instruments"), coerce=int)


def upload_form() -> UploadForm:
    """Give the form with the organisations a person may import for."""
    form = UploadForm()
    form.organisation.choices = _organisations(viewer())
    return form


def _organisations(who: Viewer) -> list[tuple[int, str]]:
    """Give the organisations a person may import for; 0 is whichever the list names."""
    with reading() as session:
        query = select(Organisation).order_by(Organisation.name_zh)
        own = session.scalars(query if who.is_province_admin else query.where(Organisation.id.in_(who.administered_organisation_ids))).all()
        by_list = [(0, t("按列表中写的单位", "As the list says"))] if who.is_province_admin else []
        return by_list + [(row.id, name(row)) for row in own]


def whose_rows(organisation_id: int) -> dict[str, Any]:
    """Say whom the rows may belong to: an organisation's own user imports for her own only."""
    is_province = viewer().is_province_admin
    return {"organisation_id": organisation_id or None, "refuse_others": not is_province, "may_create": is_province and not organisation_id}


def chosen_layout(before: Layout) -> Layout:
    """Read how the file is to be read from the form; what is not said stays."""
    row = request.form.get("header_row", before.header_row, type=int)
    if not 1 <= row <= 1000:
        raise Invalid("header_row", Sentence("表头行应在 1 到 1000 之间。", "The header stands in one of the rows from 1 to 1000."))
    given = request.form.get
    return Layout(given("sheet", before.sheet), row, given("encoding", before.encoding), given("delimiter", before.delimiter))
