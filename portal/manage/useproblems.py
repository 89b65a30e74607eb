"""The problem queue: what does not fit about the uses of one's instruments, resolved with a reason."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from instruments.catalogue import Instrument
from instruments.errors import Forbidden, NotFound, PortalError
from portal import clock
from portal.auth import viewer
from portal.errors import status_of
from portal.language import say, t
from portal.manage.blueprint import looked_at, manage
from portal.manage.requests import chosen_instrument
from portal.transactions import reading, writing
from portal.usage import WORDS
from scheduling.usageproblems import RESOLUTIONS, problems_on, resolve_problem

MOST = 100


@manage.get("/problems")
def problems() -> Any:
    """Show what is open, the oldest first."""
    return _page()


@manage.post("/problems/<int:problem_id>/resolve")
def resolve(problem_id: int) -> Any:
    """Resolve one with a reason: the record is right, or it was no use."""
    resolution = next((key for key in RESOLUTIONS if key in request.form), "")
    reason = request.form.get("reason", "").replace("\x00", "")
    try:
        with writing() as session:
            resolve_problem(session, problem_id, viewer=viewer(), now=clock.now(), resolution=resolution, reason=reason)
    except (NotFound, Forbidden):
        raise
    except PortalError as error:
        return _page(error=error, tried=problem_id)
    flash(t("问题已处理。", "The problem is resolved."), "success")
    return redirect(url_for("manage.problems", instrument=request.args.get("instrument")))


def _page(*, error: PortalError | None = None, tried: int = 0) -> Any:
    is_past = request.args.get("show") == "resolved"
    mine = looked_at(viewer())
    with reading() as session:
        chosen = chosen_instrument(session, mine)
        among = mine if chosen is None else mine & (Instrument.id == chosen.id)
        found = problems_on(session, among, open_only=not is_past, most=MOST + 1)
        content = render_template(
            "usage/problems.html",
            rows=found[:MOST],
            has_more=len(found) > MOST,
            most=MOST,
            is_past=is_past,
            chosen=chosen,
            resolutions=RESOLUTIONS,
            may_change=viewer().manages_any,
            tried=tried,
            typed=request.form.get("reason", ""),
            error=say(error.sentence) if error else "",
            **WORDS,
        )
    return content, status_of(error) if error else 200
