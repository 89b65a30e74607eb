"""The admission queue: instruments submitted and exemptions asked for, each with what the decision needs beside it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from instruments.catalogue import Instrument, instrument
from instruments.holidays import special_days
from instruments.publication import days_to_report, decide_exemption, step
from portal import clock
from portal.language import t
from portal.notices import instrument_notice
from portal.province.blueprint import province
from portal.transactions import reading, writing


@province.get("/admission")
def admission() -> str:
    """Show the queue, longest waiting first."""
    now = clock.now()
    with reading() as session:
        with_owner = joinedload(Instrument.organisation)
        submitted = session.scalars(
            select(Instrument)
            .options(with_owner)
            .where(Instrument.publication == "submitted")
            .order_by(Instrument.submitted_at, Instrument.id)
            .limit(200)
        ).all()
        exemptions = session.scalars(
            select(Instrument).options(with_owner).where(Instrument.exemption_status == "asked").order_by(Instrument.id).limit(200)
        ).all()
        days = special_days(session, now.date().replace(year=now.year - 5, day=1), now.date())
        left = {one.id: days_to_report(one, now, days) for one in submitted}
        return render_template("province/admission.html", submitted=submitted, exemptions=exemptions, left=left)


@province.post("/admission/<int:instrument_id>/<any(accept, send_back):name>")
def decide(instrument_id: int, name: str) -> Response:
    """Accept an instrument, or send it back with a reason; those who manage it are told."""
    now = clock.now()
    with writing() as session:
        one = instrument(session, instrument_id)
        step(one, name, now=now, note=request.form.get("note", "").replace("\x00", ""))
        instrument_notice(session, one, name, now)
    flash(
        t("已发布。", "Published.") if name == "accept" else t("已退回，并已通知对方。", "Sent back, and those concerned are told."),
        "success",
    )
    return redirect(url_for("province.admission"))


@province.post("/exemption/<int:instrument_id>/<any(grant, refuse):answer>")
def decide_on_exemption(instrument_id: int, answer: str) -> Response:
    """Grant or refuse an exemption."""
    with writing() as session:
        decide_exemption(instrument(session, instrument_id), granted=answer == "grant")
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.admission"))
