"""Evaluation schemes (评价方案): versions of terms, each for some years, never rewritten; what changes is a new version with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, func, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments import data
from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, OutOfOrder, Sentence
from instruments.evaluationterms import Terms, read_terms, stored
from instruments.kept import keep_rows

FIRST_YEAR, LAST_YEAR = 2000, 2100
MOST_SCHEMES = 200
CODE = re.compile(r"[a-z][a-z0-9-]{0,39}")


class EvaluationScheme(Base):
    """A scheme by name; what it says stands in its versions."""

    __tablename__ = "evaluation_scheme"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")


class SchemeVersion(Base):
    """What a scheme says for the years from `first_year` to `last_year` (None: on and on); kept as it was made."""

    __tablename__ = "evaluation_scheme_version"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    scheme_id: Mapped[int] = mapped_column(ForeignKey("evaluation_scheme.id"))
    number: Mapped[int]
    first_year: Mapped[int]
    last_year: Mapped[int | None]
    terms_kept: Mapped[dict[str, Any]] = mapped_column("terms", JSON)
    source: Mapped[str] = mapped_column(String(1000), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    scheme: Mapped[EvaluationScheme] = relationship()

    __table_args__ = (
        UniqueConstraint("scheme_id", "number"),
        CheckConstraint("last_year IS NULL OR last_year >= first_year", name="years"),
        CheckConstraint("number = 1 OR reason <> ''", name="reason"),
    )

    @property
    def terms(self) -> Terms:
        """Give what it says."""
        return read_terms(self.terms_kept)


keep_rows(SchemeVersion, "a version of a scheme is never rewritten")


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What a new version is to say, for which years, on what grounds and why."""

    terms: Terms
    first_year: int
    last_year: int | None
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two versions: where, and what it was and is."""

    where: str
    was: str
    now: str


def add_shipped(session: Session, *, now: datetime) -> list[EvaluationScheme]:
    """Add the shipped schemes that are not there yet."""
    made = []
    for shipped in data.read("schemes.json"):
        if session.scalar(select(EvaluationScheme.id).where(EvaluationScheme.code == shipped["code"])) is not None:
            continue
        scheme = EvaluationScheme(code=shipped["code"], name_zh=shipped["name_zh"], name_en=shipped["name_en"])
        session.add(scheme)
        session.flush()
        new = NewVersion(read_terms(shipped["terms"]), shipped["first_year"], shipped["last_year"], shipped["source"], "")
        _add(session, scheme, new, 1, by=None, now=now)
        made.append(scheme)
    return made


def add_version(session: Session, scheme_id: int, new: NewVersion, *, after: int, viewer: Viewer, now: datetime) -> SchemeVersion:
    """Make a new version, as the province; OutOfOrder where somebody else made one after number `after`."""
    if not viewer.is_province_admin:
        raise Forbidden
    scheme = session.scalar(select(EvaluationScheme).where(EvaluationScheme.id == scheme_id).with_for_update())
    if scheme is None:
        raise NotFound
    newest = versions(session, scheme_id)[0]
    if newest.number != after:
        raise OutOfOrder(Sentence("其他人已建立新版本，请重新查看。", "Somebody has made a new version meanwhile. Please look again."))
    if not new.reason.strip():
        raise Invalid("reason", Sentence("请说明修改理由。", "Please say why it changes."))
    check_beside(new)
    if new.terms.of != newest.terms.of:
        raise Invalid("of", Sentence("评价对象不能改变，请另建方案。", "What is evaluated cannot change."))
    if new.terms == newest.terms and (new.first_year, new.last_year) == (newest.first_year, newest.last_year):
        raise Invalid("terms", Sentence("没有任何改动。", "Nothing would change."))
    return _add(session, scheme, new, after + 1, by=viewer.person_id, now=now)


def check_beside(new: NewVersion) -> None:
    """Check what a version says beside its terms: years that are in order, texts that are not too long."""
    if len(new.reason) > 500:
        raise Invalid("reason", Sentence("修改理由不超过 500 字，请缩短。", "A reason has at most 500 characters. Shorten it."))
    if len(new.source) > 1000:
        raise Invalid("source", Sentence("依据不超过 1000 字，请缩短。", "The source has at most 1000 characters. Shorten it."))
    for name, year in (("first_year", new.first_year), ("last_year", new.last_year)):
        if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
            said = Sentence(f"请填写 {FIRST_YEAR} 到 {LAST_YEAR} 之间的年份。", f"Give a year from {FIRST_YEAR} to {LAST_YEAR}.")
            raise Invalid(name, said)
    if new.last_year is not None and new.last_year < new.first_year:
        raise Invalid("last_year", Sentence("结束年度早于起始年度，请改正或留空。", "It ends before it begins. Give a later year, or none."))


def new_scheme(session: Session, code: str, names: Sentence, new: NewVersion, *, viewer: Viewer, now: datetime) -> SchemeVersion:
    """Make a scheme with its first version, as the province; an empty code is chosen here. Invalid for a name or code that cannot be."""
    if not viewer.is_province_admin:
        raise Forbidden
    for field, text in (("name_zh", names.zh), ("name_en", names.en)):
        if not text.strip() or len(text.strip()) > 200 or "\x00" in text:
            raise Invalid(field, Sentence("请填写名称（不超过 200 字）。", "Give it a name of at most 200 characters."))
    if code and not CODE.fullmatch(code):
        said = "代码以小写字母开头，只含小写字母、数字和连字符，不超过 40 个字符。"
        raise Invalid("code", Sentence(said, "A code begins with a small letter and has only small letters, digits and hyphens, at most 40."))
    check_beside(new)
    taken = set(session.scalars(select(EvaluationScheme.code)))
    code = code or next(one for number in range(1, len(taken) + 2) if (one := f"scheme-{number}") not in taken)
    if code in taken:
        raise Invalid("code", Sentence("已有方案使用这个代码，请换一个。", "A scheme has this code already. Take another."))
    if len(taken) >= MOST_SCHEMES:
        raise OutOfOrder(Sentence(f"方案最多 {MOST_SCHEMES} 个。", f"There are at most {MOST_SCHEMES} schemes."))
    scheme = EvaluationScheme(code=code, name_zh=names.zh.strip(), name_en=names.en.strip())
    session.add(scheme)
    session.flush()
    return _add(session, scheme, new, 1, by=viewer.person_id, now=now)


def version_by_id(session: Session, version_id: int) -> SchemeVersion:
    """Get a version of any scheme by id, with its scheme."""
    found = session.get(SchemeVersion, version_id, options=[joinedload(SchemeVersion.scheme)])
    if found is None:
        raise NotFound
    return found


def _add(session: Session, scheme: EvaluationScheme, new: NewVersion, number: int, *, by: int | None, now: datetime) -> SchemeVersion:
    made = SchemeVersion(
        scheme=scheme, number=number, first_year=new.first_year, last_year=new.last_year, terms_kept=stored(new.terms), source=new.source.strip(),
        reason=new.reason.strip(), made_by=by, made_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def schemes(session: Session) -> list[SchemeVersion]:
    """List the schemes, each by its newest version."""
    newest = select(SchemeVersion.scheme_id, func.max(SchemeVersion.number).label("number")).group_by(SchemeVersion.scheme_id).subquery()
    asked = select(SchemeVersion).join(newest, (newest.c.scheme_id == SchemeVersion.scheme_id) & (newest.c.number == SchemeVersion.number))
    return list(session.scalars(asked.options(joinedload(SchemeVersion.scheme)).order_by(SchemeVersion.scheme_id).limit(200)))


def versions(session: Session, scheme_id: int) -> Sequence[SchemeVersion]:
    """Give the versions of a scheme, the newest first."""
    asked = select(SchemeVersion).options(joinedload(SchemeVersion.scheme)).where(SchemeVersion.scheme_id == scheme_id)
    found = session.scalars(asked.order_by(SchemeVersion.number.desc()).limit(200)).all()
    if not found:
        raise NotFound
    return found


def version_for(session: Session, scheme_id: int, year: int) -> SchemeVersion:
    """Give the newest version that is valid in a year; Invalid where there is none."""
    valid = SchemeVersion.first_year <= year, or_(SchemeVersion.last_year.is_(None), SchemeVersion.last_year >= year)
    asked = select(SchemeVersion).where(SchemeVersion.scheme_id == scheme_id, *valid).order_by(SchemeVersion.number.desc()).limit(1)
    found = session.scalar(asked)
    if found is None:
        raise Invalid("year", Sentence("该方案在这一年没有有效版本。", "The scheme has no version that is valid in this year."))
    return found


def changes(before: Terms, after: Terms) -> list[Change]:
    """Tell what differs between two versions, place by place."""
    was, now = dict(_flat(stored(before))), dict(_flat(stored(after)))
    return [Change(key, was.get(key, ""), now.get(key, "")) for key in {**was, **now} if was.get(key, "") != now.get(key, "")]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            name = inner.get("code", number + 1) if isinstance(inner, Mapping) else number + 1
            yield from _flat(inner, f"{path}.{name}")
    else:
        yield path, "" if value is None else str(value)
