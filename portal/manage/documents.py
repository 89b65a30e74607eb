"""The photo of an instrument and the documents for its users."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from sqlalchemy.orm import Session, selectinload
from werkzeug.wrappers import Response
from wtforms import StringField, TextAreaField

from instruments.catalogue import Document, Instrument
from instruments.errors import Invalid, NotFound, Sentence
from portal import clock
from portal.auth import viewer
from portal.files import LARGEST_DOCUMENT, LARGEST_PHOTO, MOST_DOCUMENTS, store_document, store_photo
from portal.forms import AtMost, Form
from portal.language import lazy_t, t
from portal.manage.blueprint import inspected, manage, managed
from portal.transactions import reading, writing

MEGABYTE = 1024 * 1024
NO_FILE = Sentence("请选择一个文件。", "Please choose a file.")


class PhotoForm(Form):
    """Asks for a picture."""

    photo = FileField(lazy_t("照片", "Photo"), render_kw={"accept": "image/jpeg,image/png,image/webp,image/gif"})


class DocumentForm(Form):
    """Asks for a file and what it is."""

    file = FileField(lazy_t("文件", "File"))
    title = StringField(lazy_t("标题", "Title"), [AtMost(200)], description=lazy_t("不填则使用文件名。", "The file's name where it stays empty."))
    about = TextAreaField(lazy_t("说明", "What it is for"), [AtMost(500)], render_kw={"rows": 2})


@manage.route("/instruments/<int:instrument_id>/documents", methods=["GET", "POST"])
def documents(instrument_id: int) -> Any:
    """Show the photo and the documents, and take a new document."""
    form = DocumentForm()
    if form.validate_on_submit():
        try:
            with writing() as session:
                one = managed(session, instrument_id)
                sent = _sent("file")
                store_document(
                    one, sent.stream, file_name=sent.filename or "", title=form.title.data or "", about=form.about.data or "", now=clock.now()
                )
            flash(t("文档已添加。", "The document is added."), "success")
            return redirect(url_for("manage.documents", instrument_id=instrument_id))
        except Invalid as error:
            form.refuse(error)
    return _page(instrument_id, form=form, status=422 if form.is_submitted() else 200)


@manage.post("/instruments/<int:instrument_id>/photo")
def put_photo(instrument_id: int) -> Any:
    """Take a photo; the one before goes."""
    form = PhotoForm()
    try:
        with writing() as session:
            one = managed(session, instrument_id)
            store_photo(one, _sent("photo").stream)
        flash(t("照片已更新。", "The photo is in place."), "success")
        return redirect(url_for("manage.documents", instrument_id=instrument_id))
    except Invalid as error:
        form.refuse(error)
    return _page(instrument_id, photo_form=form, status=422)


@manage.post("/instruments/<int:instrument_id>/photo/remove")
def remove_photo(instrument_id: int) -> Response:
    """Take the photo away."""
    with writing() as session:
        managed(session, instrument_id).photo = ""
    flash(t("照片已删除。", "The photo is gone."), "success")
    return redirect(url_for("manage.documents", instrument_id=instrument_id))


@manage.post("/instruments/<int:instrument_id>/documents/<int:document_id>/remove")
def remove_document(instrument_id: int, document_id: int) -> Response:
    """Take a document away."""
    with writing() as session:
        managed(session, instrument_id)
        session.delete(_document(session, instrument_id, document_id))
    flash(t("文档已删除。", "The document is gone."), "success")
    return redirect(url_for("manage.documents", instrument_id=instrument_id))


def _document(session: Session, instrument_id: int, document_id: int) -> Document:
    found = session.get(Document, document_id)
    if found is None or found.instrument_id != instrument_id:
        raise NotFound
    return found


def _sent(field: str) -> Any:
    sent = request.files.get(field)
    if sent is None or not sent.filename:
        raise Invalid(field, NO_FILE)
    return sent


def _page(instrument_id: int, *, form: DocumentForm | None = None, photo_form: PhotoForm | None = None, status: int = 200) -> Any:
    with reading() as session:
        instrument = inspected(session, instrument_id, selectinload(Instrument.documents))
        content = render_template(
            "manage/documents.html",
            instrument=instrument,
            may_change=viewer().may_manage(instrument),
            form=form or DocumentForm(formdata=None),
            photo_form=photo_form or PhotoForm(formdata=None),
            photo_limit=LARGEST_PHOTO // MEGABYTE,
            document_limit=LARGEST_DOCUMENT // MEGABYTE,
            is_full=len(instrument.documents) >= MOST_DOCUMENTS,
        )
    return content, status
