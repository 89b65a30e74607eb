"""The desk beside the instrument: start, finish, no-show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from instruments.access import Viewer
from instruments.errors import Forbidden, OutOfOrder, Sentence
from instruments.holidays import SpecialDay, special_days
from instruments.qualifications import Qualification
from instruments.timespan import TimeSpan, zone
from scheduling.accounting.holds import release
from scheduling.accounting.spending import check_spend_approved
from scheduling.bookings import Booking
from scheduling.cases import books_in, entries_at, grade_on
from scheduling.deciding import check_manager, check_reason, check_step, locked_booking
from scheduling.locks import take_locks
from scheduling.overlap import is_second_use
from scheduling.particulars import Particulars
from scheduling.rules.book import Entry
from scheduling.rules.persons import NoShow
from scheduling.using import STILL_RUNNING, begin_booked, end_booked

EARLY = timedelta(minutes=15)
# How far back the rules on no-shows are applied, also after the jobs stood still for a while.
LOOK_BACK = timedelta(days=31)


def start(session: Session, booking_id: int, *, viewer: Viewer, now: datetime, version: int | None = None, source: str = "") -> Booking:
    """Start using: from a quarter of an hour before the booked time until its end; one running use per instrument and lane."""
    one = locked_booking(session, booking_id, viewer, version=version)
    _check_user(viewer, one)
    check_step(one, "running")
    if not one.start_at - EARLY <= now < one.end_at:
        raise OutOfOrder(
            Sentence("只能在预约开始前 15 分钟至结束之间开始使用。", "Use can start from 15 minutes before the booked time until its end.")
        )
    check_spend_approved(session, booking_id)
    one.status, one.started_at, one.changed_at = "running", now, now
    try:
        session.flush()  # the unique index on running uses answers here
    except IntegrityError as error:
        if is_second_use(error):
            raise OutOfOrder(STILL_RUNNING) from error
        raise
    begin_booked(session, one, viewer=viewer, source=source or _source(viewer, one), now=now)
    return one


def finish(
    session: Session, booking_id: int, *, viewer: Viewer, now: datetime, version: int | None = None, source: str = "",
    ended_at: datetime | None = None, known: Particulars | None = None,
) -> Booking:  # fmt: skip
    """Finish using; what is left of the booked time is given back after the clean-up. A manager may say that it ended earlier."""
    one = locked_booking(session, booking_id, viewer, version=version)
    _check_user(viewer, one)
    check_step(one, "finished")
    if ended_at is not None and not viewer.may_manage(one.instrument):
        raise Forbidden
    one.status, one.ended_at, one.changed_at = "finished", ended_at or now, now
    _give_back(one, now + timedelta(minutes=one.instrument.cleanup_minutes))
    end_booked(session, one, viewer=viewer, source=source or _source(viewer, one), now=now, known=known)
    return one


def mark_no_show(
    session: Session, booking_id: int, *, viewer: Viewer, now: datetime, reason: str = "", version: int | None = None
) -> Booking:
    """Mark, as its manager, that nobody came; the rest of the time is given back."""
    one = locked_booking(session, booking_id, viewer, version=version)
    check_manager(viewer, one)
    check_step(one, "no_show")
    if now < one.start_at:
        raise OutOfOrder(Sentence("预约尚未开始，不能标记为未到场。", "This booking has not begun; nobody can have missed it."))
    one.reason = check_reason(reason, needed=False)
    _miss(one, now)
    release(session, [one.id], now=now)
    return one


def due_no_shows(session: Session, *, now: datetime, most: int = 500) -> list[Booking]:
    """Release bookings whose instrument's rules say so and whose person did not start in time; give them."""
    begun = (Booking.status == "confirmed", Booking.start_at <= now, Booking.start_at > now - LOOK_BACK)
    due = [one for one in _watched(session, begun, now) if one.is_over_at <= now][:most]
    take_locks(session, sorted({one.booking.instrument_id for one in due}))
    missed: list[Booking] = []
    for one in due:
        session.refresh(one.booking)
        if one.booking.status == "confirmed":
            _miss(one.booking, now)
            missed.append(one.booking)
    release(session, [one.id for one in missed], now=now)
    return missed


@dataclass(frozen=True, slots=True)
class _Watched:
    """A booking that the rules of its instrument give up at some time when nobody starts it."""

    booking: Booking
    is_over_at: datetime


def _watched(session: Session, begun: Sequence[ColumnElement[bool]], now: datetime) -> Iterator[_Watched]:
    """Find the bookings some rule on no-shows concerns; the statements are as many however many bookings there are."""
    window = TimeSpan(now - LOOK_BACK, now + timedelta(minutes=1))
    books = books_in(session, session.scalars(select(Booking.instrument_id).where(*begun).distinct()).all(), window)
    watched = [one for one, versions in books.items() if any(isinstance(e.rule, NoShow) for each in versions for e in each.entries)]
    rows = session.scalars(
        select(Booking).options(joinedload(Booking.instrument)).where(*begun, Booking.instrument_id.in_(watched)).order_by(Booking.start_at)
    ).all()
    days = special_days(session, window.start.date(), window.end.date() + LOOK_BACK)
    qualifications = _qualifications(session, rows)
    for one in rows:
        entries = entries_at(books[one.instrument_id], one.start_at)
        graces = [
            entry.rule.after_minutes for entry in entries if isinstance(entry.rule, NoShow) and _means(entry, one, qualifications, days)
        ]
        if graces:
            yield _Watched(one, one.start_at + timedelta(minutes=min(graces)))


def _means(entry: Entry, one: Booking, qualifications: Mapping[tuple[int, int], Qualification], days: Mapping[date, SpecialDay]) -> bool:
    """Say whether an entry concerns a booking that was made."""
    tz = zone(one.instrument.time_zone)
    grade = grade_on(qualifications.get((one.person_id, one.instrument_id)), one.span, tz)
    return entry.who.means(one.audience, one.mode, one.purpose, grade) and bool(entry.when.part_of(one.span, tz, days))


def _qualifications(session: Session, rows: Sequence[Booking]) -> dict[tuple[int, int], Qualification]:
    people, instruments = {one.person_id for one in rows}, {one.instrument_id for one in rows}
    where = (Qualification.person_id.in_(people), Qualification.instrument_id.in_(instruments))
    return {(found.person_id, found.instrument_id): found for found in session.scalars(select(Qualification).where(*where))}


def _check_user(viewer: Viewer, one: Booking) -> None:
    if one.person_id != viewer.person_id and not viewer.may_manage(one.instrument):
        raise Forbidden


def note_used(one: Booking, span: TimeSpan, now: datetime) -> None:
    """Take a confirmed booking as used although nobody started it here: its use was recorded afterwards."""
    check_step(one, "running")
    one.status, one.started_at, one.ended_at, one.changed_at = "finished", span.start, span.end, now
    _give_back(one, now)


def _source(viewer: Viewer, one: Booking) -> str:
    return "web" if one.person_id == viewer.person_id else "manager"


def _miss(one: Booking, now: datetime) -> None:
    one.status, one.changed_at = "no_show", now
    _give_back(one, now)


def _give_back(one: Booking, until: datetime) -> None:
    """Free the lane from an instant on, if it is held longer; never to nothing, the record keeps a minute."""
    one.occupied_until = min(one.occupied_until, max(until, one.occupied_from + timedelta(minutes=1)))
