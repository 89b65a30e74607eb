"""Saved reports: what somebody asks of the statistics again and again, made for her on a schedule and sent by mail.

Due ones are claimed with a lease and made outside any transaction; the letter's key is unique, so that each is sent once, whoever makes it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.access import Viewer
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Person
from instruments.timespan import at_wall, zone
from portal.config import settings
from scheduling.statistics.calendar import first_of_month, month_later
from scheduling.statistics.periods import Period, months, year

SPANS: Mapping[str, Sentence] = {
    "so_far": Sentence("今年至今", "This year so far"),
    "last_month": Sentence("上个月", "Last month"),
    "last_quarter": Sentence("上个季度", "Last quarter"),
    "last_year": Sentence("去年", "Last year"),
}
SCHEDULES: Mapping[str, Sentence] = {
    "never": Sentence("不发送，只保存", "Not sent, only kept"),
    "monthly": Sentence("每月", "Every month"),
    "quarterly": Sentence("每季度第一个月", "First month of each quarter"),
    "yearly": Sentence("每年一月", "Every January"),
}
STEPS = {"monthly": 1, "quarterly": 3, "yearly": 12}
FORMATS: Mapping[str, Sentence] = {
    "xlsx": Sentence("XLSX 工作簿", "XLSX workbook"), "csv": Sentence("CSV 文件", "CSV file"), "pdf": Sentence("PDF 文件", "PDF file")
}  # fmt: skip
PAUSES: Mapping[str, Sentence] = {
    "owner": Sentence("您已暂停。", "You have paused it."),
    "unsubscribed": Sentence("已通过邮件中的链接停止发送。", "Stopped by the link in a letter."),
    "no_role": Sentence("您已没有查看这些数据的权限，因此不再发送。", "You may no longer read these figures, so it is not sent."),
    "failed": Sentence(
        "多次生成失败，已暂停；请检查条件后恢复。", "It could not be made several times. Look at what it asks for, then resume it."
    ),
}
MOST_EACH, LAST_DAY, HOUR = 20, 28, 7
LEASE, MOST_TRIES = timedelta(minutes=10), 5
IS_WAITING = "due_at IS NOT NULL"


class SavedReport(Base):
    """A report somebody saved: what it asks for, how it is written, when it is sent. `given` are the filters as an address says them."""

    __tablename__ = "saved_report"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    given: Mapped[dict[str, Any]] = mapped_column(JSON)
    span: Mapped[str] = mapped_column(String(12))
    format: Mapped[str] = mapped_column(String(4))
    language: Mapped[str] = mapped_column(String(2))
    schedule: Mapped[str] = mapped_column(String(10))
    day: Mapped[int]
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    pause: Mapped[str] = mapped_column(String(12), default="")
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_saved_report_waiting", "due_at", "id", sqlite_where=text(IS_WAITING), postgresql_where=text(IS_WAITING)),)

    @property
    def time_zone(self) -> str:
        """Give the clock its owner lives by: her organisation's."""
        return self.person.organisation.time_zone


def may_save(viewer: Viewer) -> bool:
    """Say whether somebody has figures to save a report of: those of what she manages or inspects."""
    return not viewer.is_anonymous and (viewer.manages_any or viewer.is_auditor)


def save_report(session: Session, person: Person, fields: Mapping[str, Any], *, viewer: Viewer, now: datetime) -> SavedReport:
    """Save a report for somebody; Invalid where she has as many as one may have."""
    if not may_save(viewer):
        raise Forbidden
    # The person's row is locked, so that two at once do not both get the last place.
    session.execute(select(Person.id).where(Person.id == person.id).with_for_update())
    count = session.scalar(select(func.count()).select_from(SavedReport).where(SavedReport.person_id == person.id)) or 0
    if count >= MOST_EACH:
        raise Invalid("name", Sentence(f"每人最多保存 {MOST_EACH} 份报告。", f"One person may save {MOST_EACH} reports at most."))
    made = SavedReport(person=person, created_at=now, attempts=0, pause="")
    change_report(made, fields, now=now)
    session.add(made)
    session.flush()
    return made


def change_report(one: SavedReport, fields: Mapping[str, Any], *, now: datetime) -> None:
    """Set what a report asks for and when it is sent; its next time is found anew, unless it is paused."""
    _check(fields)
    for name, value in fields.items():
        setattr(one, name, value)
    one.due_at = None if one.paused_at else next_due(one, now)
    one.attempts, one.leased_until = 0, None


def _check(fields: Mapping[str, Any]) -> None:
    known = {"span": SPANS, "format": FORMATS, "schedule": SCHEDULES, "language": {"zh": "", "en": ""}}
    for name, allowed in known.items():
        if fields[name] not in allowed:
            raise Invalid(name, Sentence("没有这个选项。", "There is no such choice."))
    if not 1 <= fields["day"] <= LAST_DAY:
        raise Invalid("day", Sentence(f"日期须为 1 到 {LAST_DAY}。", f"The day is 1 to {LAST_DAY}."))
    if not fields["name"]:
        raise Invalid("name", Sentence("请填写名称。", "Please give it a name."))


def next_due(one: SavedReport, after: datetime) -> datetime | None:
    """Give the next time it is sent, in the morning of its day by the owner's clock; None where it never is."""
    if one.schedule not in STEPS:
        return None
    tz, step = zone(one.time_zone), STEPS[one.schedule]
    first = first_of_month(after.astimezone(tz).date())
    first = month_later(first, -((first.month - 1) % step))
    while (at := at_wall(first.replace(day=one.day), HOUR * 60, tz)) <= after:
        first = month_later(first, step)
    return at


def period_of(span: str, on: date) -> Period:
    """Give the months a report is about when it is made on a day. In January, this year so far is January."""
    first = first_of_month(on)
    if span == "last_month":
        return months(month_later(first, -1), first)
    if span == "last_quarter":
        until = month_later(first, -((first.month - 1) % 3))
        return months(month_later(until, -3), until)
    return year(on.year - 1) if span == "last_year" else months(first.replace(month=1), month_later(first))


def my_reports(session: Session, person_id: int) -> Sequence[SavedReport]:
    """Give somebody's reports in order of their names."""
    return session.scalars(select(SavedReport).where(SavedReport.person_id == person_id).order_by(SavedReport.name, SavedReport.id)).all()


def my_report(session: Session, report_id: int, person_id: int) -> SavedReport:
    """Get one of somebody's reports; those of others are not found."""
    found = session.get(SavedReport, report_id)
    if found is None or found.person_id != person_id:
        raise NotFound
    return found


def pause_report(one: SavedReport, why: str, *, now: datetime) -> None:
    """Send it no more until it is resumed."""
    one.paused_at, one.pause, one.due_at, one.leased_until = now, why, None, None


def resume_report(one: SavedReport, *, now: datetime) -> None:
    """Send it again, from the next time on."""
    one.paused_at, one.pause, one.attempts, one.leased_until = None, "", 0, None
    one.due_at = next_due(one, now)


def stop_token(report_id: int) -> str:
    """Give the secret of the link that stops a report, without logging in."""
    return hmac.digest(settings().secret_key.encode(), f"stop report {report_id}".encode(), hashlib.sha256).hex()[:40]


def report_to_stop(session: Session, report_id: int, token: str) -> SavedReport:
    """Get the report a link stops; any other link leads nowhere."""
    found = session.get(SavedReport, report_id)
    if found is None or not hmac.compare_digest(stop_token(report_id).encode(), token.encode()):
        raise NotFound
    return found


def claim_due(session: Session, *, now: datetime) -> tuple[int, datetime] | None:
    """Lease the report that is due longest, for whoever makes it now, and give it with the time it was due; one tried too often is paused."""
    free = or_(SavedReport.leased_until.is_(None), SavedReport.leased_until <= now)
    chosen = select(SavedReport.id).where(SavedReport.due_at <= now, free).order_by(SavedReport.due_at, SavedReport.id).limit(1)
    found = session.scalar(chosen.with_for_update(skip_locked=True))
    if found is None:
        return None
    one = session.get_one(SavedReport, found)
    due = one.due_at
    assert due is not None, "chosen for its time"
    leased = {"leased_until": now + LEASE, "attempts": SavedReport.attempts + 1}
    session.execute(update(SavedReport).where(SavedReport.id == one.id).values(leased).execution_options(synchronize_session="fetch"))
    return one.id, due


def settle(session: Session, report_id: int, due: datetime, *, now: datetime) -> bool:
    """Note that the report of a time is sent, unless somebody else has; give whether it was still to be done."""
    one = session.get(SavedReport, report_id)
    if one is None:
        return False
    done = session.execute(
        update(SavedReport)
        .where(SavedReport.id == report_id, SavedReport.due_at == due)
        .values(due_at=next_due(one, now), sent_at=now, leased_until=None, attempts=0, version=SavedReport.version + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]  # an UPDATE has one
