"""Publication: where an instrument stands, what is missing, the steps its manager may take, and the exemption."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from instruments.catalogue import PUBLICATIONS, Instrument
from instruments.errors import Invalid, NotFound, OutOfOrder, Refused
from instruments.fields import BY_NAME
from instruments.holidays import special_days
from instruments.publication import (
    NEED_REASON,
    STEP_WORDS,
    STEPS,
    WORKING_DAYS_TO_REPORT,
    ask_exemption,
    days_to_report,
    missing_fields,
    step,
)
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.language import say, t
from portal.manage.blueprint import inspected, manage, managed
from portal.manage.instrumentform import GROUPS
from portal.notices import instrument_notice
from portal.transactions import reading, writing
from scheduling.overview import count_ahead

OURS = ("submit", "resume", "suspend", "retire", "reopen")
EXEMPTIONS = {"asked", "granted", "refused"}


@manage.get("/instruments/<int:instrument_id>/publication")
def publication(instrument_id: int) -> Any:
    """Show where the instrument stands, and the steps that can follow."""
    return _page(instrument_id)


@manage.post("/instruments/<int:instrument_id>/publication/<any(submit, resume, suspend, retire, reopen):name>")
def take_step(instrument_id: int, name: str) -> Any:
    """Take a step of the publication; those concerned are told."""
    now = clock.now()
    try:
        with writing() as session:
            one = managed(session, instrument_id)
            step(one, name, now=now, note=request.form.get("note", "").replace("\x00", ""))
            instrument_notice(session, one, name, now)
    except (Invalid, OutOfOrder, Refused) as error:
        return _page(instrument_id, error=error, tried=name)
    flash(_done(name), "success")
    return redirect(url_for("manage.publication", instrument_id=instrument_id))


def _done(name: str) -> str:
    return {
        "submit": t("已提交，主管部门将审核。", "Submitted. The competent department will look at it."),
        "resume": t("已恢复开放。", "It is open again."),
        "suspend": t("已暂停开放。", "It is suspended."),
        "retire": t("已退役。", "It is retired."),
        "reopen": t("已重新成为草稿。", "It is a draft again."),
    }[name]


@manage.post("/instruments/<int:instrument_id>/exemption")
def exemption(instrument_id: int) -> Response | Any:
    """Apply for exemption from joining the network."""
    try:
        with writing() as session:
            ask_exemption(managed(session, instrument_id), request.form.get("reason", "").replace("\x00", ""))
    except (Invalid, OutOfOrder) as error:
        return _page(instrument_id, error=error, tried="exemption")
    flash(t("豁免申请已提交。", "The exemption is asked for."), "success")
    return redirect(url_for("manage.publication", instrument_id=instrument_id))


def _page(instrument_id: int, *, error: Invalid | OutOfOrder | Refused | None = None, tried: str = "") -> Any:
    now = clock.now()
    with reading() as session:
        instrument = inspected(session, instrument_id)
        if instrument.publication not in PUBLICATIONS:
            raise NotFound
        content = render_template(
            "manage/publication.html",
            instrument=instrument,
            may_change=viewer().may_manage(instrument),
            history=_history(instrument),
            missing=[(say(BY_NAME[field].label), _group_of(field)) for field in missing_fields(instrument)],
            steps=[name for name in OURS if instrument.publication in STEPS[name][0]],
            step_words=STEP_WORDS,
            need_reason=NEED_REASON,
            ahead=count_ahead(session, instrument.id, now),
            days_left=_days_left(session, instrument, now),
            working_days=WORKING_DAYS_TO_REPORT,
            error=say(error.sentence) if error else "",
            refusals=[say(refusal.sentence) for refusal in getattr(error, "refusals", ())],
            tried=tried,
            typed=request.form.get("note", request.form.get("reason", "")),
        )
    return content, status_of(error) if error else 200


def _group_of(field: str) -> str:
    return next(key for key, _, names in GROUPS if field in names)


def _days_left(session: Session, instrument: Instrument, now: datetime) -> int | None:
    if instrument.accepted_on is None:
        return None
    first: date = max(instrument.accepted_on, now.date() - timedelta(days=15 * 366))
    return days_to_report(instrument, now, special_days(session, first, now.date() + timedelta(days=1)))


def _history(instrument: Instrument) -> list[tuple[str, datetime | None, bool]]:
    """Tell the way so far and what is still to come: (words, when, done)."""
    state = instrument.publication
    submitted = state not in ("draft", "refused")
    way = [
        (t("登记为草稿", "Registered as a draft"), instrument.created_at, True),
        (t("提交审核", "Submitted for audit"), instrument.submitted_at if submitted else None, submitted),
        (t("审核通过并发布", "Accepted and published"), instrument.published_at if state not in ("draft", "refused", "submitted") else None,
         state in ("published", "suspended")),
    ]  # fmt: skip
    if state in ("suspended", "retired", "refused"):
        way.append((say(PUBLICATIONS[state]), None, True))
    return way
