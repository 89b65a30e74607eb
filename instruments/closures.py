"""Closures (停机/维护): times at which an instrument or a whole facility is shut, one-off or recurring, with a reason people see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from dateutil.rrule import DAILY, MONTHLY, WEEKLY, rrule
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, bindparam, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument
from instruments.database import Base, Key, UtcDateTime
from instruments.errors import Invalid, OutOfOrder, Sentence
from instruments.facilities import Facility
from instruments.timespan import TimeSpan, from_wall, zone

REPEATS = {
    "": Sentence("不重复", "Once"),
    "daily": Sentence("每天", "Every day"),
    "weekly": Sentence("每周", "Every week"),
    "monthly": Sentence("每月", "Every month"),
}
FREQUENCIES: dict[str, Literal[1, 2, 3]] = {"daily": DAILY, "weekly": WEEKLY, "monthly": MONTHLY}
KINDS = {
    "maintenance": Sentence("维护保养", "Maintenance"),
    "fault": Sentence("故障维修", "Fault"),
    "teaching": Sentence("教学占用", "Teaching"),
    "holiday": Sentence("放假停机", "Holiday"),
    "other": Sentence("其他", "Other"),
}
MOST_INSTANCES = 1000


class Scheduled(Protocol):
    """Whatever has a schedule: an Instrument, or just the columns that matter here."""

    @property
    def id(self) -> int: ...  # noqa: D102 - a protocol's members explain themselves
    @property
    def facility_id(self) -> int | None: ...  # noqa: D102
    @property
    def time_zone(self) -> str: ...  # noqa: D102


class Closure(Base):
    """One closure, of an instrument or a facility; a recurring one repeats by its zone's wall clock until `repeat_until` (last day)."""

    __tablename__ = "closure"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"))
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(300))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    last_end_at: Mapped[datetime]
    time_zone: Mapped[str] = mapped_column(String(60))
    repeats: Mapped[str] = mapped_column(String(10), default="")
    repeat_every: Mapped[int] = mapped_column(default=1)
    repeat_until: Mapped[date | None]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("end_at > start_at", name="span"),
        CheckConstraint("(instrument_id IS NULL) <> (facility_id IS NULL)", name="one_scope"),
        CheckConstraint("repeat_every BETWEEN 1 AND 99", name="repeat_every"),
        Index(None, "instrument_id", "last_end_at"),
        Index(None, "facility_id", "last_end_at"),
    )


def close(
    session: Session,
    target: Instrument | Facility,
    span: TimeSpan,
    *,
    kind: str,
    reason: str,
    time_zone: str,
    now: datetime,
    by: int | None,
    repeats: str = "",
    repeat_every: int = 1,
    repeat_until: date | None = None,
) -> Closure:
    """Close an instrument or a facility for a span, once or again and again.

    Bookings already made are the caller's to deal with: scheduling.bookings.hit_by tells which.
    """
    _check(span, kind, reason, repeats, repeat_every, repeat_until, time_zone)
    closure = Closure(
        instrument_id=target.id if isinstance(target, Instrument) else None,
        facility_id=target.id if isinstance(target, Facility) else None,
        kind=kind, reason=reason.strip(), start_at=span.start, end_at=span.end, last_end_at=span.end, time_zone=time_zone,
        repeats=repeats, repeat_every=repeat_every, repeat_until=repeat_until if repeats else None, made_by=by, made_at=now,
    )  # fmt: skip
    closure.last_end_at = _last_end(closure)
    session.add(closure)
    mark_schedule_changed(session, closure)
    return closure


def _check(span: TimeSpan, kind: str, reason: str, repeats: str, every: int, until: date | None, time_zone: str) -> None:
    if kind not in KINDS:
        raise Invalid("kind", Sentence("请选择停机类型。", "Choose the kind of closure."))
    if not reason.strip() or len(reason) > 300:
        raise Invalid(
            "reason",
            Sentence("请填写停机原因(不超过 300 字),使用者会看到。", "Give a reason of at most 300 characters; users will read it."),
        )
    if repeats not in REPEATS or not 1 <= every <= 99:
        raise Invalid("repeats", Sentence("请选择重复方式,间隔为 1 到 99。", "Choose how it repeats, every 1 to 99 times."))
    if repeats and (until is None or until < span.start.astimezone(zone(time_zone)).date()):
        raise Invalid(
            "repeat_until",
            Sentence("重复停机须填写不早于开始日的截止日期。", "A recurring closure needs a last day, not before the first."),
        )
    if repeats and until and until > span.start.date() + timedelta(days=3660):
        raise Invalid("repeat_until", Sentence("重复停机最长十年。", "A closure may recur for ten years at most."))
    if span.duration > timedelta(days=3660):
        raise Invalid("end", Sentence("一次停机最长十年。", "A closure may last ten years at most."))


def _last_end(closure: Closure) -> datetime:
    last = closure.end_at
    if closure.repeats:
        for count, span in enumerate(instances(closure), 1):
            if count > MOST_INSTANCES * 4:
                raise Invalid("repeat_until", Sentence("重复次数过多。", "That repeats too many times."))
            last = span.end
    return last


def instances(closure: Closure, window: TimeSpan | None = None) -> Iterator[TimeSpan]:
    """Give the spans of a closure, in order; with a window only those that meet it. The wall clock counts, across DST too."""
    if not closure.repeats:
        span = TimeSpan(closure.start_at, closure.end_at)
        if window is None or span.overlaps(window):
            yield span
        return
    tz = zone(closure.time_zone)
    first = closure.start_at.astimezone(tz).replace(tzinfo=None)
    length = closure.end_at.astimezone(tz).replace(tzinfo=None) - first
    assert closure.repeat_until is not None  # close() lets no recurring closure be without
    last = (
        datetime.combine(closure.repeat_until, datetime.max.time())
        if window is None
        else min(
            datetime.combine(closure.repeat_until, datetime.max.time()), window.end.astimezone(tz).replace(tzinfo=None) + timedelta(days=1)
        )
    )
    rule = rrule(FREQUENCIES[closure.repeats], interval=closure.repeat_every, dtstart=first, until=last)
    since = None if window is None else window.start.astimezone(tz).replace(tzinfo=None) - length - timedelta(days=1)
    for local in rule if since is None else rule.xafter(since, inc=True):
        start, end = from_wall(local, tz), from_wall(local + length, tz)
        if start < end and (window is None or TimeSpan(start, end).overlaps(window)):
            yield TimeSpan(start, end)


def lift(session: Session, closure: Closure, *, now: datetime) -> None:
    """Take a closure back: one not begun is as if never made, a running one ends now; what was, stays for the statistics."""
    if closure.lifted_at is not None or closure.last_end_at <= now:
        raise OutOfOrder(Sentence("该停机已结束或已取消。", "This closure is over, or lifted already."))
    closure.lifted_at = now
    mark_schedule_changed(session, closure)


# Built once, as on the way of every booking.
MEETING = select(Closure).where(
    or_(Closure.instrument_id.in_(bindparam("ids", expanding=True)), Closure.facility_id.in_(bindparam("facilities", expanding=True))),
    Closure.start_at < bindparam("end", type_=UtcDateTime),
    Closure.last_end_at > bindparam("start", type_=UtcDateTime),
    or_(Closure.lifted_at.is_(None), Closure.lifted_at > Closure.start_at),
)


def closures_in(session: Session, instruments: Iterable[Instrument | Scheduled], window: TimeSpan) -> dict[int, list[Closure]]:
    """Give the closures of many instruments, their facilities' included, that may meet the window; one statement."""
    ids: list[int] = []
    in_facility: dict[int, list[int]] = {}
    for instrument in instruments:
        ids.append(instrument.id)
        if instrument.facility_id is not None:
            in_facility.setdefault(instrument.facility_id, []).append(instrument.id)
    rows = session.scalars(MEETING, {"ids": ids, "facilities": list(in_facility), "start": window.start, "end": window.end})
    result: dict[int, list[Closure]] = {}
    for closure in rows:
        for hit in [closure.instrument_id] if closure.instrument_id is not None else in_facility[closure.facility_id or 0]:
            result.setdefault(hit, []).append(closure)
    return result


def closure_spans(closure: Closure, window: TimeSpan) -> list[TimeSpan]:
    """Give the spans of a closure within a window, cut where it was lifted."""
    spans = [span.clipped(window) for span in instances(closure, window)]
    if closure.lifted_at is None:
        return [span for span in spans if span]
    kept = TimeSpan(datetime.min.replace(tzinfo=closure.lifted_at.tzinfo), closure.lifted_at)
    return [part for span in spans if span and (part := span.clipped(kept))]


def mark_schedule_changed(session: Session, closure: Closure) -> None:
    """Raise the schedule version of every instrument the closure concerns, so that nothing remembered of it is used again."""
    where = Instrument.id == closure.instrument_id if closure.instrument_id else Instrument.facility_id == closure.facility_id
    for instrument in session.scalars(select(Instrument).where(where)):
        instrument.schedule_version += 1
