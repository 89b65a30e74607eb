"""Closures (停机/维护): times at which an instrument or a whole facility is shut, one-off or recurring, with a reason people see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Protocol

from dateutil.rrule import MONTHLY, rrule
from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, bindparam, or_, select, update
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
STEPS = {"daily": timedelta(days=1), "weekly": timedelta(days=7)}
KINDS = {
    "maintenance": Sentence("维护保养", "Maintenance"),
    "fault": Sentence("故障维修", "Fault"),
    "teaching": Sentence("教学占用", "Teaching"),
    "holiday": Sentence("放假停机", "Holiday"),
    "other": Sentence("其他", "Other"),
}
LONGEST = timedelta(days=3660)
EARLIEST, LATEST = date(1990, 1, 1), date(2200, 1, 1)
A_DAY = timedelta(days=1)
NONE_FORMER: Mapping[int, Collection[int]] = {}


class Scheduled(Protocol):
    """Whatever has a schedule: an Instrument, or just the columns that matter here."""

    @property
    def id(self) -> int: ...  # noqa: D102 - a protocol's members explain themselves
    @property
    def facility_id(self) -> int | None: ...  # noqa: D102
    @property
    def time_zone(self) -> str: ...  # noqa: D102


class Closure(Base):
    """One closure, of an instrument or a facility; a recurring one repeats by its zone's wall clock until `repeat_until` (last day).

    `lifted_days` are local dates ("2026-11-27") on which a recurring one does not begin after all.
    """

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
    lifted_days: Mapped[list[str]] = mapped_column(JSON, default=list)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("end_at > start_at", name="span"),
        CheckConstraint("(instrument_id IS NULL) <> (facility_id IS NULL)", name="one_scope"),
        CheckConstraint("repeat_every BETWEEN 1 AND 99", name="repeat_every"),
        Index(None, "instrument_id", "last_end_at"),
        Index(None, "facility_id", "last_end_at"),
    )


def plan_closure(
    target: Instrument | Facility, span: TimeSpan, *, kind: str, reason: str, time_zone: str, now: datetime, by: int | None,
    repeats: str = "", repeat_every: int = 1, repeat_until: date | None = None,
) -> Closure:  # fmt: skip
    """Check a closure and give it, without making it: to look first at what it would hit."""
    _check_words(kind, reason)
    _check_repeat(span, repeats, repeat_every, repeat_until, time_zone)
    closure = Closure(
        instrument_id=target.id if isinstance(target, Instrument) else None,
        facility_id=target.id if isinstance(target, Facility) else None,
        kind=kind, reason=reason.strip(), start_at=span.start, end_at=span.end, last_end_at=span.end, time_zone=time_zone,
        repeats=repeats, repeat_every=repeat_every, repeat_until=repeat_until if repeats else None, made_by=by, made_at=now, lifted_days=[],
    )  # fmt: skip
    for last in instances(closure):
        closure.last_end_at = max(closure.last_end_at, last.end)
    return closure


def close(
    session: Session, target: Instrument | Facility, span: TimeSpan, *, kind: str, reason: str, time_zone: str, now: datetime,
    by: int | None, repeats: str = "", repeat_every: int = 1, repeat_until: date | None = None,
) -> Closure:  # fmt: skip
    """Close an instrument or a facility for a span, once or again and again.

    Bookings already made are the caller's to deal with: scheduling.bookings.hit_by tells which.
    """
    closure = plan_closure(
        target, span, kind=kind, reason=reason, time_zone=time_zone, now=now, by=by,
        repeats=repeats, repeat_every=repeat_every, repeat_until=repeat_until,
    )  # fmt: skip
    session.add(closure)
    mark_schedule_changed(session, closure)
    return closure


def _check_words(kind: str, reason: str) -> None:
    if kind not in KINDS:
        raise Invalid("kind", Sentence("请选择停机类型。", "Choose the kind of closure."))
    if not reason.strip() or len(reason.strip()) > 300:
        raise Invalid(
            "reason",
            Sentence("请填写停机原因（不超过 300 字），使用者会看到。", "Give a reason of at most 300 characters; users will read it."),
        )


def _check_repeat(span: TimeSpan, repeats: str, every: int, until: date | None, time_zone: str) -> None:
    first = span.start.astimezone(zone(time_zone)).date()
    if not EARLIEST <= first <= LATEST:
        raise Invalid("start", Sentence("请填写合理的开始时间。", "That start is too far away."))
    if span.duration > LONGEST:
        raise Invalid("end", Sentence("一次停机最长十年。", "A closure may last ten years at most."))
    if repeats not in REPEATS or not 1 <= every <= 99:
        raise Invalid("repeats", Sentence("请选择重复方式，间隔为 1 到 99。", "Choose how it repeats, every 1 to 99 times."))
    if repeats and (until is None or until < first):
        raise Invalid(
            "repeat_until",
            Sentence("重复停机须填写不早于开始日的截止日期。", "A recurring closure needs a last day, not before the first."),
        )
    if repeats and until and until > first + LONGEST:
        raise Invalid("repeat_until", Sentence("重复停机最长十年。", "A closure may recur for ten years at most."))


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
    if length <= timedelta():  # the clocks go back while it lasts
        length = closure.end_at - closure.start_at
    last = datetime.combine(closure.repeat_until or date.max, time.max)
    since = first
    if window is not None:
        since = window.start.astimezone(tz).replace(tzinfo=None) - length - A_DAY
        last = min(last, window.end.astimezone(tz).replace(tzinfo=None) + A_DAY)
    for local in _local_starts(closure, first, since, last):
        start, end = from_wall(local, tz), from_wall(local + length, tz)
        if start < end and local.date().isoformat() not in closure.lifted_days and (window is None or TimeSpan(start, end).overlaps(window)):
            yield TimeSpan(start, end)


def _local_starts(closure: Closure, first: datetime, since: datetime, last: datetime) -> Iterable[datetime]:
    """Give the wall-clock times at which it begins, from `since` to `last`; it costs the same however long it has recurred."""
    if closure.repeats == "monthly":  # at most 120 of them
        monthly = rrule(MONTHLY, interval=closure.repeat_every, dtstart=first, until=last)
        return (local for local in monthly if local >= since)
    step = STEPS[closure.repeats] * closure.repeat_every
    begin = first + step * max(0, -(-(since - first) // step))
    return (begin + step * number for number in range(max(0, (last - begin) // step + 1)))


def lift(session: Session, closure: Closure, *, now: datetime) -> None:
    """Take a closure back: one not begun is as if never made, a running one ends now; what was, stays for the statistics."""
    if closure.lifted_at is not None or closure.last_end_at <= now:
        raise OutOfOrder(Sentence("该停机已结束或已取消。", "This closure is over, or lifted already."))
    closure.lifted_at = now
    mark_schedule_changed(session, closure)


def lift_day(session: Session, closure: Closure, on: date, *, now: datetime) -> None:
    """Let a recurring closure not take place on one of its days to come; the others stay."""
    if not closure.repeats or closure.lifted_at is not None:
        raise OutOfOrder(Sentence("该停机不重复，或已取消。", "This closure does not recur, or is lifted already."))
    begins = (span.start for span in instances(closure) if span.start.astimezone(zone(closure.time_zone)).date() == on)
    if next(begins, now) <= now:
        raise Invalid("on", Sentence("该停机在这一天没有尚未开始的时段。", "This closure has no time still to come on that day."))
    closure.lifted_days = sorted({*closure.lifted_days, on.isoformat()})
    mark_schedule_changed(session, closure)


# Built once, as on the way of every booking.
MEETING = select(Closure).where(
    or_(Closure.instrument_id.in_(bindparam("ids", expanding=True)), Closure.facility_id.in_(bindparam("facilities", expanding=True))),
    Closure.start_at < bindparam("end", type_=UtcDateTime),
    Closure.last_end_at > bindparam("start", type_=UtcDateTime),
    or_(Closure.lifted_at.is_(None), Closure.lifted_at > Closure.start_at),
)


def closures_in(
    session: Session, instruments: Iterable[Instrument | Scheduled], window: TimeSpan, *, former: Mapping[int, Collection[int]] = NONE_FORMER
) -> dict[int, list[Closure]]:
    """Give the closures of many instruments, their facilities' included, that may meet the window; one statement.

    `former` are facilities that instruments belonged to before: their closures are given too, and the caller says for which time they hold.
    """
    ids: list[int] = []
    in_facility: dict[int, list[int]] = {}
    for instrument in instruments:
        ids.append(instrument.id)
        for facility_id in {instrument.facility_id, *former.get(instrument.id, ())} - {None}:
            in_facility.setdefault(facility_id or 0, []).append(instrument.id)
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
    session.execute(update(Instrument).where(where).values(schedule_version=Instrument.schedule_version + 1))
