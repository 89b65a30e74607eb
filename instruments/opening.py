"""Opening hours: effective-dated weekly plans, holidays and make-up workdays, less closures, turned into open spans.

A plan counts from its first day until the next plan's. History is never rewritten: a change is a new plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument
from instruments.closures import Closure, Scheduled, closure_spans, closures_in
from instruments.database import Base, Key
from instruments.errors import Invalid, OutOfOrder, Sentence
from instruments.holidays import SpecialDay, special_days
from instruments.timespan import TimeSpan, at_wall, merged, minus, zone

Weekly = tuple[tuple[int, int, int], ...]
AROUND_THE_CLOCK: Weekly = tuple((weekday, 0, 1440) for weekday in range(7))
EARLIEST, FURTHEST = date(1990, 1, 1), timedelta(days=3 * 366)
MOST_ROWS = 70
ON_HOLIDAYS = {
    "closed": Sentence("节假日不开放，调休上班日照常", "Closed on holidays, open on make-up workdays"),
    "as_usual": Sentence("节假日照常开放", "Open on holidays as on other days"),
}


class OpeningHours(Base):
    """A weekly plan from a day on: rows of [weekday 0-6 (0 = Monday), from minute, until minute]; until may pass midnight (to 2880)."""

    __tablename__ = "opening_hours"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    valid_from: Mapped[date]
    weekly: Mapped[list[list[int]]] = mapped_column(JSON)
    on_holidays: Mapped[str] = mapped_column(String(10), default="closed")
    made_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("instrument_id", "valid_from"),
        CheckConstraint("on_holidays IN ('closed', 'as_usual')", name="on_holidays"),
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """An OpeningHours row as a plain value."""

    valid_from: date
    weekly: Weekly
    on_holidays: str


@dataclass(frozen=True, slots=True)
class Shut:
    """A closure's span as people see it: when, of what kind, why."""

    span: TimeSpan
    kind: str
    reason: str
    closure_id: int


@dataclass(frozen=True, slots=True)
class Opening:
    """When one instrument is open within a window, and where closures cut into that."""

    open_spans: tuple[TimeSpan, ...]
    shut: tuple[Shut, ...] = ()


def set_hours(
    session: Session, instrument: Instrument, weekly: Iterable[Sequence[int]], *, valid_from: date, now: datetime, by: int | None,
    on_holidays: str = "closed",
) -> OpeningHours:  # fmt: skip
    """Publish a weekly plan from a day on; one that starts the same day is replaced. Only the first plan may begin in the past."""
    rows = clean_weekly(weekly)
    if on_holidays not in ON_HOLIDAYS:
        raise Invalid("on_holidays", Sentence("请选择节假日是否开放。", "Choose what happens on holidays."))
    plans = session.scalars(select(OpeningHours).where(OpeningHours.instrument_id == instrument.id)).all()
    today = now.astimezone(zone(instrument.time_zone)).date()
    _check_first_day(valid_from, today, is_first=not plans)
    plan = next((plan for plan in plans if plan.valid_from == valid_from), None)
    plan = plan or OpeningHours(instrument_id=instrument.id, valid_from=valid_from)
    plan.weekly, plan.on_holidays = [list(row) for row in rows], on_holidays
    plan.made_by, plan.made_at = by, now
    session.add(plan)
    instrument.schedule_version += 1
    return plan


def _check_first_day(valid_from: date, today: date, *, is_first: bool) -> None:
    if valid_from < today and not is_first:
        past = Sentence(
            "生效日期不能早于今天：过去的开放时间不可更改。", "The first day cannot lie in the past: past hours stay as they were."
        )
        raise Invalid("valid_from", past)
    if not EARLIEST <= valid_from <= today + FURTHEST:
        raise Invalid("valid_from", Sentence("请填写三年以内的日期。", "Choose a day within the next three years."))


def take_back_hours(session: Session, instrument: Instrument, plan: OpeningHours, *, now: datetime) -> None:
    """Take back a plan that has not begun; the one before it then goes on."""
    if plan.valid_from <= now.astimezone(zone(instrument.time_zone)).date():
        raise OutOfOrder(Sentence("该时间表已生效，不能撤回。", "This plan is in force already; it cannot be taken back."))
    session.delete(plan)
    instrument.schedule_version += 1


def clean_weekly(weekly: Iterable[Sequence[int]]) -> Weekly:
    """Check and sort the rows of a weekly plan; overlapping rows of a day are refused."""
    rows = sorted((int(day), int(start), int(end)) for day, start, end in weekly)
    if len(rows) > MOST_ROWS:
        raise Invalid("weekly", Sentence(f"一周最多 {MOST_ROWS} 段开放时间。", f"A week has at most {MOST_ROWS} spans."))
    for day, start, end in rows:
        if day not in range(7) or not 0 <= start < 1440 or not start < end <= start + 1440:
            raise Invalid(
                "weekly",
                Sentence("每段开放时间须有开始和结束，且不超过 24 小时。", "Each span needs a start and an end, at most 24 hours apart."),
            )
    for before, after in pairwise(rows):
        if before[0] == after[0] and after[1] < before[2]:
            raise Invalid("weekly", Sentence("同一天的开放时间段不能重叠。", "Spans of one day must not overlap."))
    return tuple(rows)


# Built once, as on the way of every booking.
PLANS = (
    select(OpeningHours.instrument_id, OpeningHours.valid_from, OpeningHours.weekly, OpeningHours.on_holidays)
    .where(OpeningHours.instrument_id.in_(bindparam("ids", expanding=True)))
    .order_by(OpeningHours.instrument_id, OpeningHours.valid_from)
)


def plans_of(session: Session, instrument_ids: Iterable[int]) -> dict[int, list[Plan]]:
    """Give every plan of many instruments, oldest first; one statement."""
    result: dict[int, list[Plan]] = {}
    rows = session.execute(PLANS, {"ids": list(instrument_ids)})
    for row in rows:
        weekly = tuple((day, start, end) for day, start, end in row.weekly)
        result.setdefault(row.instrument_id, []).append(Plan(row.valid_from, weekly, row.on_holidays))
    return result


def planned_spans(plans: Sequence[Plan], days: Mapping[date, SpecialDay], window: TimeSpan, tz: ZoneInfo) -> list[TimeSpan]:
    """Turn weekly plans into the open spans of a window, before closures. Spans that touch are joined."""
    day = window.start.astimezone(tz).date() - timedelta(days=2)  # a span may begin on the day before and last past midnight
    last = window.end.astimezone(tz).date()
    spans: list[TimeSpan] = []
    while day <= last:
        for start, end in _minutes_on(day, plans, days):
            opens, shuts = at_wall(day, start, tz), at_wall(day, end, tz)
            if opens < shuts and (part := TimeSpan(opens, shuts).clipped(window)):
                spans.append(part)
        day += timedelta(days=1)
    return merged(spans)


def _minutes_on(day: date, plans: Sequence[Plan], days: Mapping[date, SpecialDay]) -> list[tuple[int, int]]:
    plan = next((plan for plan in reversed(plans) if plan.valid_from <= day), None)
    if plan is None:
        return []
    weekday, special = day.weekday(), days.get(day)
    if special is not None and plan.on_holidays == "closed":
        if not special.is_workday:
            return []
        weekday = special.worked_as
    return [(start, end) for on, start, end in plan.weekly if on == weekday]


def openings(
    session: Session, instruments: Sequence[Instrument | Scheduled], window: TimeSpan, *, days: Mapping[date, SpecialDay] | None = None
) -> dict[int, Opening]:
    """Give the open spans and closures of many instruments in a window; three statements however many there are.

    `days` are the special days around the window, where the caller has read them already.
    """
    plans = plans_of(session, [instrument.id for instrument in instruments])
    if days is None:
        days = days_around(session, window)
    closures = closures_in(session, instruments, window)
    known: dict[tuple[tuple[Plan, ...], str], list[TimeSpan]] = {}  # many instruments keep the same hours
    result: dict[int, Opening] = {}
    for instrument in instruments:
        key = (tuple(plans.get(instrument.id, ())), instrument.time_zone)
        if key not in known:
            known[key] = planned_spans(key[0], days, window, zone(instrument.time_zone))
        result[instrument.id] = opening_of(known[key], closures.get(instrument.id, ()), window)
    return result


def days_around(session: Session, window: TimeSpan) -> Mapping[date, SpecialDay]:
    """Give the special days that may touch a window in any zone; one statement."""
    return special_days(session, window.start.date() - timedelta(days=3), window.end.date() + timedelta(days=2))


def opening_of(planned: Sequence[TimeSpan], closures: Iterable[Closure], window: TimeSpan) -> Opening:
    """Take closures out of the planned spans."""
    shut = tuple(Shut(span, closure.kind, closure.reason, closure.id) for closure in closures for span in closure_spans(closure, window))
    if not shut:
        return Opening(tuple(planned))
    return Opening(tuple(minus(planned, [one.span for one in shut])), tuple(sorted(shut, key=lambda one: one.span)))
