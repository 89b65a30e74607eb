"""Requests to decide, the earliest deadline first, each with what the decision needs beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.qualifications import Qualification
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.language import say, t
from portal.manage.blueprint import looked_at, manage
from portal.notices import notice
from portal.pages import here_with
from portal.transactions import reading, writing
from scheduling.bookings import MODES, PURPOSES, Booking
from scheduling.deciding import approve, decline
from scheduling.overview import Record, conflicts_of, page_of_requests, records
from scheduling.rules.persons import AUDIENCE_WORDS

PER_PAGE = 20
NO_CURSOR = Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again from the first page.")


@dataclass(frozen=True, slots=True)
class Request:
    """One request with what else is known: what it meets, what its person has done here, and her qualification."""

    booking: Booking
    conflicts: Sequence[Booking]
    record: Record
    grade: int
    reasons: str
    is_urgent: bool


@manage.get("/requests")
def requests() -> Any:
    """Show the requests that wait."""
    return _page()


@manage.post("/requests/<int:booking_id>/<any(approve, decline):step>")
def decide_request(booking_id: int, step: str) -> Any:
    """Approve a request with a note, or decline it with a reason; the person is told."""
    now, text = clock.now(), request.form.get("note", "").replace("\x00", "")
    version = request.form.get("version", "")
    seen = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else None
    try:
        with writing() as session:
            if step == "approve":
                one = approve(session, booking_id, viewer=viewer(), now=now, note=text, version=seen)
            else:
                one = decline(session, booking_id, viewer=viewer(), now=now, reason=text, version=seen)
            notice(session, one, "approved" if step == "approve" else "declined", now, actor=viewer())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(error=error, tried=booking_id)
    if step == "approve":
        flash(t("已批准，并已通知申请人。", "Approved, and the person is told."), "success")
    else:
        flash(t("已谢绝，并已通知申请人。", "Declined, and the person is told."), "success")
    return redirect(url_for("manage.requests", instrument=request.args.get("instrument")))


def _page(*, error: PortalError | None = None, tried: int = 0) -> Any:
    now, condition = clock.now(), looked_at(viewer())
    with reading() as session:
        chosen = chosen_instrument(session, condition)
        if chosen is not None:
            condition = and_(condition, Instrument.id == chosen.id)
        page = page_of_requests(session, condition, now, limit=PER_PAGE, after=read_place())
        content = render_template(
            "manage/requests.html",
            rows=_rows(session, page.requests, now),
            total=page.total,
            next_url=here_with(after=f"{page.next[0].isoformat()}~{page.next[1]}") if page.next else None,
            chosen=chosen,
            may_change=viewer().manages_any,
            modes={key: say(words) for key, words in MODES.items()},
            purposes={key: say(words) for key, words in PURPOSES.items()},
            audiences={key: say(words) for key, words in AUDIENCE_WORDS.items()},
            error=say(error.sentence) if error else "",
            refusals=[say(refusal.sentence) for refusal in getattr(error, "refusals", ())],
            tried=tried,
            typed=request.form.get("note", ""),
            now=now,
        )
    return content, status_of(error) if error else 200


def chosen_instrument(session: Session, condition: ColumnElement[bool]) -> Instrument | None:
    """Read ?instrument=: one of those looked after; any other is not found."""
    text = request.args.get("instrument", "")
    if not text:
        return None
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    found = session.scalar(select(Instrument).where(condition, Instrument.id == wanted))
    if found is None:
        raise NotFound
    return found


def read_place() -> tuple[datetime, int] | None:
    """Read ?after=: where the page before ended, an instant and a key."""
    text = request.args.get("after", "")
    if not text:
        return None
    at, _, key = text.replace(" ", "+").partition("~")
    try:
        read = datetime.fromisoformat(at)
        if read.tzinfo is None or not (key.isascii() and key.isdigit() and len(key) < 19):
            raise ValueError(text)
    except ValueError as error:
        raise Invalid("after", NO_CURSOR) from error
    return read, int(key)


def _rows(session: Session, found: Sequence[Booking], now: datetime) -> list[Request]:
    """Put everything about a page of requests together; three statements."""
    if not found:
        return []
    conflicts, behind = conflicts_of(session, found), records(session, [(one.person_id, one.instrument_id) for one in found])
    grades = _grades(session, found)
    return [
        Request(
            one, conflicts.get(one.id, ()), behind[(one.person_id, one.instrument_id)], grades.get((one.person_id, one.instrument_id), 0),
            _reasons(one),
            one.expires_at is not None and (one.expires_at - now).total_seconds() < 24 * 3600,
        )
        for one in found
    ]  # fmt: skip


def _reasons(one: Booking) -> str:
    """Give why it needs approval in the reader's language; the reasons are kept in both, one to a line."""
    pairs = (line.partition(" / ") for line in one.approval_reasons.splitlines())
    return " ".join(say(Sentence(zh, en or zh)) for zh, _, en in pairs)


def _grades(session: Session, found: Sequence[Booking]) -> dict[tuple[int, int], int]:
    where = (
        Qualification.person_id.in_({one.person_id for one in found}), Qualification.instrument_id.in_({one.instrument_id for one in found}),
    )  # fmt: skip
    ends = {one.instrument_id: one.end_at.date() for one in found}
    rows = session.scalars(select(Qualification).where(*where))
    return {(row.person_id, row.instrument_id): row.grade for row in rows if row.instrument_id in ends and row.holds_on(ends[row.instrument_id])}
