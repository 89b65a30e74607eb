"""Uses as a person sees them: her own and her groups', one with where its times come from, rating it, and the page behind an instrument's code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Forbidden, Invalid, NotFound, PortalError, Sentence
from portal import checkins, clock
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.errors import status_of
from portal.language import say, t
from portal.transactions import reading, writing
from portal.useform import RatingForm
from scheduling.confirming import rate_use
from scheduling.rules.persons import AUDIENCE_WORDS
from scheduling.usage import MODES, OUTCOMES, PURPOSES, RATINGS, SOURCES, STATUSES, UsageRecord, seen_use
from scheduling.usage import usage as use_by_id
from scheduling.usageproblems import KINDS, open_problems_of
from scheduling.uselist import LIVE, Key, WantedUses, page_of_uses

usage = Blueprint("usage", __name__)

ROWS = 25
LOOKS = {"running": "warn", "recorded": "", "confirmed": "good", "void": "quiet"}
WORDS = {
    "modes": MODES, "purposes": PURPOSES, "sources": SOURCES, "outcomes": OUTCOMES, "use_statuses": STATUSES, "ratings": RATINGS,
    "problem_kinds": KINDS, "audiences": AUDIENCE_WORDS, "use_looks": LOOKS,
}  # fmt: skip


@usage.get("/usage")
@login_required
def mine() -> str:
    """List my own uses, or those of the groups I lead, the last one first."""
    of_groups = request.args.get("whose") == "groups" and bool(viewer().pi_group_ids)
    wanted = WantedUses("groups" if of_groups else "mine", statuses=LIVE)
    with reading() as session:
        found = page_of_uses(session, wanted, viewer=viewer(), limit=ROWS, after=read_key(), newest_first=True)
        return render_template(
            "usage/mine.html",
            rows=found.uses,
            total=found.total,
            next=cursor_of(found.next[0].isoformat(), found.next[1]) if found.next else None,
            of_groups=of_groups,
            **WORDS,
        )


def read_key() -> Key | None:
    """Read where the page before ended; one that is not ours is told."""
    key = key_of(request.args.get("cursor"), str, int)
    if key is None:
        return None
    try:
        at = datetime.fromisoformat(key[0])
        if at.tzinfo is None:
            raise ValueError(key[0])
    except ValueError as error:
        raise Invalid(
            "cursor", Sentence("翻页标记无效，请从第一页重新开始。", "This place in the list is not valid. Start again.")
        ) from error
    return at, key[1]


@usage.get("/usage/<int:usage_id>")
@login_required
def show(usage_id: int) -> Any:
    """Show one use."""
    with reading() as session:
        return use_page(session, seen_use(session, usage_id, viewer()))


@usage.post("/usage/<int:usage_id>/rate")
@login_required
def rate(usage_id: int) -> Any:
    """Say how satisfied one was."""
    form = RatingForm()
    try:
        if not form.validate_on_submit():
            raise Invalid("rating", Sentence("请选择满意程度。", "Choose how satisfied you are."))
        with writing() as session:
            rate_use(session, usage_id, form.rating.data or "", form.comment.data or "", viewer=viewer(), now=clock.now())
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        with reading() as session:
            return use_page(session, seen_use(session, usage_id, viewer()), rating=form, problem=error), status_of(error)
    flash(t("谢谢您的评价。", "Thank you for telling us."), "success")
    return redirect(url_for("usage.show", usage_id=usage_id))


def use_page(session: Session, one: UsageRecord, *, rating: RatingForm | None = None, problem: PortalError | None = None) -> str:
    """Show a use to somebody who may see it: what is known, where each time comes from, what is open, what she can do."""
    who = viewer()
    form = rating or RatingForm(None, rating=one.rating or None, comment=one.comment)
    return render_template(
        "usage/show.html",
        one=one,
        tz=one.instrument.time_zone,
        rating=form,
        may_rate=one.person_id == who.person_id and one.status in ("recorded", "confirmed"),
        may_end=one.status == "running" and (one.person_id == who.person_id or who.may_manage(one.instrument)),
        may_manage=who.may_manage(one.instrument),
        problems=open_problems_of(session, [one.id]).get(one.id, []),
        replaces=use_by_id(session, one.replaces_id) if one.replaces_id else None,
        error=say(problem.sentence) if problem else "",
        **WORDS,
    )


usage.add_url_rule("/instruments/<int:instrument_id>/use", endpoint="at", view_func=checkins.at, methods=("GET",))
usage.add_url_rule("/instruments/<int:instrument_id>/use", endpoint="check_in", view_func=checkins.begin, methods=("POST",))
usage.add_url_rule("/usage/<int:usage_id>/end", endpoint="check_out", view_func=checkins.end, methods=("POST",))
