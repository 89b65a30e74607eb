"""Evaluations as everybody sees them once published; and one subject's page, where its organisation gives, reads and objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy.orm import Session

from instruments.errors import NotFound, PortalError
from portal import clock
from portal.api.paging import cursor_of, key_of
from portal.auth import login_required, viewer
from portal.contents import MEGABYTE
from portal.evaluationwords import WORDS, input_name, parts_of
from portal.files import LARGEST_DOCUMENT, keep_file, send_document
from portal.language import t
from portal.transactions import reading
from portal.vouchers import answered, reasons, text_in_form
from scheduling.evaluations.appeals import appeal, appeals_of
from scheduling.evaluations.entering import give, history, seen_given, subject_to_give
from scheduling.evaluations.freezing import Line, line_for, lines_of
from scheduling.evaluations.inputs import codes_to_give
from scheduling.evaluations.rounds import Evaluation, evaluation, rounds

evaluations = Blueprint("evaluations", __name__, url_prefix="/evaluations")

ROWS = 50
MEGABYTES = LARGEST_DOCUMENT // MEGABYTE


def offset_of(name: str = "cursor") -> int:
    """Read where a page of a long list begins."""
    key = key_of(request.args.get(name), int)
    return min(max(key[0], 0), 10**6) if key else 0


def next_of(offset: int, count: int) -> str | None:
    """Give the mark of the next page, None on the last."""
    return cursor_of(offset + ROWS) if count > offset + ROWS else None


def published(session: Session, evaluation_id: int) -> Evaluation:
    """Get a round everybody may read; any other is not there."""
    one = evaluation(session, evaluation_id)
    if one.state != "published":
        raise NotFound
    return one


def counts_of(one: Evaluation, lines: Sequence[Line]) -> dict[str, int]:
    """Count the subjects of each grade, the best first."""
    return {grade.code: sum(line.grade == grade.code for line in lines) for grade in one.scheme_version.terms.grades}


@evaluations.get("")
def published_list() -> str:
    """List the published rounds."""
    key = key_of(request.args.get("cursor"), int)
    with reading() as session:
        found = rounds(session, states=("published",), before=key[0] if key else None, limit=ROWS + 1)
        following = cursor_of(found[ROWS - 1].id) if len(found) > ROWS else None
        return render_template("evaluations/list.html", rows=found[:ROWS], next=following, **WORDS)


@evaluations.get("/<int:evaluation_id>")
def show(evaluation_id: int) -> str:
    """Show the grades of a published round."""
    offset = offset_of()
    with reading() as session:
        one = published(session, evaluation_id)
        lines = lines_of(session, one)
        return render_template(
            "evaluations/show.html", one=one, terms=one.scheme_version.terms, rows=lines[offset : offset + ROWS], total=len(lines),
            counts=counts_of(one, lines), next=next_of(offset, len(lines)), **WORDS,
        )  # fmt: skip


@evaluations.get("/<int:evaluation_id>/subjects/<int:subject_id>")
@login_required
def subject(evaluation_id: int, subject_id: int) -> str:
    """Show what one subject is scored on, from where each input comes, and what may be done."""
    return _page(evaluation_id, subject_id)


@evaluations.post("/<int:evaluation_id>/subjects/<int:subject_id>/give")
@login_required
def give_input(evaluation_id: int, subject_id: int) -> Any:
    """Give an input with its evidence."""

    def do(session: Session) -> None:
        one = subject_to_give(session, evaluation_id, subject_id, viewer=viewer())
        sent = request.files.get("file")
        file = keep_file(sent.stream, sent.filename) if sent is not None and sent.filename else None
        give(
            session, one, subject_id, text_in_form("code"), text_in_form("value"), note=text_in_form("note"), link=text_in_form("link"), file=file,
            viewer=viewer(), now=clock.now(),
        )  # fmt: skip

    back = url_for("evaluations.subject", evaluation_id=evaluation_id, subject_id=subject_id)
    return answered(do, t("已填报。", "It is given."), back, lambda error: _page(evaluation_id, subject_id, error))


@evaluations.get("/<int:evaluation_id>/subjects/<int:subject_id>/evidence/<int:given_id>")
@login_required
def evidence(evaluation_id: int, subject_id: int, given_id: int) -> Response:
    """Give a file that was put to an input."""
    with reading() as session:
        return send_document(seen_given(session, evaluation_id, subject_id, given_id, viewer=viewer()))


@evaluations.post("/<int:evaluation_id>/subjects/<int:subject_id>/appeal")
@login_required
def object_to(evaluation_id: int, subject_id: int) -> Any:
    """Object to what a subject was graded on."""

    def do(session: Session) -> None:
        appeal(session, evaluation_id, subject_id, text_in_form("reason"), viewer=viewer(), now=clock.now())

    back = url_for("evaluations.subject", evaluation_id=evaluation_id, subject_id=subject_id)
    said = t("申诉已提交，省平台将答复。", "The appeal is in; the province answers it.")
    return answered(do, said, back, lambda error: _page(evaluation_id, subject_id, error))


def _page(evaluation_id: int, subject_id: int, error: PortalError | None = None) -> str:
    who = viewer()
    with reading() as session:
        one, line = line_for(session, evaluation_id, subject_id, viewer=who)
        appeals = appeals_of(session, evaluation_id, subject_id=subject_id)
        is_own = line.organisation_id in who.administered_organisation_ids
        return render_template(
            "evaluations/subject.html", one=one, terms=one.scheme_version.terms, line=line, parts=parts_of(one, line), appeals=appeals,
            given=history(session, one.id, subject_id),
            codes=[(code, input_name(one.scheme_version.terms, code)) for code in codes_to_give(one.scheme_version.terms)],
            may_give=one.state == "open" and who.may_administer(line.organisation_id),
            may_appeal=one.state == "graded" and is_own and not any(not each.outcome for each in appeals),
            problems=reasons(error), megabytes=MEGABYTES, **WORDS,
        )  # fmt: skip
