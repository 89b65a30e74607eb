"""The uses of one's instruments: those to confirm, those still running, and all that was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from instruments.timespan import zone
from portal import clock
from portal.api.paging import cursor_of
from portal.auth import viewer
from portal.choosing import Answer, answer_of, chosen_in_form
from portal.errors import status_of
from portal.formats import when
from portal.language import name, say, t
from portal.manage.blueprint import looked_at, manage
from portal.manage.requests import chosen_instrument
from portal.transactions import reading, writing
from portal.usage import WORDS, read_key
from portal.useconfirming import confirm, confirm_many
from portal.walltimes import read_time
from scheduling.checkin import check_out
from scheduling.confirming import reopen_use
from scheduling.correcting import void_use
from scheduling.usage import UsageRecord, seen_use, seen_uses
from scheduling.usageproblems import open_problems_of
from scheduling.uselist import WantedUses, count_uses, page_of_uses

ROWS = 25
PARTS = {
    "recorded": Sentence("待确认", "To confirm"),
    "running": Sentence("使用中", "In use"),
    "confirmed": Sentence("已确认", "Confirmed"),
    "void": Sentence("已作废", "Void"),
}
WAITING = ("recorded", "running")  # few, however long the history: their numbers stand beside their names


@manage.get("/uses")
def uses() -> Any:
    """List the uses of the viewer's instruments, those to confirm first."""
    return uses_page()


@manage.post("/uses/<int:usage_id>/confirm")
def confirm_use(usage_id: int) -> Any:
    """Confirm a use."""
    return _take(lambda session: confirm(session, usage_id, version=_version()), t("已确认。", "Confirmed."))


@manage.post("/uses/confirm")
def confirm_chosen_uses() -> Any:
    """Confirm the ticked uses, or all of the page; those that cannot be are named."""
    try:
        chosen = chosen_in_form()
        with writing() as session:
            taken = confirm_many(session, chosen)
    except Invalid as error:
        return uses_page(error=error)
    with reading() as session:
        known = {one.id: one for one in seen_uses(session, [one.id for one in taken.left], viewer())}
        answer = answer_of(taken, lambda key: _told(known.get(key)))
    if answer.left:
        return uses_page(answer=answer)
    flash(answer.said, "success")
    return redirect(url_for("manage.uses", **{key: request.args[key] for key in ("instrument",) if request.args.get(key)}))


def _told(one: UsageRecord | None) -> tuple[str, str]:
    if one is None:
        return t("一条记录", "A record"), ""
    return f"{when(one.span or one.start_at, one.instrument.time_zone)} {name(one.instrument)} {one.person.name}", url_for("usage.show", usage_id=one.id)


@manage.post("/uses/<int:usage_id>/end")
def end_use(usage_id: int) -> Any:
    """End a use that nobody ended, at a time the manager says or now."""

    def end(session: Session) -> UsageRecord:
        text = request.form.get("ended_at", "")
        one = seen_use(session, usage_id, viewer())
        ended_at = read_time(text, zone(one.instrument.time_zone), "ended_at") if text.strip() else None
        return check_out(session, usage_id, viewer=viewer(), source="manager", now=clock.now(), ended_at=ended_at, version=_version())

    return _take(end, t("已结束这次使用。", "The use has ended."))


@manage.post("/uses/<int:usage_id>/void")
def void_record(usage_id: int) -> Any:
    """Say that a record was no use at all, with a reason."""
    reason = request.form.get("reason", "").replace("\x00", "")
    return _take(
        lambda session: void_use(session, usage_id, viewer=viewer(), now=clock.now(), reason=reason),
        t("记录已作废。", "The record is void."),
    )


@manage.post("/uses/<int:usage_id>/reopen")
def reopen(usage_id: int) -> Any:
    """Take a confirmation back, with a reason."""
    reason = request.form.get("reason", "").replace("\x00", "")
    return _take(
        lambda session: reopen_use(session, usage_id, viewer=viewer(), now=clock.now(), reason=reason),
        t("已撤回确认。", "The confirmation is taken back."),
    )


def _take(verb: Callable[[Session], UsageRecord], done: str) -> Any:
    """Take one step in one transaction; what went wrong is told on the list."""
    try:
        with writing() as session:
            verb(session)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return uses_page(error=error)
    flash(done, "success")
    return redirect(url_for("manage.uses", **{key: request.args[key] for key in ("show", "instrument") if request.args.get(key)}))


def _version() -> int | None:
    text = request.form.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def uses_page(*, error: PortalError | None = None, answer: Answer | None = None) -> Any:
    """Show the list, with what went wrong and what was not confirmed."""
    part = request.args.get("show", "recorded")
    if part not in PARTS:
        raise Invalid("show", Sentence("没有这个列表。", "There is no such list."))
    with reading() as session:
        chosen = chosen_instrument(session, looked_at(viewer()))
        instrument_id = chosen.id if chosen else None
        found = page_of_uses(
            session, WantedUses("managed", instrument_id, statuses=(part,)), viewer=viewer(), limit=ROWS, after=read_key(),
            newest_first=part != "recorded",
        )  # fmt: skip
        waiting = {
            key: count_uses(session, WantedUses("managed", instrument_id, statuses=(key,)), viewer=viewer())
            for key in WAITING
            if key != part
        }
        content = render_template(
            "usage/manage.html",
            part=part,
            parts=[(key, say(words), found.total if key == part else waiting.get(key)) for key, words in PARTS.items()],
            rows=found.uses,
            problems=open_problems_of(session, [one.id for one in found.uses]),
            total=found.total,
            next=cursor_of(found.next[0].isoformat(), found.next[1]) if found.next else None,
            chosen=chosen,
            may_change=viewer().manages_any,
            error=say(error.sentence) if error else "",
            answer=answer,
            now=clock.now(),
            **WORDS,
        )
    if answer is not None and not answer.is_any_done:
        return content, 422
    return content, status_of(error) if error else 200
