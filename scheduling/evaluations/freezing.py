"""From preview to publication: inputs are frozen with what they rest on, graded from what is frozen alone, and published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, contains_eager

from instruments.access import Viewer
from instruments.errors import Forbidden, NotFound, OutOfOrder, Sentence
from instruments.evaluationterms import Terms, missing
from instruments.timespan import zone
from scheduling.evaluations.inputs import Fact, Subject, facts_from, kept, subjects_of, values_from
from scheduling.evaluations.rounds import (
    Evaluation,
    EvaluationAppeal,
    EvaluationEntry,
    EvaluationMark,
    evaluation,
    locked,
    may_see,
    owner_of,
)
from scheduling.evaluations.scorebook import scores_from, scores_kept
from scheduling.evaluations.scoring import Graded, Score, grade_all, known_values, score


@dataclass(frozen=True, slots=True)
class Line:
    """A subject as a page shows it: its facts, score, rank and grade; `entry_id` None while it is a preview."""

    subject_id: int
    organisation_id: int
    name: Sentence
    facts: Mapping[str, Fact]
    score: Score
    rank: int | None = None
    grade: str = ""
    entry_id: int | None = None
    number: int = 0


def preview(session: Session, one: Evaluation, *, only: int | None = None) -> list[Line]:
    """Score a round as its inputs are now; ranks and grades only where the scheme is complete, and all subjects are looked at."""
    terms = one.scheme_version.terms
    subjects = subjects_of(session, one, only=None if _looks_at_others(terms) else only)
    values = [subject.values for subject in subjects]
    if missing(terms) or only is not None:
        known = known_values(terms, values)
        graded = [Graded(score(terms, value, known), None, "") for value in values]
    else:
        graded = grade_all(terms, values)
    lines = [_line(subject, mark) for subject, mark in zip(subjects, graded, strict=True) if only in (None, subject.id)]
    return sorted(lines, key=_order)


def _looks_at_others(terms: Terms) -> bool:
    """Say whether what one subject scores depends on the others."""
    return any(item.curve.kind == "rank" for part in terms.parts for item in part.items)


def _line(subject: Subject, mark: Graded) -> Line:
    return Line(subject.id, subject.organisation_id, subject.name, subject.facts, mark.score, mark.rank, mark.grade)


def _order(line: Line) -> tuple[int, Fraction, int]:
    return (line.rank or 10**9, -(line.score.total or Fraction(0)), line.subject_id)


def freeze(session: Session, evaluation_id: int, *, viewer: Viewer, now: datetime) -> Evaluation:
    """Freeze the inputs of a round whose time is over, as the province."""
    _check_province(viewer)
    one = locked(session, evaluation_id, "open")
    if not one.period.is_over(now.astimezone(zone("Asia/Shanghai")).date()):
        raise OutOfOrder(Sentence("评价期尚未结束，不能冻结。", "The time it is about is not over yet, so nothing can be frozen."))
    subjects = subjects_of(session, one)
    if not subjects:
        raise OutOfOrder(Sentence("没有评价对象。", "There is nothing to evaluate."))
    session.add_all(
        EvaluationEntry(
            evaluation_id=one.id, subject_id=subject.id, organisation_id=subject.organisation_id, name_zh=subject.name.zh[:200],
            name_en=subject.name.en[:200], inputs=kept(subject.facts), made_by=viewer.person_id, made_at=now,
        )
        for subject in subjects
    )  # fmt: skip
    one.state, one.frozen_at = "frozen", now
    session.flush()
    return one


def grade(session: Session, evaluation_id: int, *, viewer: Viewer, now: datetime) -> Evaluation:
    """Score, rank and grade a round from what is frozen, as the province; OutOfOrder, naming it, where the scheme leaves something open."""
    _check_province(viewer)
    one = locked(session, evaluation_id, "frozen", "graded")
    grade_again(session, one, now=now)
    return one


def grade_again(session: Session, one: Evaluation, *, now: datetime) -> None:
    """Write the marks of a new grading; those of the ones before stay."""
    entries = current_entries(session, one.id)
    graded = grade_all(one.scheme_version.terms, [values_from(entry.inputs) for entry in entries])
    one.grading, one.state, one.graded_at = one.grading + 1, "graded", now
    session.add_all(
        EvaluationMark(
            evaluation_id=one.id, grading=one.grading, entry_id=entry.id, scores=scores_kept(mark.score),
            total=None if mark.score.total is None else str(mark.score.total), rank=mark.rank, grade=mark.grade,
        )
        for entry, mark in zip(entries, graded, strict=True)
    )  # fmt: skip
    session.flush()


def publish(session: Session, evaluation_id: int, *, viewer: Viewer, now: datetime) -> Evaluation:
    """Publish the grades, as the province, once every appeal is answered."""
    _check_province(viewer)
    one = locked(session, evaluation_id, "graded")
    if session.scalar(select(EvaluationAppeal.id).where(EvaluationAppeal.evaluation_id == one.id, EvaluationAppeal.outcome == "").limit(1)):
        raise OutOfOrder(Sentence("还有申诉未答复，不能公布。", "An appeal has not been answered yet, so nothing is published."))
    one.state, one.published_at = "published", now
    session.flush()
    return one


def current_entries(session: Session, evaluation_id: int, *, subject_id: int | None = None) -> Sequence[EvaluationEntry]:
    """Give the entries that hold, each the newest of its subject, by subject."""
    later = aliased(EvaluationEntry)
    newest = select(func.max(later.number)).where(
        later.evaluation_id == EvaluationEntry.evaluation_id, later.subject_id == EvaluationEntry.subject_id
    )
    asked = select(EvaluationEntry).where(EvaluationEntry.evaluation_id == evaluation_id, EvaluationEntry.number == newest.scalar_subquery())
    if subject_id is not None:
        asked = asked.where(EvaluationEntry.subject_id == subject_id)
    return session.scalars(asked.order_by(EvaluationEntry.subject_id)).all()


def lines_of(session: Session, one: Evaluation, *, organisation_id: int | None = None) -> list[Line]:
    """Give a round's subjects: a preview while it is open, else what is frozen with its last marks, in order of rank; one organisation's, or all."""
    if one.state == "open":
        lines = preview(session, one)
    elif one.grading == 0:
        lines = _frozen_lines(one.scheme_version.terms, current_entries(session, one.id))
    else:
        lines = [line_of(mark) for mark in _marks(session, one)]
    return [line for line in lines if organisation_id in (None, line.organisation_id)]


def line_for(session: Session, evaluation_id: int, subject_id: int, *, viewer: Viewer) -> tuple[Evaluation, Line]:
    """Give one subject of a round for whoever may see it: live, frozen or graded; to all others it is not there."""
    one = evaluation(session, evaluation_id)
    if not may_see(viewer, owner_of(session, one, subject_id)):
        raise NotFound
    if one.state == "open":
        lines = preview(session, one, only=subject_id)
    elif one.grading == 0:
        lines = [line for line in _frozen_lines(one.scheme_version.terms, current_entries(session, one.id)) if line.subject_id == subject_id]
    else:
        entries = current_entries(session, one.id, subject_id=subject_id)
        lines = [line_of(mark) for mark in _marks(session, one, [entry.id for entry in entries])]
    if not lines:
        raise NotFound
    return one, lines[0]


def _marks(session: Session, one: Evaluation, entry_ids: Sequence[int] | None = None) -> Sequence[EvaluationMark]:
    asked = select(EvaluationMark).join(EvaluationMark.entry).options(contains_eager(EvaluationMark.entry))
    asked = asked.where(EvaluationMark.evaluation_id == one.id, EvaluationMark.grading == one.grading)
    if entry_ids is not None:
        asked = asked.where(EvaluationMark.entry_id.in_(entry_ids))
    return session.scalars(asked.order_by(EvaluationMark.rank.is_(None), EvaluationMark.rank, EvaluationEntry.subject_id)).all()


def _frozen_lines(terms: Terms, entries: Sequence[EvaluationEntry]) -> list[Line]:
    """Show frozen entries that have no marks yet."""
    values = [values_from(entry.inputs) for entry in entries]
    known = known_values(terms, values)
    return [
        Line(
            entry.subject_id, entry.organisation_id, Sentence(entry.name_zh, entry.name_en), facts_from(entry.inputs), score(terms, value, known),
            entry_id=entry.id, number=entry.number,
        )
        for entry, value in zip(entries, values, strict=True)
    ]  # fmt: skip


def line_of(mark: EvaluationMark) -> Line:
    """Show an entry with its marks."""
    entry = mark.entry
    return Line(
        entry.subject_id, entry.organisation_id, Sentence(entry.name_zh, entry.name_en), facts_from(entry.inputs), scores_from(mark.scores),
        mark.rank, mark.grade, entry.id, entry.number,
    )  # fmt: skip


def _check_province(viewer: Viewer) -> None:
    if not viewer.is_province_admin:
        raise Forbidden
