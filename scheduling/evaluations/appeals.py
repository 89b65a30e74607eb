"""Appeals: an organisation objects to a grade with a reason; the province upholds it, or adjusts an input, and everybody is graded again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from scheduling.deciding import check_reason
from scheduling.evaluations.freezing import current_entries, grade_again
from scheduling.evaluations.inputs import Fact, facts_from, kept
from scheduling.evaluations.rounds import Evaluation, EvaluationAppeal, EvaluationEntry, evaluation, locked, may_see, owner_of

MOST_VALUE = 10**12


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An input that is put right: its name and its exact value."""

    key: str
    value: Fraction


def appeal(session: Session, evaluation_id: int, subject_id: int, reason: str, *, viewer: Viewer, now: datetime) -> EvaluationAppeal:
    """Object to what a subject was graded on, as an administrator of its organisation, while the round is graded and not yet published."""
    owner = owner_of(session, evaluation(session, evaluation_id), subject_id)
    if not may_see(viewer, owner):
        raise NotFound
    if owner not in viewer.administered_organisation_ids:
        raise Forbidden  # the province answers, it does not object
    one = locked(session, evaluation_id, "graded")
    entries = current_entries(session, one.id, subject_id=subject_id)
    if not entries:
        raise NotFound
    waits = select(EvaluationAppeal.id).where(EvaluationAppeal.entry_id == entries[0].id, EvaluationAppeal.outcome == "")
    if session.scalar(waits) is not None:
        raise OutOfOrder(Sentence("已有一项申诉等待答复。", "An appeal waits for its answer already."))
    made = EvaluationAppeal(
        evaluation_id=one.id, entry=entries[0], reason=check_reason(reason, needed=True), made_by=viewer.person_id, made_at=now
    )
    session.add(made)
    session.flush()
    return made


def uphold(session: Session, evaluation_id: int, appeal_id: int, answer: str, *, viewer: Viewer, now: datetime) -> EvaluationAppeal:
    """Leave the grade as it is, as the province, with a reason."""
    _, found = _to_answer(session, evaluation_id, appeal_id, viewer)
    return _answered(session, found, "upheld", answer, viewer, now)


def adjust(
    session: Session, evaluation_id: int, appeal_id: int, change: Adjustment, answer: str, *, viewer: Viewer, now: datetime
) -> EvaluationAppeal:
    """Put an input right by a new version of the entry, as the province, with a reason; everybody is ranked and graded again."""
    one, found = _to_answer(session, evaluation_id, appeal_id, viewer)
    reason = check_reason(answer, needed=True)
    old, facts = found.entry, facts_from(found.entry.inputs)
    if change.key not in facts:
        raise Invalid("key", Sentence("没有这一项数据。", "There is no such input."))
    if not 0 <= change.value <= MOST_VALUE:
        raise Invalid("value", Sentence("数值超出范围。", "This number is out of range."))
    was = facts[change.key].value
    facts[change.key] = Fact(change.value, "adjusted", None, {"was": None if was is None else str(was), "appeal": found.id})
    session.add(
        EvaluationEntry(
            evaluation_id=one.id, subject_id=old.subject_id, number=old.number + 1, organisation_id=old.organisation_id, name_zh=old.name_zh,
            name_en=old.name_en, inputs=kept(facts), reason=reason, made_by=viewer.person_id, made_at=now,
        )
    )  # fmt: skip
    _answered(session, found, "adjusted", reason, viewer, now)
    grade_again(session, one, now=now)
    return found


def _to_answer(session: Session, evaluation_id: int, appeal_id: int, viewer: Viewer) -> tuple[Evaluation, EvaluationAppeal]:
    if not viewer.is_province_admin:
        raise Forbidden
    found = session.get(EvaluationAppeal, appeal_id)
    if found is None or found.evaluation_id != evaluation_id:
        raise NotFound
    one = locked(session, evaluation_id, "graded")
    session.refresh(found)
    if found.outcome:
        raise OutOfOrder(Sentence("该申诉已答复。", "This appeal has been answered already."))
    return one, found


def _answered(session: Session, found: EvaluationAppeal, outcome: str, answer: str, viewer: Viewer, now: datetime) -> EvaluationAppeal:
    found.outcome, found.answer = outcome, check_reason(answer, needed=True)
    found.answered_by, found.answered_at = viewer.person_id, now
    session.flush()
    return found


def appeals_of(session: Session, evaluation_id: int, *, subject_id: int | None = None, limit: int = 200) -> Sequence[EvaluationAppeal]:
    """List the appeals of a round, or of one subject of it: those that wait first, then the newest."""
    asked = select(EvaluationAppeal).join(EvaluationAppeal.entry).options(joinedload(EvaluationAppeal.entry))
    asked = asked.where(EvaluationAppeal.evaluation_id == evaluation_id)
    if subject_id is not None:
        asked = asked.where(EvaluationEntry.subject_id == subject_id)
    return session.scalars(asked.order_by(EvaluationAppeal.outcome != "", EvaluationAppeal.id.desc()).limit(limit)).all()
