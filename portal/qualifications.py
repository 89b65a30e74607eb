"""Qualifications as a person sees them: asking for one, and those she has."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from wtforms import TextAreaField

from instruments.catalogue import Instrument, instrument
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import Person
from instruments.qualifications import GRADES, STATUSES, Qualification, ask, qualification_of
from portal import clock
from portal.auth import viewer
from portal.auth.current import login_required
from portal.formats import HOME
from portal.forms import AtMost, Form
from portal.language import lazy_t, t
from portal.notices import qualification_notice
from portal.transactions import reading, writing

qualifications = Blueprint("qualifications", __name__)


class AskForm(Form):
    """What the manager should know."""

    note = TextAreaField(
        lazy_t("说明", "What the manager should know"),
        [AtMost(500)],
        description=lazy_t(
            "例如：做过的类似工作、希望参加培训的时间。", "Such as similar work you have done, or when you could be trained."
        ),
        filters=[lambda value: value.strip() if value else ""],
    )


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(HOME)).date()


def _seen(session: Session, instrument_id: int) -> Instrument:
    found = instrument(session, instrument_id)
    if not viewer().may_see(found):
        raise NotFound
    return found


@qualifications.route("/instruments/<int:instrument_id>/qualification", methods=["GET", "POST"], endpoint="ask")
@login_required
def ask_for(instrument_id: int) -> Any:
    """Show what a qualification needs and where one's own stands, and ask for it."""
    form = AskForm()
    if form.validate_on_submit():
        with writing() as session:
            found = _seen(session, instrument_id)
            if not found.needs_qualification:
                raise Invalid("instrument", Sentence("该仪器无需上机资格。", "This instrument needs no qualification."))
            asked = ask(session, session.get_one(Person, viewer().person_id), found, note=form.note.data or "", now=clock.now())
            qualification_notice(session, asked, "asked", clock.now())
        flash(t("申请已提交，管理员会尽快答复。", "Asked. The manager will answer soon."), "success")
        return redirect(url_for("qualifications.mine"))
    with reading() as session:
        found = _seen(session, instrument_id)
        own = qualification_of(session, viewer().person_id, instrument_id)
        content = render_template(
            "qualifications/ask.html", instrument=found, own=own, form=form, grades=GRADES, statuses=STATUSES, today=_today()
        )
    return content, 422 if form.is_submitted() else 200


@qualifications.get("/qualifications")
@login_required
def mine() -> str:
    """List one's own qualifications."""
    with reading() as session:
        rows = session.scalars(
            select(Qualification)
            .options(joinedload(Qualification.instrument).joinedload(Instrument.organisation))
            .where(Qualification.person_id == viewer().person_id)
            .order_by(Qualification.asked_at.desc(), Qualification.id.desc())
            .limit(500)
        ).all()
        return render_template("qualifications/mine.html", rows=rows, grades=GRADES, statuses=STATUSES, today=_today())
