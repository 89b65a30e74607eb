"""Programmes of support (创新券、共享补助): who may apply in which years, quotas, brackets, caps, and services that do not count. All of it is data.

A percent nobody has published stays empty; whatever needs it waits until an administrator has filled it in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments import data
from instruments.database import Base, Key
from instruments.errors import Invalid, NotFound, Sentence
from instruments.people import ORGANISATION_KINDS, Organisation

KINDS = {
    "voucher": Sentence("创新券", "Vouchers"),
    "subsidy": Sentence("共享补助", "Subsidy"),
}
PARTIES = {
    "provider": Sentence("服务提供方", "Provider"),
    "user": Sentence("使用方", "User"),
}
MOST_BRACKETS = 8
FIRST_YEAR, LAST_YEAR = 2000, 2100
PartyName = Literal["provider", "user"]
OrganisationKind = Literal["university", "institute", "hospital", "enterprise", "public"]
Amount = Annotated[Decimal, Field(ge=0, le=Decimal("9999999999.99"), decimal_places=2, allow_inf_nan=False)]
Percent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2, allow_inf_nan=False)]
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


def _wrong(zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError("programme", "{zh}", {"zh": zh, "en": en})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bracket(_Strict):
    """The part of an amount above a bound, and the percent paid of it; None where the percent is not known yet."""

    above: Amount
    percent: Percent | None = None


class Party(_Strict):
    """What one side gets: brackets in order, and at most so much per year; `of_last_year` counts the amounts of the year before."""

    brackets: Annotated[tuple[Bracket, ...], Field(min_length=1, max_length=MOST_BRACKETS)]
    cap: Amount | None = None
    of_last_year: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Party:
        bounds = [one.above for one in self.brackets]
        if bounds[0] != 0:
            raise _wrong("第一档须从 0 元开始。", "The first bracket begins at 0 yuan.")
        if any(later <= earlier for earlier, later in pairwise(bounds)):
            raise _wrong("各档须按金额从小到大排列，且不能重复。", "Brackets stand in order of amount, each above the one before.")
        if self.cap is not None and self.cap == 0:
            raise _wrong("上限须大于零；没有上限请留空。", "A cap is above zero; leave it empty where there is none.")
        return self


class Scheme(_Strict):
    """The terms of a programme. `quota` is what one firm may get in a year; `claim_days` how long after the year's end it may claim."""

    first_year: Year
    last_year: Year
    applicants: Annotated[tuple[OrganisationKind, ...], Field(min_length=1)]
    quota: Amount | None = None
    claim_days: Annotated[int, Field(ge=0, le=366)] = 0
    provider: Party | None = None
    user: Party | None = None
    ineligible: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Scheme:
        if self.last_year < self.first_year:
            raise _wrong("结束年份不能早于开始年份。", "The last year cannot come before the first.")
        if self.provider is None and self.user is None:
            raise _wrong("请至少填写一方的补助标准。", "Say what at least one side gets.")
        unknown = [code for code in self.ineligible if code not in ineligible_services()]
        if unknown or len(set(self.ineligible)) != len(self.ineligible):
            raise _wrong("不予支持的服务类别有误。", "The services that do not count are not on the list, or named twice.")
        return self

    def covers(self, year: int) -> bool:
        """Say whether the programme runs in a year."""
        return self.first_year <= year <= self.last_year

    def last_day(self, year: int) -> date:
        """Give the last day on which a voucher of a year may be used and claimed."""
        return date(year, 12, 31) + timedelta(days=self.claim_days)


class Programme(Base):
    """A programme with its terms; its keeper (主管单位) is the body whose money it is."""

    __tablename__ = "programme"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200), default="")
    source: Mapped[str] = mapped_column(String(500), default="")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    is_open: Mapped[bool] = mapped_column(default=False)
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("kind IN ('voucher', 'subsidy')", name="kind"),
        CheckConstraint("NOT is_open OR organisation_id IS NOT NULL", name="keeper"),
    )

    @property
    def scheme(self) -> Scheme:
        """Give the terms."""
        return read_scheme(self.terms)


@cache
def ineligible_services() -> dict[str, Sentence]:
    """Give the services programmes leave out, by reason code."""
    return {one["code"]: Sentence(one["zh"], one["en"]) for one in data.read("ineligible.json")}


def read_scheme(given: dict[str, Any], kind: str = "") -> Scheme:
    """Read terms; Invalid with the field and a sentence for what cannot be right. Vouchers need a quota and a user's side."""
    try:
        found = Scheme.model_validate(given)
    except ValidationError as error:
        raise _said(error) from error
    if kind == "voucher" and not found.quota:
        raise Invalid("quota", Sentence("请填写每家企业每年的额度，须大于零。", "Give the quota per firm and year; it is above zero."))
    if kind == "voucher" and found.user is None:
        raise Invalid("user", Sentence("创新券须填写使用方的补助标准。", "Vouchers need what the user's side gets."))
    return found


def _said(error: ValidationError) -> Invalid:
    """Turn the first complaint into a sentence of ours."""
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"])
    if first["type"] == "programme":
        return Invalid(field or "terms", Sentence(first["ctx"]["zh"], first["ctx"]["en"]))
    return Invalid(
        field or "terms", Sentence(f"“{field}”的值不正确，请检查。", f"The value of “{field}” cannot be right. Please look at it again.")
    )


def terms_of(scheme: Scheme) -> dict[str, Any]:
    """Give terms as they are stored: amounts as text."""
    return scheme.model_dump(mode="json")


def set_programme(
    session: Session, one: Programme, scheme: Scheme, *, names: tuple[str, str], source: str, keeper: Organisation | None, is_open: bool, now: datetime
) -> Programme:  # fmt: skip
    """Set what a programme says, new or old; what was settled under other terms keeps its amounts."""
    read_scheme(terms_of(scheme), one.kind)
    name_zh, name_en = (text.strip() for text in names)
    if not name_zh or len(name_zh) > 200 or len(name_en) > 200:
        raise Invalid("name_zh", Sentence("请填写名称(不超过 200 字)。", "Please give a name of at most 200 characters."))
    if is_open and keeper is None:
        raise Invalid("organisation", Sentence("开放申请前请选择主管单位。", "Choose the body that keeps the money before it opens."))
    one.name_zh, one.name_en, one.source, one.organisation = name_zh, name_en, source.strip()[:500], keeper
    one.is_open, one.terms, one.changed_at = is_open, terms_of(scheme), now
    session.add(one)
    session.flush()
    return one


def new_programme(session: Session, code: str, kind: str) -> Programme:
    """Begin a programme; its code is free and made of letters, digits and hyphens."""
    code = code.strip()
    if not 0 < len(code) <= 40 or not all(part.isascii() and (part.isalnum() or part == "-") for part in code):
        raise Invalid(
            "code", Sentence("代码由字母、数字和连字符组成，不超过 40 字。", "A code is made of letters, digits and hyphens, at most 40.")
        )
    if kind not in KINDS:
        raise Invalid("kind", Sentence("请选择类别。", "Choose its kind."))
    if session.scalar(select(Programme.id).where(Programme.code == code)):
        raise Invalid("code", Sentence("该代码已被使用。", "This code is taken."))
    return Programme(code=code, kind=kind)


def add_examples(session: Session, *, now: datetime) -> list[Programme]:
    """Add the shipped programmes that are not there yet, closed: published schemes to start from."""
    made = []
    for shipped in data.read("programmes.json"):
        if session.scalar(select(Programme.id).where(Programme.code == shipped["code"])) is None:
            one = new_programme(session, shipped["code"], shipped["kind"])
            scheme, names = read_scheme(shipped["scheme"], shipped["kind"]), (shipped["name_zh"], shipped["name_en"])
            made.append(set_programme(session, one, scheme, names=names, source=shipped["source"], keeper=None, is_open=False, now=now))
    return made


def programme(session: Session, programme_id: int) -> Programme:
    """Get a programme by id."""
    found = session.get(Programme, programme_id, options=(joinedload(Programme.organisation),))
    if found is None:
        raise NotFound
    return found


def programmes(session: Session, *, kind: str = "", open_only: bool = False) -> Sequence[Programme]:
    """List programmes by code."""
    asked = select(Programme).options(joinedload(Programme.organisation)).order_by(Programme.code)
    if kind:
        asked = asked.where(Programme.kind == kind)
    return session.scalars(asked.where(Programme.is_open) if open_only else asked).all()


def applicant_words(scheme: Scheme) -> list[Sentence]:
    """Name the kinds of organisation that may apply."""
    return [ORGANISATION_KINDS[kind] for kind in scheme.applicants]
