"""Evaluations over the API: the published rounds, and each with its grades."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from portal.api.openapi import api
from portal.api.paging import cursor_of, key_of
from portal.api.shapes.basics import Named
from portal.api.shapes.evaluations import EvaluationOut, EvaluationsAsked, EvaluationsOut, EvaluationWithGrades, GradeOut
from portal.evaluations import counts_of, published
from portal.transactions import reading
from scheduling.evaluations.freezing import Line, lines_of
from scheduling.evaluations.rounds import Evaluation, count_rounds, rounds


@api.operation(
    "GET", "/evaluations", "List published evaluations", tag="evaluations", query=EvaluationsAsked, answers={200: EvaluationsOut}, public=True
)  # fmt: skip
def list_evaluations(query: EvaluationsAsked) -> EvaluationsOut:
    """List the published rounds, the newest first."""
    key = key_of(query.cursor, int)
    with reading() as session:
        rows = rounds(session, states=("published",), before=key[0] if key else None, limit=query.limit + 1)
        items, total = [EvaluationOut(**_fields(one)) for one in rows[: query.limit]], count_rounds(session, ("published",))
    return EvaluationsOut(items=items, total=total, next=cursor_of(int(items[-1].id)) if len(rows) > query.limit else None)


@api.operation(
    "GET", "/evaluations/{evaluation_id}", "One published evaluation with its grades", tag="evaluations", query=EvaluationsAsked,
    answers={200: EvaluationWithGrades}, public=True,
)  # fmt: skip
def show_evaluation(evaluation_id: int, query: EvaluationsAsked) -> EvaluationWithGrades:
    """Show a published round with its grades, a page at a time."""
    key = key_of(query.cursor, int)
    offset = min(max(key[0], 0), 10**6) if key else 0
    with reading() as session:
        one = published(session, evaluation_id)
        lines = lines_of(session, one)
        grades = [_grade(one, line) for line in lines[offset : offset + query.limit]]
        following = cursor_of(offset + query.limit) if len(lines) > offset + query.limit else None
        return EvaluationWithGrades(**_fields(one), counts=counts_of(one, lines), grades=grades, total=len(lines), next=following)


def _fields(one: Evaluation) -> dict[str, Any]:
    owner, scheme = one.organisation, one.scheme_version.scheme
    return {
        "id": str(one.id), "scheme": scheme.code, "scheme_name_zh": scheme.name_zh, "scheme_name_en": scheme.name_en,
        "scheme_version": one.scheme_version.number, "of": one.of, "starts_on": one.first_on, "ends_on": one.until_on - timedelta(days=1),
        "organisation": owner and Named(id=str(owner.id), name_zh=owner.name_zh, name_en=owner.name_en), "published": one.published_at,
    }  # fmt: skip


def _grade(one: Evaluation, line: Line) -> GradeOut:
    title = next((grade.title for grade in one.scheme_version.terms.grades if grade.code == line.grade), None)
    return GradeOut(
        id=str(line.subject_id), name_zh=line.name.zh, name_en=line.name.en, organisation=str(line.organisation_id), grade=line.grade or None,
        grade_zh=title and title.zh, grade_en=title and title.en,
    )  # fmt: skip
