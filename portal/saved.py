"""Saved reports: the list with when each was sent and comes next, saving one from the desk, changing, pausing, taking it now, stopping it by a link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Person
from instruments.timespan import at_wall, zone
from portal import clock
from portal.auth import login_required, viewer
from portal.exports import attachment
from portal.language import t
from portal.savedfiles import filter_words, make_file
from portal.savedform import SavedForm
from portal.savedreports import (
    FORMATS,
    MOST_EACH,
    PAUSES,
    SCHEDULES,
    SPANS,
    STEPS,
    SavedReport,
    change_report,
    may_save,
    my_report,
    my_reports,
    pause_report,
    report_to_stop,
    resume_report,
    save_report,
)
from portal.statisticsform import read_wanted
from portal.transactions import reading, writing
from scheduling.statistics.reports import BY

saved = Blueprint("saved", __name__, url_prefix="/reports")

FILTERS = ("organisation", "facility", "category", "city", "least", "quota")
WORDS = {"spans": SPANS, "formats": FORMATS, "schedules": SCHEDULES, "pauses": PAUSES, "by": BY, "steps": STEPS, "most": MOST_EACH}


@saved.get("")
@login_required
def mine() -> str:
    """List one's saved reports; whoever has none and may save none finds nothing."""
    with reading() as session:
        found = my_reports(session, viewer().person_id)
        if not found and not may_save(viewer()):
            raise NotFound
        filters = {one.id: filter_words(session, one.given) for one in found}
        return render_template("saved/list.html", reports=found, filters=filters, may_save=may_save(viewer()), **WORDS)


@saved.route("/new", methods=["GET", "POST"])
@login_required
def new() -> Any:
    """Save a report with the filters the desk's address has."""
    if not may_save(viewer()):
        raise NotFound
    given = _filters()
    form = SavedForm(by=read_wanted(request.args, clock.now()).by)

    def keep(session: Session) -> None:
        person = session.get_one(Person, viewer().person_id)
        save_report(session, person, form.fields(given), viewer=viewer(), now=clock.now())

    return _answer(form, given, keep, t("已保存。", "It is saved."), None)


@saved.route("/<int:saved_id>", methods=["GET", "POST"])
@login_required
def change(saved_id: int) -> Any:
    """Change what a report asks for and when it is sent; its filters stay."""
    with reading() as session:
        one = my_report(session, saved_id, viewer().person_id)
        given = {key: str(value) for key, value in one.given.items() if key != "by"}
        shown = {name: getattr(one, name) for name in ("name", "span", "format", "language", "schedule", "day")}
        form = SavedForm(by=one.given.get("by"), **shown)

    def keep(session: Session) -> None:
        change_report(my_report(session, saved_id, viewer().person_id), form.fields(given), now=clock.now())

    return _answer(form, given, keep, t("已更改。", "It is changed."), saved_id)


@saved.post("/<int:saved_id>/pause")
@login_required
def pause(saved_id: int) -> Any:
    """Send it no more for now."""
    return _step(saved_id, lambda one: pause_report(one, "owner", now=clock.now()), t("已暂停。", "It is paused."))


@saved.post("/<int:saved_id>/resume")
@login_required
def resume(saved_id: int) -> Any:
    """Send it again."""
    if not may_save(viewer()):
        raise Forbidden
    return _step(saved_id, lambda one: resume_report(one, now=clock.now()), t("已恢复。", "It is sent again."))


@saved.post("/<int:saved_id>/delete")
@login_required
def delete(saved_id: int) -> Any:
    """Do away with a report."""
    with writing() as session:
        session.delete(my_report(session, saved_id, viewer().person_id))
    flash(t("已删除。", "It is deleted."), "success")
    return redirect(url_for("saved.mine"))


@saved.get("/<int:saved_id>/file")
@login_required
def file(saved_id: int) -> Response:
    """Make it now, or with ?on= as it was due on a day, with the rights she has now."""
    on = _day(request.args.get("on", ""))
    with reading() as session:
        one = my_report(session, saved_id, viewer().person_id)
        at = at_wall(on, 12 * 60, zone(one.time_zone)) if on else clock.now()
        made = make_file(session, one, at, now=clock.now())

    def write(path: Path) -> None:
        path.write_bytes(made.content)

    return attachment(write, made.media_type, made.name, f"report-{saved_id}.{one.format}")


@saved.route("/<int:saved_id>/stop/<token>", methods=["GET", "POST"])
def stop(saved_id: int, token: str) -> Any:
    """Stop a report by the link in its letters, without logging in; opening the link alone changes nothing."""
    with reading() as session:
        one = report_to_stop(session, saved_id, token)
    if request.method == "POST":
        with writing() as session:
            found = report_to_stop(session, saved_id, token)
            if not found.paused_at:
                pause_report(found, "unsubscribed", now=clock.now())
            one = found
    return render_template("saved/stop.html", one=one)


def _filters() -> dict[str, str]:
    """Read the filters of the address; what cannot be meant is refused before it is kept."""
    given = read_wanted(request.args, clock.now()).given
    return {name: given[name] for name in FILTERS if name in given}


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year < 2200:
        raise Invalid("on", Sentence("日期应写作 2026-11-01。", "Write a day as 2026-11-01."))
    return found


def _answer(form: SavedForm, given: dict[str, str], keep: Callable[[Session], None], said: str, saved_id: int | None) -> Any:
    if form.validate_on_submit():
        try:
            with writing() as session:
                keep(session)
            flash(said, "success")
            return redirect(url_for("saved.mine"))
        except Invalid as error:
            form.refuse(error)
    with reading() as session:
        content = render_template("saved/form.html", form=form, filters=filter_words(session, given), saved_id=saved_id, given=given)
    return content, 422 if form.is_submitted() else 200


def _step(saved_id: int, step: Callable[[SavedReport], None], said: str) -> Any:
    with writing() as session:
        step(my_report(session, saved_id, viewer().person_id))
    flash(said, "success")
    return redirect(url_for("saved.mine"))
