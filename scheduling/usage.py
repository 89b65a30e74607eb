"""Usage records (使用记录): what really happened at an instrument, apart from the booking. Verbs: using, checkin, recording, confirming, correcting."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ColumnElement, ForeignKey, Index, String, literal_column, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key, attach
from instruments.errors import Changed, Forbidden, NotFound, Sentence
from instruments.people import Group, Organisation, Person
from instruments.timespan import TimeSpan
from scheduling import bookings
from scheduling.bookings import Booking
from scheduling.locks import lock_instruments
from scheduling.useguards import POSTGRESQL, POSTGRESQL_AFTER, SQLITE

STATUSES = {
    "running": Sentence("使用中", "In use"),
    "recorded": Sentence("待确认", "To be confirmed"),
    "confirmed": Sentence("已确认", "Confirmed"),
    "void": Sentence("已作废", "Void"),
}
MODES = bookings.MODES | {"sample": Sentence("送样检测", "Sample service")}
PURPOSES = bookings.PURPOSES
SOURCES = {
    "meter": Sentence("电表", "Meter"),
    "card": Sentence("刷卡", "Card"),
    "qr": Sentence("扫码", "QR code"),
    "web": Sentence("网上签到", "Web check-in"),
    "manager": Sentence("管理员登记", "Manager"),
    "import": Sentence("表格导入", "Sheet"),
}
BY_HAND = frozenset({"manager", "import"})
OUTCOMES = {
    "ok": Sentence("正常完成", "As planned"),
    "partial": Sentence("部分完成", "In part"),
    "failed": Sentence("未完成", "Failed"),
    "": Sentence("未说明", "Not said"),
}
RATINGS = {
    "very_satisfied": Sentence("非常满意", "Very satisfied"),
    "satisfied": Sentence("基本满意", "Satisfied"),
    "fair": Sentence("一般", "Fair"),
    "dissatisfied": Sentence("不满意", "Dissatisfied"),
    "very_dissatisfied": Sentence("极差", "Very dissatisfied"),
}


# Uses that held the instrument, with a time that no meter, card or code saw; in the very words of their index, or no database would use it.
UNSEEN: ColumnElement[Any] = literal_column(
    "occupies AND status IN ('recorded', 'confirmed')"
    " AND NOT (start_source IN ('meter', 'card', 'qr') AND end_source IN ('meter', 'card', 'qr'))"
)


class UsageRecord(Base):
    """One use of an instrument: [start_at, end_at) as it was, who stood how to whom at that time, and where each time comes from.

    Minutes: effective = used + start-up + post-processing - faults, unless stated. Person, organisations and audience are frozen by the
    database (useguards.py); a mistake is mended by a new row that replaces this one, which becomes void. `quantities` is {unit code: "3.5"}.
    """

    __tablename__ = "usage_record"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    lane: Mapped[int] = mapped_column(default=1)
    booking_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    audience: Mapped[str] = mapped_column(String(12))
    is_external: Mapped[bool]
    mode: Mapped[str] = mapped_column(String(12), default="self")
    purpose: Mapped[str] = mapped_column(String(12), default="research")
    project: Mapped[str] = mapped_column(String(200), default="")
    start_at: Mapped[datetime]
    end_at: Mapped[datetime | None]
    effective_minutes: Mapped[int | None]
    startup_minutes: Mapped[int] = mapped_column(default=0)
    post_minutes: Mapped[int] = mapped_column(default=0)
    fault_minutes: Mapped[int] = mapped_column(default=0)
    samples: Mapped[int] = mapped_column(default=0)
    runs: Mapped[int] = mapped_column(default=0)
    quantities: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    options: Mapped[list[str]] = mapped_column(JSON, default=list)
    content: Mapped[str] = mapped_column(String(500), default="")
    outcome: Mapped[str] = mapped_column(String(8), default="")
    status: Mapped[str] = mapped_column(String(10))
    occupies: Mapped[bool] = mapped_column(default=True)
    start_source: Mapped[str] = mapped_column(String(8))
    start_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    start_noted_at: Mapped[datetime]
    end_source: Mapped[str] = mapped_column(String(8), default="")
    end_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    end_noted_at: Mapped[datetime | None]
    rating: Mapped[str] = mapped_column(String(20), default="")
    comment: Mapped[str] = mapped_column(String(500), default="")
    rated_at: Mapped[datetime | None]
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("usage_record.id"), unique=True)
    reason: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    instrument: Mapped[Instrument] = relationship()
    booking: Mapped[Booking | None] = relationship()
    group: Mapped[Group | None] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    operator: Mapped[Person | None] = relationship(foreign_keys=[operator_id])
    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    owner: Mapped[Organisation] = relationship(foreign_keys=[owner_id])

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("end_at > start_at", name="span"),
        CheckConstraint("status IN ('running', 'recorded', 'confirmed', 'void')", name="status"),
        CheckConstraint("(status = 'running' AND end_at IS NULL) OR status = 'void' OR (status <> 'running' AND end_at IS NOT NULL)", name="end"),
        CheckConstraint("(end_at IS NULL) = (end_source = '')", name="end_source"),
        CheckConstraint("lane BETWEEN 1 AND 500", name="lane"),
        CheckConstraint(
            "startup_minutes >= 0 AND post_minutes >= 0 AND fault_minutes >= 0 AND samples >= 0 AND runs >= 0"
            " AND (effective_minutes IS NULL OR effective_minutes >= 0)",
            name="amounts",
        ),
        Index(
            "uq_usage_record_running", "instrument_id", "lane", unique=True,
            sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'"),
        ),
        Index(
            "uq_usage_record_booking", "booking_id", unique=True,
            sqlite_where=text("status <> 'void'"), postgresql_where=text("status <> 'void'"),
        ),
        Index(None, "instrument_id", "start_at"),
        Index("ix_usage_record_unseen", "instrument_id", "start_at", sqlite_where=UNSEEN, postgresql_where=UNSEEN),
        Index(None, "instrument_id", "lane", "end_at"),
        Index(None, "person_id", "start_at"),
        Index(None, "group_id", "start_at"),
        Index(None, "owner_id", "start_at"),
        Index(None, "status", "start_at"),
    )  # fmt: skip

    @property
    def span(self) -> TimeSpan | None:
        """Give the time of use, or None while it runs."""
        return None if self.end_at is None else TimeSpan(self.start_at, self.end_at)

    @property
    def used_minutes(self) -> int | None:
        """Give the length in whole minutes, or None while it runs."""
        return None if self.end_at is None else TimeSpan(self.start_at, self.end_at).minutes

    @property
    def provenance(self) -> str:
        """Give where the times come from; the weaker of the two where they differ."""
        order = list(SOURCES)
        return max((source for source in (self.start_source, self.end_source) if source), key=order.index)


for _statement in POSTGRESQL:
    attach(UsageRecord, _statement, "postgresql")
for _statement in POSTGRESQL_AFTER:
    attach(UsageRecord, _statement, "postgresql", moment="after_drop")
for _statement in SQLITE:
    attach(UsageRecord, _statement, "sqlite")

WHOLE: tuple[Any, ...] = (
    joinedload(UsageRecord.instrument),
    joinedload(UsageRecord.person),
    joinedload(UsageRecord.group),
    joinedload(UsageRecord.booking),
)


def usage(session: Session, usage_id: int) -> UsageRecord:
    """Get a usage record with its instrument, person and booking by id."""
    found = session.get(UsageRecord, usage_id, options=WHOLE)
    if found is None:
        raise NotFound
    return found


def may_see_use(viewer: Viewer, one: UsageRecord) -> bool:
    """Say whether a use is the viewer's to see: her own, her group's as its PI, her instrument's."""
    return viewer.owns(one.person_id, one.group_id) or viewer.may_inspect(one.instrument)


def seen_use(session: Session, usage_id: int, viewer: Viewer) -> UsageRecord:
    """Get a use the viewer may see; any other is not found."""
    found = usage(session, usage_id)
    if viewer.is_anonymous or not may_see_use(viewer, found):
        raise NotFound
    return found


def seen_uses(session: Session, usage_ids: Collection[int], viewer: Viewer) -> list[UsageRecord]:
    """Get those of some uses that the viewer may see; one statement."""
    rows = session.scalars(select(UsageRecord).where(UsageRecord.id.in_(usage_ids)).options(*WHOLE)) if usage_ids else ()
    return [one for one in rows if not viewer.is_anonymous and may_see_use(viewer, one)]


def locked_use(session: Session, usage_id: int, viewer: Viewer, *, version: int | None = None) -> UsageRecord:
    """Lock a use's instrument and read the use as it now is; a version other than the one the person saw is told as a change."""
    found = seen_use(session, usage_id, viewer)
    lock_instruments(session, [found.instrument_id])
    session.refresh(found)
    check_version(found, version)
    return found


def check_version(one: UsageRecord, version: int | None) -> None:
    """Tell a version other than the one the person saw as a change; without one nothing is compared."""
    if version is not None and one.version != version:
        status = STATUSES[one.status]
        raise Changed(
            Sentence(
                f"该使用记录已被他人更改，现为“{status.zh}”。请刷新后重试。",
                f"Somebody changed this use meanwhile; it is now: {status.en.lower()}. Reload and try again.",
            ),
            {"status": (one.status, None)},
        )


def check_use_manager(viewer: Viewer, one: UsageRecord) -> None:
    """Refuse whoever does not manage the instrument."""
    if not viewer.may_manage(one.instrument):
        raise Forbidden
