"""What organisations give for an evaluation: a number with its evidence, a note, a link or a file; given again, the last one holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.access import Viewer
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.evaluationinputs import ASSESSED, MOST_ASSESSED
from instruments.money import yuan
from scheduling.accounting.evidence import StoredFile
from scheduling.evaluations.inputs import codes_to_give
from scheduling.evaluations.rounds import Evaluation, EvaluationGiven, evaluation, locked, may_see, owner_of

MOST_VALUE, MOST_GIVEN = 1_000_000, 200


def subject_to_give(session: Session, evaluation_id: int, subject_id: int, *, viewer: Viewer) -> Evaluation:
    """Get a round to give something in, locked, as an administrator of the subject's organisation; to strangers it is not there."""
    owner = owner_of(session, evaluation(session, evaluation_id), subject_id)
    if not may_see(viewer, owner):
        raise NotFound
    if not viewer.may_administer(owner):
        raise Forbidden
    return locked(session, evaluation_id, "open")


def give(
    session: Session, one: Evaluation, subject_id: int, code: str, value: str, *, note: str = "", link: str = "", file: StoredFile | None = None,
    viewer: Viewer, now: datetime,
) -> EvaluationGiven:  # fmt: skip
    """Note what an organisation gives (subject_to_give); Invalid for a number that cannot be, or without any evidence."""
    if code not in codes_to_give(one.scheme_version.terms):
        raise Invalid("code", Sentence("该方案不需要这一项。", "The scheme does not ask for this."))
    note, link = note.strip(), link.strip()
    if not (note or link or file):
        raise Invalid("note", Sentence("请附依据：说明、链接或文件。", "Please add evidence: a note, a link or a file."))
    if len(note) > 500 or "\x00" in note:
        raise Invalid("note", Sentence("说明不超过 500 字。", "A note has at most 500 characters."))
    _check_link(link)
    if len(history(session, one.id, subject_id)) >= MOST_GIVEN:
        raise Invalid("value", Sentence("填报次数过多。", "This has been given too often."))
    made = EvaluationGiven(
        evaluation_id=one.id, subject_id=subject_id, code=code, value=number(code, value), note=note, link=link,
        file_name=file.file_name if file else "", media_type=file.media_type if file else "", size=file.size if file else 0,
        stored_as=file.stored_as if file else "", given_by=viewer.person_id, given_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def number(code: str, text: str) -> str:
    """Read a number that is given, not below zero: points up to 100, anything else whole. Gives it as text."""
    value = yuan(text or "", "value")
    is_assessed = code.partition(":")[0] == ASSESSED
    if not 0 <= value <= (MOST_ASSESSED if is_assessed else MOST_VALUE):
        raise Invalid("value", Sentence("数值超出范围。", "This number is out of range."))
    if not is_assessed and value != int(value):
        raise Invalid("value", Sentence("请填写整数。", "Please give a whole number."))
    return str(Fraction(value)) if is_assessed else str(int(value))


def _check_link(link: str) -> None:
    try:
        is_web = not link or (urlsplit(link).scheme in ("http", "https") and bool(urlsplit(link).hostname))
    except ValueError:
        is_web = False
    if not is_web or len(link) > 500 or any(not letter.isprintable() for letter in link):
        raise Invalid("link", Sentence("链接应以 http:// 或 https:// 开头。", "A link begins with http:// or https://."))


def history(session: Session, evaluation_id: int, subject_id: int) -> Sequence[EvaluationGiven]:
    """Give all that was given for a subject, the newest first."""
    asked = select(EvaluationGiven).where(EvaluationGiven.evaluation_id == evaluation_id, EvaluationGiven.subject_id == subject_id)
    return session.scalars(asked.order_by(EvaluationGiven.id.desc()).limit(MOST_GIVEN)).all()


def seen_given(session: Session, evaluation_id: int, subject_id: int, given_id: int, *, viewer: Viewer) -> EvaluationGiven:
    """Get something given with a file, for whoever may see the subject; to all others it is not there."""
    found = session.get(EvaluationGiven, given_id)
    if found is None or (found.evaluation_id, found.subject_id) != (evaluation_id, subject_id) or not found.stored_as:
        raise NotFound
    if not may_see(viewer, owner_of(session, evaluation(session, evaluation_id), subject_id)):
        raise NotFound
    return found
