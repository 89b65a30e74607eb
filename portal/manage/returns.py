"""What returns still lack about the instruments one manages, and the form in which it is filled in for a use."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from instruments.codes import entries
from instruments.errors import Changed, Forbidden, Invalid, NotFound
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.auth import viewer
from portal.forms import AtMost, Form, options
from portal.language import lazy_t, name, say, t
from portal.manage.blueprint import looked_at, manage
from portal.returns import WORDS, WrongRow, about, complaints_of
from portal.transactions import reading, writing
from scheduling.returning.facts import Facts, ReturnFacts, facts_of, note_facts
from scheduling.returning.generating import refresh_use
from scheduling.returning.returns import Return, ReturnRow, readable, wrong_rows_on
from scheduling.usage import UsageRecord, seen_use

ROWS = 25


class FactsForm(Form):
    """What the national side asks about a use."""

    content = TextAreaField(lazy_t("服务内容", "What was done"), [AtMost(500)], render_kw={"rows": 3})
    project = StringField(lazy_t("课题名称", "Project"), [AtMost(200)])
    income = StringField(lazy_t("课题经费来源", "Project's source of money"), [AtMost(100)])
    area = SelectField(lazy_t("课题所属学科", "Project's subject"), choices=[])
    tax_record = StringField(lazy_t("免税备案号", "Tax record number"), [AtMost(40)])
    has_agreement = BooleanField(lazy_t("已签订服务协议", "A service agreement was signed"))

    def facts(self) -> Facts:
        """Give what was filled in."""
        texts = (self.content.data, self.project.data, self.income.data, self.area.data, self.tax_record.data)
        return Facts(*(text or "" for text in texts), has_agreement=bool(self.has_agreement.data))


@manage.get("/returns")
def returns() -> str:
    """List what the drafts of returns lack about the viewer's instruments, the oldest first."""
    key, who = key_of(request.args.get("cursor"), int), viewer()
    with reading() as session:
        rows, more = wrong_rows_on(session, looked_at(who), after=key[0] if key else 0, limit=ROWS)
        wrong = [WrongRow(row, about(row.of, row), complaints_of(row.of, row, who)) for row in rows]
        return render_template("returns/lacking.html", rows=wrong, next=cursor_of(more) if more else None)


@manage.route("/uses/<int:usage_id>/return", methods=["GET", "POST"])
def return_facts(usage_id: int) -> Any:
    """Show and change what is noted about a use for its service record."""
    with reading() as session:
        one = _inspected(session, usage_id)
        noted = facts_of(session, [one]).get(one.id)
        form, seen = _form(session, noted), noted.version if noted is not None and noted.usage_id == one.id else 0
    if form.is_submitted():
        if not viewer().may_manage(one.instrument):
            raise Forbidden
        try:
            if form.validate():
                with writing() as session:
                    note_facts(session, usage_id, form.facts(), viewer=viewer(), now=clock.now(), version=_seen())
                    refreshed = refresh_use(session, usage_id)
                flash(t("已保存，报送草稿已更新。", "Saved; the draft is made anew.") if refreshed else t("已保存。", "Saved."), "success")
                return redirect(_back(usage_id))
        except Invalid as error:
            form.refuse(error)
        except Changed as error:
            form.form_errors.append(say(error.sentence))
    with reading() as session:
        content = render_template(
            "returns/facts.html", one=_inspected(session, usage_id), form=form, may_change=viewer().may_manage(one.instrument), seen=seen, **WORDS
        )
    return content, 422 if form.is_submitted() else 200


def _seen() -> int | None:
    """Give the version of what was noted that the person saw; without one nothing is compared."""
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _inspected(session: Session, usage_id: int) -> UsageRecord:
    found = seen_use(session, usage_id, viewer())
    if not viewer().may_inspect(found.instrument):
        raise NotFound
    return found


def _form(session: Session, known: ReturnFacts | None) -> FactsForm:
    form = FactsForm(obj=known)
    subjects = [(entry.code, name(entry)) for entry in entries(session, "subject")]
    form.area.choices = options([("", t("（未填）", "(none)")), *subjects])
    return form


def _back(usage_id: int) -> str:
    """Lead to the draft the use is in, where the reader may see it, or else to the list of what is lacking."""
    asked = (
        select(Return.id).join(ReturnRow, ReturnRow.return_id == Return.id).where(ReturnRow.usage_id == usage_id, Return.state == "draft")
    )
    with reading() as session:
        found = session.scalar(asked.where(readable(viewer())).limit(1))
    return url_for("organisations.return_", return_id=found) if found else url_for("manage.returns")
