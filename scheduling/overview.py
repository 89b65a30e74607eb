"""What those who manage instruments look at: what waits, what comes next, who came. Reading only, a fixed number of statements each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from instruments.people import Person
from instruments.timespan import TimeSpan
from scheduling.bookings import OPEN, Booking

Condition = ColumnElement[bool]
LATE_AFTER = timedelta(minutes=5)
LOOK_BACK = timedelta(days=14)
COUNTED = ("finished", "no_show", "cancelled")


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Requests to decide, the most pressing first, how many there are in all, and the key of the last where more follow."""

    requests: Sequence[Booking]
    total: int
    next: tuple[datetime, int] | None


@dataclass(frozen=True, slots=True)
class Record:
    """What a person has done on an instrument so far: uses, times she did not come, bookings cancelled, and the last use."""

    uses: int = 0
    no_shows: int = 0
    cancelled: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person who used some instruments of late: how often, how often she did not come, and when last."""

    person: Person
    uses: int
    no_shows: int
    last_at: datetime


def count_requests(session: Session, condition: Condition, now: datetime) -> int:
    """Count the requests that wait for a decision on the instruments of a condition."""
    return _count(session, condition, Booking.status == "requested", Booking.end_at > now)


def count_late(session: Session, condition: Condition, now: datetime) -> int:
    """Count the bookings that should have been started by now, and were not."""
    return _count(session, condition, *_late(now))


def _count(session: Session, condition: Condition, *more: Condition) -> int:
    return session.scalar(select(func.count(Booking.id)).join(Booking.instrument).where(condition, *more)) or 0


def _late(now: datetime) -> tuple[Condition, ...]:
    return Booking.status == "confirmed", Booking.start_at <= now - LATE_AFTER, Booking.start_at > now - LOOK_BACK


def requests_waiting(session: Session, instrument_ids: Iterable[int], now: datetime) -> Mapping[int, int]:
    """Count the requests that wait by instrument."""
    rows = session.execute(
        select(Booking.instrument_id, func.count())
        .where(Booking.instrument_id.in_(list(instrument_ids)), Booking.status == "requested", Booking.end_at > now)
        .group_by(Booking.instrument_id)
    )
    return {row[0]: row[1] for row in rows}


def next_bookings(session: Session, instrument_ids: Iterable[int], now: datetime) -> Mapping[int, Booking]:
    """Give each instrument's next booking, with its person."""
    order = func.row_number().over(partition_by=Booking.instrument_id, order_by=(Booking.start_at, Booking.id)).label("place")
    coming = (
        select(Booking.id, order)
        .where(Booking.instrument_id.in_(list(instrument_ids)), Booking.status == "confirmed", Booking.start_at > now)
        .subquery()
    )
    rows = session.scalars(
        select(Booking).join(coming, coming.c.id == Booking.id).where(coming.c.place == 1).options(joinedload(Booking.person))
    )
    return {one.instrument_id: one for one in rows}


def count_ahead(session: Session, instrument_id: int, now: datetime) -> int:
    """Count the open bookings of an instrument that are still to end."""
    mine = Booking.instrument_id == instrument_id, Booking.status.in_(OPEN), Booking.end_at > now
    return session.scalar(select(func.count(Booking.id)).where(*mine)) or 0


def bookings_ahead(session: Session, instrument_id: int, since: datetime, most: int = 500) -> Sequence[Booking]:
    """Give the open bookings of an instrument that end after an instant, in order of time."""
    return session.scalars(
        select(Booking)
        .options(joinedload(Booking.person))
        .where(Booking.instrument_id == instrument_id, Booking.status.in_(OPEN), Booking.end_at > since)
        .order_by(Booking.start_at, Booking.id)
        .limit(most)
    ).all()


def page_of_requests(
    session: Session, condition: Condition, now: datetime, *, limit: int = 20, after: tuple[datetime, int] | None = None
) -> RequestPage:
    """Give a page of the requests to decide on the instruments of a condition, the earliest deadline first; two statements."""
    deadline = func.coalesce(Booking.expires_at, Booking.start_at)
    waiting = select(Booking).join(Booking.instrument).where(condition, Booking.status == "requested", Booking.end_at > now)
    if after is not None:
        waiting = waiting.where(tuple_(deadline, Booking.id) > after)
    rows = session.scalars(
        waiting.options(
            contains_eager(Booking.instrument), joinedload(Booking.group), joinedload(Booking.person).joinedload(Person.organisation)
        )
        .order_by(deadline, Booking.id)
        .limit(limit + 1)
    ).all()
    page = rows[:limit]
    last = (page[-1].expires_at or page[-1].start_at, page[-1].id) if len(rows) > limit else None
    return RequestPage(page, count_requests(session, condition, now), last)


def conflicts_of(session: Session, requests: Sequence[Booking]) -> Mapping[int, Sequence[Booking]]:
    """Give, for each request, the other open bookings of its instrument that overlap it, with their people."""
    asked, other = aliased(Booking), aliased(Booking)
    rows = session.execute(
        select(asked.id, other)
        .join(other, (other.instrument_id == asked.instrument_id) & (other.id != asked.id))
        .options(joinedload(other.person))
        .where(
            asked.id.in_([one.id for one in requests]), other.status.in_(OPEN),
            other.start_at < asked.end_at, other.end_at > asked.start_at,
        )
        .order_by(other.start_at, other.id)
    )  # fmt: skip
    found: dict[int, list[Booking]] = {}
    for asked_id, one in rows:
        found.setdefault(asked_id, []).append(one)
    return found


def records(session: Session, pairs: Iterable[tuple[int, int]]) -> Mapping[tuple[int, int], Record]:
    """Give what each (person, instrument) has behind it."""
    wanted = sorted(set(pairs))
    rows = session.execute(
        select(Booking.person_id, Booking.instrument_id, Booking.status, func.count(), func.max(Booking.start_at))
        .where(tuple_(Booking.person_id, Booking.instrument_id).in_(wanted), Booking.status.in_(COUNTED))
        .group_by(Booking.person_id, Booking.instrument_id, Booking.status)
    ).all()
    found: dict[tuple[int, int], dict[str, tuple[int, datetime]]] = {}
    for person_id, instrument_id, status, count, last in rows:
        found.setdefault((person_id, instrument_id), {})[status] = (count, last)
    return {pair: _record(found.get(pair, {})) for pair in wanted}


def _record(by_status: Mapping[str, tuple[int, datetime]]) -> Record:
    uses, no_shows, cancelled = (by_status[status][0] if status in by_status else 0 for status in COUNTED)
    return Record(uses, no_shows, cancelled, by_status["finished"][1] if "finished" in by_status else None)


def desk_bookings(session: Session, condition: Condition, day: TimeSpan, now: datetime, most: int = 300) -> Sequence[Booking]:
    """Give the open bookings that meet a day, and those that run or should have been started before it, in order of time."""
    today = day.has(now)
    meets = (Booking.end_at > day.start) & (Booking.start_at < day.end)
    left_over = (Booking.status.in_(("running", "confirmed"))) & (Booking.start_at > now - LOOK_BACK) & (Booking.start_at < day.end)
    return session.scalars(
        select(Booking)
        .join(Booking.instrument)
        .options(contains_eager(Booking.instrument), joinedload(Booking.person).joinedload(Person.organisation), joinedload(Booking.group))
        .where(condition, Booking.status.in_(OPEN), or_(meets, left_over) if today else meets)
        .order_by(Booking.start_at, Booking.id)
        .limit(most)
    ).all()


def page_of_visitors(
    session: Session, condition: Condition, since: datetime, now: datetime, *, text: str = "", limit: int = 30,
    after: tuple[datetime, int] | None = None,
) -> tuple[Sequence[Visitor], tuple[datetime, int] | None]:  # fmt: skip
    """Give a page of the people who booked instruments of a condition since an instant, the last to come first; and the key of the last."""
    last = func.max(Booking.start_at)
    uses = func.count().filter(Booking.status.in_(("finished", "running")))
    missed = func.count().filter(Booking.status == "no_show")
    rows = (
        select(Booking.person_id, uses.label("uses"), missed.label("missed"), last.label("last"))
        .join(Booking.instrument)
        .where(condition, Booking.start_at > since, Booking.start_at <= now, Booking.status.in_(("finished", "running", "no_show")))
        .group_by(Booking.person_id)
    )
    if after is not None:
        rows = rows.having(tuple_(last, Booking.person_id) < after)
    if text:
        rows = rows.where(Booking.person_id.in_(_people_like(text)))
    found = session.execute(rows.order_by(last.desc(), Booking.person_id.desc()).limit(limit + 1)).all()
    wanted = select(Person).where(Person.id.in_([row.person_id for row in found])).options(joinedload(Person.organisation))
    people = {person.id: person for person in session.scalars(wanted)}
    page = [Visitor(people[row.person_id], row.uses, row.missed, row.last) for row in found[:limit]]
    return page, (page[-1].last_at, page[-1].person.id) if len(found) > limit else None


def _people_like(text: str) -> Select[int]:
    return select(Person.id).where(or_(Person.name.contains(text, autoescape=True), Person.email.contains(text.lower(), autoescape=True)))
