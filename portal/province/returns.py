"""The province's side of returns: what waits for review, who is late and by how much, and the days a return may take."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Invalid, PortalError, Sentence
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.auth import viewer
from portal.errors import status_of
from portal.formats import HOME
from portal.language import say, t
from portal.province.blueprint import province
from portal.returns import LOOKS, WORDS, return_page
from portal.transactions import reading, writing
from portal.vouchers import answered, text_in_form
from scheduling.returning.formats import ReturnFormat, format_of, formats
from scheduling.returning.lateness import MOST_DAYS, STANDINGS, count_standings, deadlines, due_on, set_deadline, standings
from scheduling.returning.periods import Period, last_over, read_period
from scheduling.returning.returns import WantedReturns, page_of_returns
from scheduling.returning.steps import accept, send_back

ROWS, WAITING = 50, 100


@province.get("/returns")
def returns() -> str:
    """Show what waits for review, and how the organisations stand for a period."""
    return _page()


@province.post("/returns/<int:return_id>/<any(accept,send_back):step>")
def review_return(return_id: int, step: str) -> Any:
    """Accept a signed return, or send it back with a remark."""

    def do(session: Session) -> None:
        given = text_in_form("remark")
        if step == "accept":
            accept(session, return_id, remark=given, viewer=viewer(), now=clock.now())
        else:
            send_back(session, return_id, given, viewer=viewer(), now=clock.now())

    said = (
        t("已接收。", "Accepted.") if step == "accept" else t("已退回，单位会看到意见。", "Sent back; the organisation reads the remark.")
    )
    return answered(do, said, url_for("organisations.return_", return_id=return_id), lambda error: return_page(return_id, error))


@province.post("/returns/deadlines")
def set_return_deadline() -> Any:
    """Set the days a kind of return may take."""
    kind, days = request.form.get("kind", ""), request.form.get("days", "").strip()
    try:
        if not (days.isascii() and days.isdigit() and len(days) <= 4):
            raise Invalid("days", Sentence(f"请填写 1 到 {MOST_DAYS} 的天数。", f"Give a number of days from 1 to {MOST_DAYS}."))
        with writing() as session:
            set_deadline(session, kind, int(days), viewer=viewer(), now=clock.now())
    except Invalid as error:
        return _page(error), status_of(error)
    flash(t("已保存。", "Saved."), "success")
    return redirect(url_for("province.returns", kind=kind))


def _page(error: PortalError | None = None) -> str:
    now, after = clock.now(), key_of(request.args.get("after"), str)
    layout = format_of(request.args.get("kind") or next(iter(formats())))
    period = _period(layout)
    with reading() as session:
        rows, more = standings(session, layout.kind, period, now=now, after=after[0] if after else "", limit=ROWS)
        every, handed_in = count_standings(session, layout.kind, period)
        days = deadlines(session)
        return render_template(
            "returns/province.html", waiting=page_of_returns(session, WantedReturns(state="signed"), viewer=viewer(), limit=WAITING).returns,
            rows=rows, next=cursor_of(more) if more else None, layout=layout, period=period, layouts=formats(), days=days,
            due=due_on(period, days[layout.kind]), every=every, handed_in=handed_in, standings=STANDINGS, standing_looks=LOOKS,
            today=now, choices=_choices(layout), most_days=MOST_DAYS, problems=[say(error.sentence)] if error else [], **WORDS,
        )  # fmt: skip


def _period(layout: ReturnFormat) -> Period:
    """Read the period that was asked for, or take the last that is over; one of another kind of return is left aside."""
    asked, last = request.args.get("period", "").strip(), last_over(layout.period, clock.now(), HOME)
    if not asked:
        return last
    try:
        return read_period(layout.period, asked)
    except Invalid:
        return last


def _choices(layout: ReturnFormat) -> list[Period]:
    found = [last_over(layout.period, clock.now(), HOME)]
    while len(found) < 8:
        found.append(found[-1].before)
    return found
