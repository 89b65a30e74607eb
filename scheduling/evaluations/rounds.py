"""Rounds of evaluation: who is looked at over which time by which version of a scheme, what was given, frozen, graded and objected to.

open (preview, inputs come in) -> frozen (inputs stand) -> graded (appeals) -> published. What is frozen is added to, never changed.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.evaluationschemes import SchemeVersion, version_for
from instruments.kept import keep_rows
from instruments.people import Organisation
from instruments.standing import organisation_then
from scheduling.statistics.periods import Period, school_year, year
from scheduling.statistics.scope import end_of

STATES = {
    "open": Sentence("填报中", "Inputs come in"),
    "frozen": Sentence("已冻结", "Frozen"),
    "graded": Sentence("已评定，可申诉", "Graded, open to appeals"),
    "published": Sentence("已公布", "Published"),
}
MOST_ENTRIES = 5000


class Evaluation(Base):
    """A round. `organisation_id` narrows it to one organisation; `grading` counts how often it was graded, the last one holds."""

    __tablename__ = "evaluation"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    scheme_version_id: Mapped[int] = mapped_column(ForeignKey("evaluation_scheme_version.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    first_on: Mapped[date]
    until_on: Mapped[date]
    state: Mapped[str] = mapped_column(String(10), default="open")
    grading: Mapped[int] = mapped_column(default=0)
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    graded_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    scheme_version: Mapped[SchemeVersion] = relationship()
    organisation: Mapped[Organisation | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("state IN ('open', 'frozen', 'graded', 'published')", name="state"),
        CheckConstraint("until_on > first_on", name="period"),
        CheckConstraint("state NOT IN ('graded', 'published') OR grading > 0", name="grading"),
        Index(None, "state", "id"),
    )

    @property
    def period(self) -> Period:
        """Give the time it is about."""
        return Period(self.first_on, self.until_on)

    @property
    def of(self) -> str:
        """Say what is evaluated: instrument or organisation."""
        return self.scheme_version.terms.of


class EvaluationGiven(Base):
    """Something an organisation gave for a subject, with its evidence: a note, a link or a file. The last one for a code holds."""

    __tablename__ = "evaluation_given"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    subject_id: Mapped[int] = mapped_column(Key)
    code: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(String(500), default="")
    link: Mapped[str] = mapped_column(String(500), default="")
    file_name: Mapped[str] = mapped_column(String(200), default="")
    media_type: Mapped[str] = mapped_column(String(100), default="")
    size: Mapped[int] = mapped_column(default=0)
    stored_as: Mapped[str] = mapped_column(String(100), default="", index=True)
    given_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("note <> '' OR link <> '' OR stored_as <> ''", name="evidence"),
        Index(None, "evaluation_id", "subject_id", "code"),
    )


class EvaluationEntry(Base):
    """The frozen inputs of one subject, with the figures they rest on. An adjusted one is a row more, with the next number and the reason."""

    __tablename__ = "evaluation_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    subject_id: Mapped[int] = mapped_column(Key)
    number: Mapped[int] = mapped_column(default=1)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    inputs: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(500), default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()

    __table_args__ = (
        UniqueConstraint("evaluation_id", "subject_id", "number"),
        CheckConstraint("number = 1 OR reason <> ''", name="reason"),
        Index(None, "organisation_id", "evaluation_id"),
    )


class EvaluationMark(Base):
    """What a grading made of an entry: its scores, exact, as text; total, rank and grade. Each grading of a round has marks of its own."""

    __tablename__ = "evaluation_mark"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    grading: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("evaluation_entry.id"), index=True)
    scores: Mapped[dict[str, Any]] = mapped_column(JSON)
    total: Mapped[str | None] = mapped_column(String(200))
    rank: Mapped[int | None]
    grade: Mapped[str] = mapped_column(String(40), default="")

    entry: Mapped[EvaluationEntry] = relationship()

    __table_args__ = (UniqueConstraint("evaluation_id", "grading", "entry_id"),)


class EvaluationAppeal(Base):
    """An organisation's objection to what was frozen of a subject, and the province's answer."""

    __tablename__ = "evaluation_appeal"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    evaluation_id: Mapped[int] = mapped_column(ForeignKey("evaluation.id"))
    entry_id: Mapped[int] = mapped_column(ForeignKey("evaluation_entry.id"))
    reason: Mapped[str] = mapped_column(String(500))
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(8), default="")
    answer: Mapped[str] = mapped_column(String(500), default="")
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    entry: Mapped[EvaluationEntry] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("outcome IN ('', 'adjusted', 'upheld')", name="outcome"),
        CheckConstraint("(outcome = '') = (answered_at IS NULL)", name="answered"),
        CheckConstraint("outcome = '' OR answer <> ''", name="answer"),
        Index(
            "uq_evaluation_appeal_open", "entry_id", unique=True, sqlite_where=text("outcome = ''"), postgresql_where=text("outcome = ''")
        ),
        Index(None, "evaluation_id", "id"),
    )


for _table in (EvaluationGiven, EvaluationEntry, EvaluationMark):
    keep_rows(_table, "what an evaluation froze is never changed")


def begin(session: Session, scheme_id: int, number: int, *, organisation_id: int | None, viewer: Viewer, now: datetime) -> Evaluation:
    """Begin a round over a year, or the school year that begins in it, by the version of the scheme that is valid then; as the province."""
    if not viewer.is_province_admin:
        raise Forbidden
    version = version_for(session, scheme_id, number)
    period = school_year(number) if version.terms.period == "school_year" else year(number)
    if organisation_id is not None and session.get(Organisation, organisation_id) is None:
        raise Invalid("organisation", Sentence("请选择单位。", "Choose an organisation."))
    made = Evaluation(
        scheme_version=version, organisation_id=organisation_id, first_on=period.first, until_on=period.until, made_by=viewer.person_id, made_at=now
    )
    session.add(made)
    session.flush()
    return made


_WHOLE = (joinedload(Evaluation.scheme_version).joinedload(SchemeVersion.scheme), joinedload(Evaluation.organisation))


def evaluation(session: Session, evaluation_id: int) -> Evaluation:
    """Get a round by id."""
    found = session.get(Evaluation, evaluation_id, options=_WHOLE)
    if found is None:
        raise NotFound
    return found


def locked(session: Session, evaluation_id: int, *states: str) -> Evaluation:
    """Get a round to change it, alone; OutOfOrder where it is not in one of these states."""
    found = session.scalar(select(Evaluation).where(Evaluation.id == evaluation_id).with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    if found.state not in states:
        zh, en = STATES[found.state].zh, STATES[found.state].en
        raise OutOfOrder(Sentence(f"该轮评价的状态为“{zh}”，不能这样做。", f"The round stands at “{en}”; this cannot be done now."))
    return found


def rounds(session: Session, *, states: tuple[str, ...] = (), before: int | None = None, limit: int = 50) -> list[Evaluation]:
    """List rounds, the newest first."""
    asked = select(Evaluation).options(*_WHOLE).order_by(Evaluation.id.desc()).limit(limit)
    if states:
        asked = asked.where(Evaluation.state.in_(states))
    return list(session.scalars(asked if before is None else asked.where(Evaluation.id < before)))


def count_rounds(session: Session, states: tuple[str, ...]) -> int:
    """Count the rounds in some states."""
    return session.scalar(select(func.count(Evaluation.id)).where(Evaluation.state.in_(states))) or 0


def rounds_for(session: Session, organisation_id: int, *, limit: int = 50) -> list[Evaluation]:
    """List the rounds an organisation takes part in: of all, or of its own."""
    concerns = Evaluation.organisation_id.is_(None) | (Evaluation.organisation_id == organisation_id)
    return list(session.scalars(select(Evaluation).options(*_WHOLE).where(concerns).order_by(Evaluation.id.desc()).limit(limit)))


def owner_of(session: Session, one: Evaluation, subject_id: int) -> int:
    """Give the organisation that answers for a subject of a round; NotFound for one that cannot be in it."""
    owner: int | None
    if one.of == "organisation":
        owner = session.scalar(select(Organisation.id).where(Organisation.id == subject_id))
    else:
        one_of = session.get(Instrument, subject_id)
        owner = organisation_then(session, one_of, end_of(one.period)) if one_of is not None else None
        kept = select(EvaluationEntry.organisation_id).where(EvaluationEntry.evaluation_id == one.id, EvaluationEntry.subject_id == subject_id)
        owner = session.scalar(kept.limit(1)) or owner
    if owner is None or one.organisation_id not in (None, owner):
        raise NotFound
    return owner


def may_see(viewer: Viewer, organisation_id: int) -> bool:
    """Say whether somebody may see what an organisation gave and was given."""
    return viewer.is_province_admin or viewer.may_administer(organisation_id) or viewer.may_audit(organisation_id)
