"""Rounds of evaluation as the province runs them: begin, preview, freeze, grade, answer appeals, publish."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flask import redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.errors import Invalid, NotFound, PortalError, Sentence
from instruments.evaluationschemes import schemes
from instruments.evaluationterms import missing
from instruments.people import Organisation
from instruments.timespan import zone
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.errors import status_of
from portal.evaluationnotices import STEPS, adjust, begin, take_step, uphold
from portal.evaluations import ROWS, next_of, offset_of
from portal.evaluationwords import WORDS
from portal.language import say, t
from portal.province.blueprint import province
from portal.transactions import reading, writing
from portal.vouchers import answered, number_in_form, reasons, text_in_form
from scheduling.evaluations.appeals import appeals_of
from scheduling.evaluations.freezing import lines_of
from scheduling.evaluations.rounds import evaluation, rounds

MOST_ORGANISATIONS = 1000
DONE = {
    "freeze": Sentence("数据已冻结。", "The inputs are frozen."), "grade": Sentence("已评定，单位可以申诉。", "Graded; organisations may appeal."),
    "publish": Sentence("已公布。", "Published."),
}  # fmt: skip


@province.get("/evaluations")
def evaluations() -> str:
    """List the rounds, and offer to begin one."""
    return _list()


@province.post("/evaluations")
def begin_evaluation() -> Any:
    """Begin a round."""
    try:
        chosen = text_in_form("organisation")
        with writing() as session:
            made = begin(session, number_in_form("scheme"), _year(text_in_form("year")), number_in_form("organisation") if chosen else None)
    except NotFound:
        raise
    except Invalid as error:
        return _list(error), status_of(error)
    return redirect(url_for("province.evaluation", evaluation_id=made.id))


def _year(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) == 4):
        raise Invalid("year", Sentence("请填写四位年份。", "Give a year of four digits."))
    return int(text)


def _list(error: PortalError | None = None) -> str:
    key = key_of(request.args.get("cursor"), int)
    with reading() as session:
        found = rounds(session, before=key[0] if key else None, limit=ROWS + 1)
        organisations = session.scalars(select(Organisation).order_by(Organisation.code).limit(MOST_ORGANISATIONS)).all()
        return render_template(
            "evaluations/rounds.html", rows=found[:ROWS], next=cursor_of(found[ROWS - 1].id) if len(found) > ROWS else None,
            schemes=schemes(session), organisations=organisations, year=clock.now().astimezone(zone("Asia/Shanghai")).year - 1,
            problems=reasons(error), **WORDS,
        )  # fmt: skip


@province.get("/evaluations/<int:evaluation_id>", endpoint="evaluation")
def show_evaluation(evaluation_id: int) -> str:
    """Show a round: the preview or what is frozen, its appeals, and the next step."""
    return _page(evaluation_id)


@province.post("/evaluations/<int:evaluation_id>/step")
def take_evaluation_step(evaluation_id: int) -> Any:
    """Freeze, grade or publish a round."""
    step = text_in_form("step")
    if step not in STEPS:
        raise NotFound

    def do(session: Session) -> None:
        take_step(session, evaluation_id, step)

    back = url_for("province.evaluation", evaluation_id=evaluation_id)
    return answered(do, say(DONE[step]), back, lambda error: _page(evaluation_id, error))


@province.post("/evaluations/<int:evaluation_id>/appeals/<int:appeal_id>")
def answer_appeal(evaluation_id: int, appeal_id: int) -> Any:
    """Uphold a grade, or adjust an input it rests on."""

    def do(session: Session) -> None:
        said = text_in_form("reason")
        if request.form.get("outcome") == "adjusted":
            adjust(session, evaluation_id, appeal_id, text_in_form("key"), _exact(text_in_form("value")), said)
        else:
            uphold(session, evaluation_id, appeal_id, said)

    back = url_for("province.evaluation", evaluation_id=evaluation_id)
    return answered(do, t("申诉已答复。", "The appeal is answered."), back, lambda error: _page(evaluation_id, error))


def _exact(text: str) -> Fraction:
    """Read a number, a fraction ("5/8") or a percent ("62.5%") exactly."""
    text = text.strip().replace("％", "%")
    try:
        if len(text) > 40 or "e" in text.lower() or not text.isascii():
            raise ValueError
        return Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError) as error:
        raise Invalid("value", Sentence("请填写数字，例如 62.5% 或 5/8。", "Give a number, such as 62.5% or 5/8.")) from error


def _page(evaluation_id: int, error: PortalError | None = None) -> str:
    offset = offset_of()
    with reading() as session:
        one = evaluation(session, evaluation_id)
        lines = lines_of(session, one)
        owners = {line.organisation_id for line in lines[offset : offset + ROWS]}
        named = {each.id: each for each in session.scalars(select(Organisation).where(Organisation.id.in_(owners)))}
        return render_template(
            "evaluations/round.html", one=one, terms=one.scheme_version.terms, rows=lines[offset : offset + ROWS], total=len(lines), owners=named,
            missing=missing(one.scheme_version.terms), appeals=appeals_of(session, one.id), next=next_of(offset, len(lines)),
            is_over=one.period.is_over(clock.now().astimezone(zone("Asia/Shanghai")).date()), problems=reasons(error), **WORDS,
        )  # fmt: skip
