"""Qualifications: those asked for, those granted, those about to end; on one instrument or on all the viewer manages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload
from werkzeug.wrappers import Response

from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, PortalError, Sentence
from instruments.people import Person, person_by_email
from instruments.qualifications import GRADES, STATUSES, Qualification, grant_qualification, refuse_qualification, revoke_qualification
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.formats import HOME
from portal.language import say, t
from portal.manage.blueprint import checked, inspected, looked_at, manage
from portal.notices import qualification_notice
from portal.pages import here_with
from portal.security import own_path
from portal.transactions import reading, writing
from scheduling.overview import Record, records

PER_PAGE = 30
SOON = timedelta(days=60)
MOST_AT_ONCE = 200
TOLD = {"granted": "granted", "refused": "refused", "revoked": "revoked"}
NOBODY = Sentence("没有使用该邮箱的人员。请对方先注册。", "Nobody here has this address. Ask the person to register first.")
NO_DATE = Sentence("请填写日期，例如 2027-12-31。", "Please give a date, such as 2027-12-31.")


@dataclass(frozen=True, slots=True)
class Lists:
    """What the page shows: requests with what their people have done before, a page of granted ones, and those about to end."""

    asked: Sequence[Qualification]
    granted: Sequence[Qualification]
    ending: Sequence[Qualification]
    past: Sequence[Qualification]
    total: int
    next: str | None
    records: dict[tuple[int, int], Record]


@manage.get("/qualifications")
def all_qualifications() -> str:
    """Show the qualifications for all the instruments the viewer manages."""
    with reading() as session:
        return _page(session, looked_at(viewer()), None)


@manage.get("/instruments/<int:instrument_id>/qualifications")
def qualifications(instrument_id: int) -> str:
    """Show the qualifications for one instrument."""
    with reading() as session:
        instrument = inspected(session, instrument_id)
        return _page(session, Instrument.id == instrument.id, instrument)


def _page(session: Session, condition: ColumnElement[bool], instrument: Instrument | None, error: PortalError | None = None) -> str:
    today = _today()
    lists = _lists(session, condition, today)
    return render_template(
        "manage/qualifications_one.html" if instrument else "manage/qualifications.html",
        instrument=instrument,
        may_change=viewer().may_manage(instrument) if instrument else viewer().manages_any,
        lists=lists,
        grades={grade: say(words) for grade, words in GRADES.items()},
        statuses={key: say(words) for key, words in STATUSES.items()},
        today=today,
        text=_text(),
        usual_end=today.replace(month=12, day=31).isoformat() if today.month < 10 else date(today.year + 1, 12, 31).isoformat(),
        error=error,
        here=request.full_path.rstrip("?"),
        next_url=here_with(before=lists.next) if lists.next else None,
    )


def _today() -> date:
    return clock.now().astimezone(ZoneInfo(HOME)).date()


def _text() -> str:
    return " ".join(request.args.get("q", "").replace("\x00", " ").split())[:100]


def _lists(session: Session, condition: ColumnElement[bool], today: date) -> Lists:
    """Read the lists; seven statements at most, however long they are."""
    asked = _read(session, condition, Qualification.status == "asked", by=Qualification.asked_at, most=100)
    ending = _read(
        session, condition, Qualification.status == "granted", Qualification.expires_on < today + SOON,
        Qualification.expires_on > today - SOON, by=Qualification.expires_on, most=MOST_AT_ONCE,
    )  # fmt: skip
    past = _read(session, condition, Qualification.status.in_(("refused", "revoked")), by=Qualification.decided_at.desc(), most=30)
    granted, total, after = _granted(session, condition)
    pairs = [(one.person_id, one.instrument_id) for one in (*asked, *granted)]
    return Lists(asked, granted, ending, past, total, after, dict(records(session, pairs)) if pairs else {})


def _read(session: Session, condition: ColumnElement[bool], *more: ColumnElement[bool], by: Any, most: int) -> Sequence[Qualification]:
    return session.scalars(_whole().where(condition, *more).order_by(by, Qualification.id).limit(most)).all()


def _whole() -> Any:
    return (
        select(Qualification)
        .join(Qualification.instrument)
        .join(Qualification.person)
        .options(contains_eager(Qualification.instrument), contains_eager(Qualification.person).joinedload(Person.organisation))
    )


def _granted(session: Session, condition: ColumnElement[bool]) -> tuple[Sequence[Qualification], int, str | None]:
    """Give a page of the granted ones, the newest first, how many there are, and the key of the next page."""
    conditions = [condition, Qualification.status == "granted"]
    if _text():
        like = Person.name.contains(_text(), autoescape=True) | Person.email.contains(_text().lower(), autoescape=True)
        conditions.append(like)
    counted = select(func.count(Qualification.id)).join(Qualification.instrument).join(Qualification.person).where(*conditions)
    total = session.scalar(counted) or 0
    before = request.args.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        conditions.append(Qualification.id < int(before))
    rows = session.scalars(_whole().where(*conditions).order_by(Qualification.id.desc()).limit(PER_PAGE + 1)).all()
    return rows[:PER_PAGE], total, str(rows[PER_PAGE - 1].id) if len(rows) > PER_PAGE else None


@manage.post("/instruments/<int:instrument_id>/qualifications")
def grant_to(instrument_id: int) -> Any:
    """Grant a qualification to a person by her address."""
    try:
        with writing() as session:
            instrument = checked(session, instrument_id)
            person = person_by_email(session, request.form.get("email", "")[:254])
            if person is None or person.status != "active":
                raise Invalid("email", NOBODY)
            _grant(session, person.id, instrument.id)
    except (Invalid, OutOfOrder) as error:
        with reading() as session:
            instrument = inspected(session, instrument_id)
            return _page(session, Instrument.id == instrument.id, instrument, error), status_of(error)
    flash(t("资格已授予，并已通知本人。", "Granted, and the person is told."), "success")
    return redirect(url_for("manage.qualifications", instrument_id=instrument_id))


def _grant(session: Session, person_id: int, instrument_id: int) -> None:
    now = clock.now()
    made = grant_qualification(
        session, person_id, instrument_id, grade=_grade(), expires_on=_expiry(), by=viewer().person_id, now=now,
        answer=request.form.get("answer", ""),
    )  # fmt: skip
    session.flush()  # its person and instrument are named in the letter
    qualification_notice(session, made, "granted", now)


def _grade() -> int:
    text = request.form.get("grade", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 3 else 0


def _expiry() -> date | None:
    text = request.form.get("expires_on", "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid("expires_on", NO_DATE) from error


@manage.post("/qualifications/<int:qualification_id>/<any(grant, refuse, revoke):step>")
def decide_qualification(qualification_id: int, step: str) -> Response:
    """Grant what is asked for or change its grade and expiry, refuse it, or take it back; the person is told."""
    now, by, answer = clock.now(), viewer().person_id, request.form.get("answer", "")
    with writing() as session:
        one = _mine(session, qualification_id)
        if step == "grant":
            _grant(session, one.person_id, one.instrument_id)
        else:
            (refuse_qualification if step == "refuse" else revoke_qualification)(one, by=by, now=now, answer=answer)
            qualification_notice(session, one, TOLD[one.status], now)
    flash(t("已保存，并已通知本人。", "Saved, and the person is told."), "success")
    return _back()


@manage.post("/qualifications/extend")
def extend() -> Response:
    """Give many qualifications a new last day; their people are told."""
    now, expires_on = clock.now(), _expiry()
    keys = [int(key) for key in request.form.getlist("ids") if key.isascii() and key.isdigit() and len(key) < 19][:MOST_AT_ONCE]
    if not keys:
        raise Invalid("ids", Sentence("请先勾选要延期的资格。", "Please tick those to extend first."))
    with writing() as session:
        found = [_mine(session, key) for key in sorted(set(keys))]
        for one in found:
            if one.status != "granted":
                raise OutOfOrder(Sentence("只能延长已授予的资格。", "Only what is granted can be extended."))
            grant_qualification(session, one.person_id, one.instrument_id, grade=one.grade, expires_on=expires_on, by=viewer().person_id, now=now)
            qualification_notice(session, one, "granted", now)
    flash(t("已延长 {n} 项资格，并已通知本人。", "Extended: {n}. Their people are told.", n=len(found)), "success")
    return _back()


def _mine(session: Session, qualification_id: int) -> Qualification:
    """Get a qualification for an instrument the viewer manages; others' are not found."""
    with_all = (joinedload(Qualification.instrument), joinedload(Qualification.person))
    found = session.get(Qualification, qualification_id, options=with_all)
    if found is None or not viewer().may_inspect(found.instrument):
        raise NotFound
    if not viewer().may_manage(found.instrument):
        raise Forbidden
    return found


def _back() -> Response:
    return redirect(own_path(request.form.get("next"), url_for("manage.all_qualifications")))
