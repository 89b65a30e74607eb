"""The record of one import: its file, its choices, how far it has come, and what became of every row.

A run waits until a worker claims it for a while (its lease), goes on in batches, each in one transaction with its part of the record, and can
be taken up by another worker where the first one left it. What is in the record is what is in the register.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, and_, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.database import Base, Key
from instruments.errors import OutOfOrder, Sentence
from instruments.exchange.owners import Whose
from instruments.exchange.tables import Layout
from instruments.people import Organisation

LEASE = timedelta(seconds=90)
MOST_CLAIMS = 20  # without a batch done in between
KEEP_FILES, KEEP_ISSUES, KEEP_RUNS = timedelta(days=7), timedelta(days=180), timedelta(days=1100)
STATUSES = {
    "uploaded": Sentence("待确认", "Waiting for you"),
    "waiting": Sentence("排队中", "Waiting its turn"),
    "running": Sentence("进行中", "Under way"),
    "done": Sentence("已完成", "Done"),
    "failed": Sentence("未完成", "Stopped"),
}
OPEN = ("waiting", "running")


class ImportRun(Base):
    """One list on its way into the register. `rows` is how many it has, `done` how many are dealt with."""

    __tablename__ = "import_run"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    file_name: Mapped[str] = mapped_column(String(200))
    stored_as: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    refuse_others: Mapped[bool] = mapped_column(default=False)
    may_create: Mapped[bool] = mapped_column(default=False)
    is_dry: Mapped[bool] = mapped_column(default=False)
    started_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    sheet: Mapped[str] = mapped_column(String(100), default="")
    header_row: Mapped[int] = mapped_column(default=0)
    encoding: Mapped[str] = mapped_column(String(20), default="")
    delimiter: Mapped[str] = mapped_column(String(1), default="")
    headers: Mapped[list[str]] = mapped_column(JSON, default=list)
    targets: Mapped[list[str]] = mapped_column(JSON, default=list)
    status: Mapped[str] = mapped_column(String(20), default="uploaded")
    problem: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    rows: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    warnings: Mapped[int] = mapped_column(default=0)
    claims: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str] = mapped_column(String(40), default="")
    leased_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    organisation: Mapped[Organisation | None] = relationship()

    __table_args__ = (Index(None, "status", "id"),)

    @property
    def layout(self) -> Layout:
        """Give how its file is read."""
        return Layout(self.sheet, self.header_row, self.encoding, self.delimiter)

    @property
    def whose(self) -> Whose:
        """Give whom its rows may belong to."""
        return Whose(self.organisation_id, self.refuse_others, self.may_create)

    @property
    def is_open(self) -> bool:
        """Say whether it is still on its way."""
        return self.status in OPEN

    @property
    def words_of_problem(self) -> Sentence:
        """Give why it stopped."""
        return Sentence(self.problem.get("zh", ""), self.problem.get("en", ""))

    @property
    def counts(self) -> dict[str, int]:
        """Give the counts that always add up: read = created + updated + unchanged + refused."""
        counts = {"created": self.created, "updated": self.updated, "unchanged": self.unchanged, "refused": self.refused}
        return {"read": sum(counts.values())} | counts


class ImportIssue(Base):
    """One thing to tell about a row: what became of it (kind created ... refused), a warning, or a change of a field."""

    __tablename__ = "import_issue"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"))
    row: Mapped[int]
    kind: Mapped[str] = mapped_column(String(10))
    column: Mapped[str] = mapped_column(String(200), default="")
    field: Mapped[str] = mapped_column(String(40), default="")
    value: Mapped[str] = mapped_column(String(500), default="")
    reason_zh: Mapped[str] = mapped_column(String(500), default="")
    reason_en: Mapped[str] = mapped_column(String(500), default="")

    __table_args__ = (Index(None, "run_id", "kind", "id"), Index(None, "run_id", "id"))

    @property
    def reason(self) -> Sentence:
        """Give the reason in both languages."""
        return Sentence(self.reason_zh, self.reason_en)


def submit(session: Session, run: ImportRun, *, is_dry: bool, now: datetime) -> ImportRun:
    """Send a list on its way; one that has been tried dry goes as a new run over the same file."""
    if run.is_open or not run.targets:
        raise OutOfOrder(
            Sentence("这份列表正在处理或还没有确认各列。", "This list is under way already, or its columns have not been confirmed.")
        )
    if run.status != "uploaded":
        run = _copy(run, now)
        session.add(run)
    run.is_dry, run.status = is_dry, "waiting"
    session.flush()  # the caller leads to its page
    return run


def claim(session: Session, owner: str, *, now: datetime) -> ImportRun | None:
    """Take the oldest run that waits, or whose worker has gone, for a while."""
    is_left = and_(ImportRun.status == "running", or_(ImportRun.leased_until.is_(None), ImportRun.leased_until <= now))
    query = select(ImportRun).where(or_(ImportRun.status == "waiting", is_left)).order_by(ImportRun.id).limit(1)
    run = session.scalar(query.with_for_update(skip_locked=True))
    if run is not None:
        run.status, run.lease_owner, run.leased_until = "running", owner, now + LEASE
        run.claims += 1
    return run


def hold(session: Session, run_id: int, owner: str, *, now: datetime) -> ImportRun | None:
    """Lock a run one has claimed and prolong its lease; None when somebody else has it by now."""
    run = session.get(ImportRun, run_id, with_for_update=True, populate_existing=True)
    if run is None or run.lease_owner != owner or run.status != "running":
        return None
    run.leased_until = now + LEASE
    return run


def let_go(run: ImportRun) -> None:
    """Leave a run for whoever claims it next."""
    run.leased_until = None


def finish(run: ImportRun, *, now: datetime, problem: Sentence | None = None) -> None:
    """End a run: done, or stopped by a problem."""
    run.status = "failed" if problem else "done"
    run.problem = {"zh": problem.zh, "en": problem.en} if problem else {}
    run.finished_at, run.leased_until = now, None


def prune(session: Session, *, now: datetime) -> list[str]:
    """Forget old records; give the files that are not needed any more."""
    session.execute(delete(ImportIssue).where(ImportIssue.run_id.in_(_older(now - KEEP_ISSUES))))
    session.execute(delete(ImportRun).where(ImportRun.created_at < now - KEEP_RUNS, ImportRun.status.not_in(OPEN)))
    stale = session.scalars(
        select(ImportRun).where(ImportRun.created_at < now - KEEP_FILES, ImportRun.stored_as != "", ImportRun.status.not_in(OPEN))
    )
    needed = set(
        session.scalars(select(ImportRun.stored_as).where(or_(ImportRun.created_at >= now - KEEP_FILES, ImportRun.status.in_(OPEN))))
    )
    files = []
    for run in stale.all():
        if run.stored_as not in needed:
            files.append(run.stored_as)
        run.stored_as = ""
    return list(dict.fromkeys(files))


def _older(than: datetime) -> Any:
    return select(ImportRun.id).where(ImportRun.created_at < than, ImportRun.status.not_in(OPEN))


COPIED: Sequence[str] = (
    "file_name", "stored_as", "sha256", "size", "organisation_id", "refuse_others", "may_create", "started_by", "sheet", "header_row", "encoding",
    "delimiter", "headers", "targets", "rows",
)  # fmt: skip


def _copy(run: ImportRun, now: datetime) -> ImportRun:
    return ImportRun(**{key: getattr(run, key) for key in COPIED}, created_at=now)
