"""Returns (报送) and their rows: made as a draft, frozen by the signature, kept for good. Verbs: generating, steps.

draft -> signed (by the organisation) -> accepted, or sent_back with a remark (by the province); after that the next edition is made anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ColumnElement, ForeignKey, Index, String, func, select, text, true
from sqlalchemy.orm import Mapped, Session, contains_eager, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import FILLED_BEFORE, Base, Key, attach
from instruments.errors import NotFound, Sentence
from instruments.people import Organisation, Person
from scheduling.returning.formats import ReturnFormat, format_of
from scheduling.returning.guards import postgresql_return, postgresql_rows, sqlite_return, sqlite_rows
from scheduling.returning.periods import Period

STATES = {
    "draft": Sentence("草稿", "Draft"),
    "signed": Sentence("已签发，待省级审核", "Signed, waits for the province"),
    "accepted": Sentence("已接收", "Accepted"),
    "sent_back": Sentence("已退回", "Sent back"),
}
HIDDEN = "***"


class Return(Base):
    """What one organisation reports for one period; `edition` counts how often it was made after being sent back.

    `digest` is the hash of its rows (SHA-256), `errors` how many of them have something wrong, `format` the number of the formats it follows.
    """

    __tablename__ = "national_return"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str] = mapped_column(String(20))
    starts_on: Mapped[date]
    edition: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="draft")
    format: Mapped[str] = mapped_column(String(20))
    row_count: Mapped[int] = mapped_column(default=0)
    errors: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str] = mapped_column(String(64), default="")
    made_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    signed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    signed_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(String(500), default="")
    reviewed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewed_at: Mapped[datetime | None]
    remark: Mapped[str] = mapped_column(String(500), default="")
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()
    maker: Mapped[Person] = relationship(foreign_keys=[made_by])
    signer: Mapped[Person | None] = relationship(foreign_keys=[signed_by])
    reviewer: Mapped[Person | None] = relationship(foreign_keys=[reviewed_by])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'signed', 'accepted', 'sent_back')", name="state"),
        CheckConstraint("state = 'draft' OR (signed_at IS NOT NULL AND signed_by IS NOT NULL AND errors = 0)", name="signed"),
        CheckConstraint("state IN ('draft', 'signed') OR (reviewed_at IS NOT NULL AND reviewed_by IS NOT NULL)", name="reviewed"),
        CheckConstraint("state <> 'sent_back' OR remark <> ''", name="remark"),
        Index("uq_national_return_edition", "organisation_id", "kind", "starts_on", "edition", unique=True),
        Index(
            "uq_national_return_open", "organisation_id", "kind", "starts_on", unique=True,
            sqlite_where=text("state <> 'sent_back'"), postgresql_where=text("state <> 'sent_back'"),
        ),
        Index(None, "state", "signed_at"),
        Index(None, "kind", "starts_on"),
    )  # fmt: skip

    @property
    def layout(self) -> ReturnFormat:
        """Give the fields of its rows."""
        return format_of(self.kind)

    @property
    def period(self) -> Period:
        """Give the time it is for."""
        return Period(self.layout.period, self.starts_on)


class ReturnRow(Base):
    """One row as it is reported, with what it came from; `problems` are pairs of field and code of what is wrong with it.

    `usage_version` is the version of the use it was made from, by which a later correction is seen.
    """

    __tablename__ = "national_return_row"
    __audited__ = False  # a copy of other rows, which say who changed them; and the log is no place for anybody's address

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    return_id: Mapped[int] = mapped_column(ForeignKey("national_return.id"))
    position: Mapped[int]
    usage_id: Mapped[int | None] = mapped_column(ForeignKey("usage_record.id"), index=True)
    usage_version: Mapped[int | None]
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    typed: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    problems: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    is_wrong: Mapped[bool] = mapped_column(default=False)

    of: Mapped[Return] = relationship()
    instrument: Mapped[Instrument] = relationship()

    __table_args__ = (
        Index(None, "return_id", "position", unique=True),
        Index("ix_national_return_row_wrong", "instrument_id", "is_wrong"),
        CheckConstraint("position > 0", name="position"),
        {"info": {FILLED_BEFORE: "national_return"}},
    )


for _table, _statements in (
    (Return, {"sqlite": sqlite_return(), "postgresql": postgresql_return()}),
    (ReturnRow, {"sqlite": sqlite_rows(), "postgresql": postgresql_rows()}),
):
    for _dialect, _each in _statements.items():
        for _statement in _each:
            attach(_table, _statement, _dialect)
    attach(_table, f"DROP FUNCTION IF EXISTS keep_{_table.__tablename__}() CASCADE", "postgresql", moment="after_drop")

_WHOLE = (joinedload(Return.organisation), joinedload(Return.maker), joinedload(Return.signer), joinedload(Return.reviewer))


@dataclass(frozen=True, slots=True)
class WantedReturns:
    """Which returns: of an organisation, of a kind, in a state."""

    organisation_id: int | None = None
    kind: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ReturnPage:
    """One page, the newest first, how many there are in all, and the id of the last where more follow."""

    returns: Sequence[Return]
    total: int
    next: int | None


def reads_returns_of(viewer: Viewer) -> tuple[int, ...] | None:
    """Give the organisations whose returns are the viewer's to read; None means all."""
    if viewer.is_province_admin or viewer.may_audit(None):
        return None
    audited = tuple(grant.organisation_id for grant in viewer.grants if grant.role == "auditor" and grant.organisation_id)
    return viewer.administered_organisation_ids + audited


def signs_for(viewer: Viewer, organisation_id: int) -> bool:
    """Say whether the viewer signs for an organisation: its own administrators do, the province reviews."""
    return organisation_id in viewer.administered_organisation_ids


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """Give the condition on Return for those the viewer may read."""
    ids = reads_returns_of(viewer)
    return true() if ids is None else Return.organisation_id.in_(ids)


def seen_return(session: Session, return_id: int, viewer: Viewer) -> Return:
    """Get a return the viewer may read; any other is not found."""
    asked = select(Return).where(Return.id == return_id, readable(viewer)).options(*_WHOLE).execution_options(populate_existing=True)
    found = None if viewer.is_anonymous else session.scalar(asked)
    if found is None:
        raise NotFound
    return found


def page_of_returns(session: Session, wanted: WantedReturns, *, viewer: Viewer, limit: int = 50, before: int | None = None) -> ReturnPage:
    """Give a page of the returns a person may read; `before` is the id the page before ended with."""
    conditions = [readable(viewer)]
    for column, value in ((Return.organisation_id, wanted.organisation_id), (Return.kind, wanted.kind), (Return.state, wanted.state)):
        if value:
            conditions.append(column == value)
    total = session.scalar(select(func.count(Return.id)).where(*conditions)) or 0
    further = [] if before is None else [Return.id < before]
    rows = session.scalars(select(Return).where(*conditions, *further).options(*_WHOLE).order_by(Return.id.desc()).limit(limit + 1)).all()
    return ReturnPage(rows[:limit], total, rows[limit - 1].id if len(rows) > limit else None)


def rows_of(
    session: Session, one: Return, *, after: int = 0, limit: int = 50, wrong_only: bool = False
) -> tuple[Sequence[ReturnRow], int | None]:
    """Give rows of a return by position, and the position of the last where more follow."""
    asked = select(ReturnRow).where(ReturnRow.return_id == one.id, ReturnRow.position > after)
    if wrong_only:
        asked = asked.where(ReturnRow.is_wrong).options(joinedload(ReturnRow.instrument))
    # A draft made anew may have given its rows the numbers of those it had before.
    asked = asked.order_by(ReturnRow.position).limit(limit + 1).execution_options(populate_existing=True)
    rows = session.scalars(asked).all()
    return rows[:limit], rows[limit - 1].position if len(rows) > limit else None


def rows_of_instrument(session: Session, one: Return, instrument_id: int, *, most: int = 50) -> Sequence[ReturnRow]:
    """Give the rows of a return about one instrument."""
    asked = select(ReturnRow).where(ReturnRow.return_id == one.id, ReturnRow.instrument_id == instrument_id)
    return session.scalars(asked.order_by(ReturnRow.position).limit(most)).all()


def wrong_rows_on(
    session: Session, condition: ColumnElement[bool], *, after: int = 0, limit: int = 50
) -> tuple[Sequence[ReturnRow], int | None]:
    """Give the rows of drafts with something wrong about instruments that meet a condition on Instrument, by id, and the last where more follow."""
    rows = session.scalars(
        select(ReturnRow)
        .join(ReturnRow.of)
        .join(Instrument, Instrument.id == ReturnRow.instrument_id)
        .options(contains_eager(ReturnRow.of), joinedload(ReturnRow.instrument))
        .where(condition, ReturnRow.is_wrong, Return.state == "draft", ReturnRow.id > after)
        .order_by(ReturnRow.id)
        .limit(limit + 1)
    ).all()
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def editions_of(session: Session, one: Return) -> Sequence[Return]:
    """Give every edition of the same return, the first one first."""
    same = (Return.organisation_id == one.organisation_id, Return.kind == one.kind, Return.starts_on == one.starts_on)
    return session.scalars(select(Return).where(*same).options(*_WHOLE).order_by(Return.edition)).all()


def shown(one: Return, data: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
    """Give a row's values in order as a person may read them: personal ones only who signs for the organisation."""
    signs = signs_for(viewer, one.organisation_id)
    return {
        field.name: HIDDEN if field.is_personal and not signs and data.get(field.name) else data.get(field.name, "")
        for field in one.layout.fields
    }
