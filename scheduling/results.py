"""What came of instruments: publications, patents, prizes and trained people, tied to them for the statistics (教高司条函[2000]010号, SJ3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, contains_eager, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument, instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from scheduling.deciding import check_reason

KINDS = {
    "publication": Sentence("论文", "Publication"),
    "patent": Sentence("专利", "Patent"),
    "prize": Sentence("奖励", "Prize"),
    "training": Sentence("培训人员", "Trained people"),
}
LEVELS: Mapping[str, Mapping[str, Sentence]] = {
    "publication": {
        "core": Sentence("核心刊物", "Core journal"), "indexed": Sentence("三大检索", "Indexed (SCI, EI, ISTP)"), "other": Sentence("其他", "Other"),
    },
    "patent": {"teacher": Sentence("教师专利", "By staff"), "student": Sentence("学生专利", "By students")},
    "prize": {
        "national": Sentence("国家级或国际", "National or international"), "provincial": Sentence("省部级", "Provincial"),
        "school": Sentence("校级", "Of the institution"),
    },
    "training": {
        "qualified": Sentence("能独立操作", "Qualified to operate alone"), "guided": Sentence("在指导下操作", "Trained under guidance"),
        "shown": Sentence("观摩", "Shown"),
    },
}  # fmt: skip
WHO = {
    "": Sentence("未说明", "Not said"), "students": Sentence("学生", "Students"), "teachers": Sentence("教师", "Staff"),
    "others": Sentence("其他", "Others"),
}  # fmt: skip
FIRST_YEAR, MOST_PEOPLE = 1980, 10_000


class Result(Base):
    """Something that came of using instruments. `people` counts the trained; `identifier` is a DOI or a patent's number."""

    __tablename__ = "research_result"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    level: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(500))
    authors: Mapped[str] = mapped_column(String(300), default="")
    place: Mapped[str] = mapped_column(String(300), default="")
    identifier: Mapped[str] = mapped_column(String(200), default="")
    year: Mapped[int]
    month: Mapped[int | None]
    people: Mapped[int] = mapped_column(default=0)
    who: Mapped[str] = mapped_column(String(10), default="")
    recorded_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("kind IN ('publication', 'patent', 'prize', 'training')", name="kind"),
        CheckConstraint("(kind = 'training') = (people > 0)", name="people"),
        CheckConstraint("month IS NULL OR month BETWEEN 1 AND 12", name="month"),
        Index("uq_research_result_identifier", "kind", "identifier", unique=True,
              sqlite_where=text("identifier <> ''"), postgresql_where=text("identifier <> ''")),
        Index(None, "year"),
    )  # fmt: skip


class ResultTie(Base):
    """A result tied to an instrument; taken off with a reason, never deleted."""

    __tablename__ = "research_result_tie"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("research_result.id"))
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    tied_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    tied_at: Mapped[datetime]
    removed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    removed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(500), default="")

    result: Mapped[Result] = relationship()

    __table_args__ = (UniqueConstraint("result_id", "instrument_id"),)


@dataclass(frozen=True, slots=True)
class ResultEntry:
    """A result as somebody writes it down."""

    kind: str
    level: str
    title: str
    year: int
    month: int | None = None
    authors: str = ""
    place: str = ""
    identifier: str = ""
    people: int = 0
    who: str = ""


def add_result(session: Session, instrument_id: int, entry: ResultEntry, *, viewer: Viewer, now: datetime) -> ResultTie:
    """Tie a result to an instrument, as its manager. One with a known DOI or number is the same result, whatever else is written."""
    _managed(session, instrument_id, viewer)
    clean = _checked(entry, now)
    known = _known(session, clean)
    if known is None:
        known = Result(
            kind=clean.kind, level=clean.level, title=clean.title, authors=clean.authors, place=clean.place, identifier=clean.identifier,
            year=clean.year, month=clean.month, people=clean.people, who=clean.who, recorded_by=viewer.person_id, recorded_at=now,
        )  # fmt: skip
        session.add(known)
        session.flush()
    tie = session.scalar(select(ResultTie).where(ResultTie.result_id == known.id, ResultTie.instrument_id == instrument_id))
    if tie is None:
        tie = ResultTie(result=known, instrument_id=instrument_id, tied_by=viewer.person_id, tied_at=now)
        session.add(tie)
    elif tie.removed_at is None:
        raise OutOfOrder(Sentence("这项成果已登记在该仪器下。", "This result is tied to the instrument already."))
    else:
        tie.removed_at, tie.removed_by, tie.reason, tie.tied_by, tie.tied_at = None, None, "", viewer.person_id, now
    session.flush()
    return tie


def remove_result(session: Session, tie_id: int, *, viewer: Viewer, now: datetime, reason: str) -> ResultTie:
    """Take a result off an instrument, with a reason."""
    tie = session.get(ResultTie, tie_id)
    if tie is None:
        raise NotFound
    _managed(session, tie.instrument_id, viewer)
    if tie.removed_at is not None:
        raise OutOfOrder(Sentence("这项成果已取消登记。", "This result has been taken off already."))
    tie.removed_at, tie.removed_by, tie.reason = now, viewer.person_id, check_reason(reason, needed=True)
    return tie


def ties_of(session: Session, instrument_id: int, *, most: int = 500) -> Sequence[ResultTie]:
    """Give the results tied to an instrument, the newest first."""
    return session.scalars(
        select(ResultTie)
        .join(ResultTie.result)
        .options(contains_eager(ResultTie.result))
        .where(ResultTie.instrument_id == instrument_id, ResultTie.removed_at.is_(None))
        .order_by(Result.year.desc(), Result.id.desc())
        .limit(most)
    ).all()


def count_results(session: Session, instrument_ids: Collection[int], first_year: int, last_year: int) -> dict[tuple[str, str], int]:
    """Count what came of instruments in some years, by kind and level: results once each, however many instruments; of trainings the people."""
    tied = select(ResultTie.result_id).where(ResultTie.instrument_id.in_(list(instrument_ids)), ResultTie.removed_at.is_(None))
    rows = session.execute(
        select(Result.kind, Result.level, func.count(Result.id), func.sum(Result.people))
        .where(Result.id.in_(tied), Result.year.between(first_year, last_year))
        .group_by(Result.kind, Result.level)
    )
    return {(kind, level): int(people if kind == "training" else count) for kind, level, count, people in rows}


def _managed(session: Session, instrument_id: int, viewer: Viewer) -> Instrument:
    found = instrument(session, instrument_id)
    if not viewer.may_inspect(found):
        raise NotFound
    if not viewer.may_manage(found):
        raise Forbidden
    return found


def _known(session: Session, entry: ResultEntry) -> Result | None:
    if not entry.identifier:
        return None
    return session.scalar(select(Result).where(Result.kind == entry.kind, Result.identifier == entry.identifier))


def _checked(entry: ResultEntry, now: datetime) -> ResultEntry:
    if entry.kind not in KINDS:
        raise Invalid("kind", Sentence("请选择成果类别。", "Choose what kind of result it is."))
    if entry.level not in LEVELS[entry.kind]:
        raise Invalid("level", Sentence("请选择级别。", "Choose its level."))
    if entry.who not in WHO:
        raise Invalid("who", Sentence("请选择培训对象。", "Choose who was trained."))
    if not FIRST_YEAR <= entry.year <= now.year + 1 or not (entry.month is None or 1 <= entry.month <= 12):
        raise Invalid(
            "year", Sentence(f"年份应在 {FIRST_YEAR} 到 {now.year + 1} 之间。", f"The year lies between {FIRST_YEAR} and {now.year + 1}.")
        )
    is_training = entry.kind == "training"
    if is_training and not 1 <= entry.people <= MOST_PEOPLE:
        raise Invalid("people", Sentence("请填写培训人数。", "Say how many people were trained."))
    texts = {"title": 500, "authors": 300, "place": 300, "identifier": 200}
    clean = {name: _text(name, getattr(entry, name), most) for name, most in texts.items()}
    if not clean["title"]:
        raise Invalid("title", Sentence("请填写名称。", "Give its title."))
    identifier = clean["identifier"].removeprefix("https://doi.org/").removeprefix("doi:").strip().lower()
    return ResultEntry(
        entry.kind, entry.level, clean["title"], entry.year, entry.month, clean["authors"], clean["place"], identifier,
        entry.people if is_training else 0, entry.who if is_training else "",
    )  # fmt: skip


def _text(field: str, value: str, most: int) -> str:
    value = " ".join(value.split())
    if len(value) > most or "\x00" in value:
        raise Invalid(field, Sentence(f"不超过 {most} 字。", f"At most {most} characters, please."))
    return value
