"""The rollups kept up, on one page.

1. Whatever changes the raw rows leaves a note in the same transaction, by the database (touched.py). `work_off` takes notes away and makes the
   months they meet anew, in one transaction: a process that dies half-way leaves the notes and the old figures.
2. An instrument's figures are made by one process at a time: its lock is taken before its raw rows are read, so that rows committed before that
   are in, and the notes of later ones are still there. Several processes may work off at once.
3. Figures reach up to today by the instrument's own clock; each new day is noted for everybody (`note_new_day`).
4. `rebuild` makes everything anew by the same verb, a slice of instruments at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, union_all
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument, PublicationPhase
from instruments.database import DERIVED, Base
from instruments.timespan import zone
from scheduling.bookings import Booking
from scheduling.locks import take_locks
from scheduling.statistics.calendar import first_of_month, month_later, months_between
from scheduling.statistics.figures import DayFigure, DayUse, MonthFigure, MonthUse, MonthUser, YearFigure, YearUse, YearUser
from scheduling.statistics.rollup import recompute
from scheduling.statistics.touched import TouchedSpan
from scheduling.usage import UsageRecord

SPACE = 0x46494755  # "FIGU": keeps these advisory locks apart from others in the same database
NOTES, BUDGET = 1000, 240  # notes and months of instruments at once: a transaction of well under a second
SLICE = 100
A_DAY = timedelta(days=1)
Span = tuple[date, date]  # from one first of a month up to another


class FigureState(Base):
    """Up to when each new day has been noted; one row."""

    __tablename__ = "figure_state"
    __audited__ = False

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    noted_at: Mapped[datetime]

    __table_args__ = ({"info": {DERIVED: True}},)


@dataclass(slots=True)
class _Work:
    """Months to be made anew, by instrument."""

    months: dict[int, set[date]] = field(default_factory=dict)

    def add(self, instrument_id: int, first: date, last: date) -> None:
        """Add the months from one day to another, both included."""
        months = self.months.setdefault(instrument_id, set())
        month = first_of_month(first)
        while month <= last:
            months.add(month)
            month = month_later(month)

    def spans(self) -> dict[Span, list[int]]:
        """Give the instruments by runs of months, each run within one year."""
        found: dict[Span, list[int]] = {}
        for instrument_id, months in sorted(self.months.items()):
            for span in _runs(months):
                found.setdefault(span, []).append(instrument_id)
        return found


def _runs(months: Collection[date]) -> Iterator[Span]:
    first = until = None
    for month in sorted(months):
        if first is not None and until is not None and (month != until or month.month == 1):
            yield first, until
            first = None
        first, until = first or month, month_later(month)
    if first is not None and until is not None:
        yield first, until


def work_off(session: Session, *, now: datetime) -> int:
    """Take some notes away, make the figures they concern anew, and give how many notes were taken; 0 when nothing is left."""
    notes = _take(session)
    work, ids = _Work(), {note.instrument_id for note in notes if note.instrument_id is not None}
    _spread(session, [note for note in notes if note.instrument_id is None])
    take_locks(session, sorted(ids), SPACE)
    begins, zones = first_days(session, ids), _zones(session, ids)
    for note in notes:
        if note.instrument_id in zones:
            _plan(session, work, note, begins.get(note.instrument_id), zones[note.instrument_id], now)
    for (first, until), some in work.spans().items():
        for piece in slices(some):
            recompute(session, piece, first, until, now=now)
    return len(notes)


def _take(session: Session) -> Sequence[Any]:
    """Take notes nobody else is working on, oldest first."""
    chosen = select(TouchedSpan.id).order_by(TouchedSpan.id).limit(NOTES).with_for_update(skip_locked=True)
    ids = list(session.scalars(chosen))
    columns = (TouchedSpan.id, TouchedSpan.instrument_id, TouchedSpan.facility_id, TouchedSpan.start_at, TouchedSpan.end_at)
    rows = session.execute(select(*columns).where(TouchedSpan.id.in_(ids)).order_by(TouchedSpan.id)).all()
    session.execute(delete(TouchedSpan).where(TouchedSpan.id.in_(ids)).execution_options(synchronize_session=False))
    return rows


def _spread(session: Session, notes: Iterable[Any]) -> None:
    """Turn a note about a facility or about everybody into one for each instrument concerned."""
    for note in notes:
        which = Instrument.facility_id == note.facility_id if note.facility_id is not None else Instrument.id > 0
        each = select(Instrument.id, literal(note.start_at, TouchedSpan.start_at.type), literal(note.end_at, TouchedSpan.end_at.type))
        session.execute(insert(TouchedSpan).from_select(("instrument_id", "start_at", "end_at"), each.where(which)))


def _plan(session: Session, work: _Work, note: Any, begins: date | None, time_zone: str, now: datetime) -> None:
    """Add a note's months to the work; what is too much for one transaction is noted again."""
    tz = zone(time_zone)
    today = now.astimezone(tz).date()
    begins = begins or today
    first = max(note.start_at.astimezone(tz).date(), begins) if note.start_at is not None else begins
    last = min(note.end_at.astimezone(tz).date() if note.end_at is not None else today, today)
    if first > last:
        return
    room = BUDGET - sum(map(len, work.months.values()))
    if room <= 0 or months_between(first_of_month(first), last) >= max(room, 1):
        split = month_later(first_of_month(first), max(room, 1)) if room > 0 else first_of_month(first)
        start_at = datetime(split.year, split.month, 1, 12, tzinfo=now.tzinfo)
        session.add(TouchedSpan(instrument_id=note.instrument_id, start_at=max(start_at, note.start_at or start_at), end_at=note.end_at or now))
        last = split - A_DAY
    if first <= last:
        work.add(note.instrument_id, first, last)


def first_days(session: Session, ids: Collection[int]) -> Mapping[int, date]:
    """Give the day from which an instrument has figures: published, booked or used for the first time, whichever came first; else nothing."""
    each = union_all(
        select(Instrument.id.label("id"), Instrument.published_at.label("at")).where(Instrument.id.in_(ids)),
        select(PublicationPhase.instrument_id, PublicationPhase.at).where(PublicationPhase.instrument_id.in_(ids)),
        select(Booking.instrument_id, func.min(Booking.start_at)).where(Booking.instrument_id.in_(ids)).group_by(Booking.instrument_id),
        select(UsageRecord.instrument_id, func.min(UsageRecord.start_at))
        .where(UsageRecord.instrument_id.in_(ids))
        .group_by(UsageRecord.instrument_id),
    ).subquery()
    rows = session.execute(select(each.c.id, func.min(each.c.at)).where(each.c.at.is_not(None)).group_by(each.c.id))
    return {instrument_id: (at - A_DAY).date() for instrument_id, at in rows}  # a day early, for zones behind UTC


def _zones(session: Session, ids: Collection[int]) -> dict[int, str]:
    rows = session.execute(select(Instrument.id, Instrument.time_zone).where(Instrument.id.in_(ids)))
    return {row.id: row.time_zone for row in rows}


def note_new_day(session: Session, *, now: datetime) -> bool:
    """Note for the instruments of every zone in which a new day has begun that their figures now reach further; say whether there were any."""
    state = session.get(FigureState, 1)
    if state is None:
        session.add(FigureState(id=1, noted_at=now))
        return False
    since = state.noted_at
    zones = [name for name in session.scalars(select(Instrument.time_zone).distinct()) if _day(since, name) != _day(now, name)]
    state.noted_at = max(now, since)
    each = select(Instrument.id, literal(since, TouchedSpan.start_at.type), literal(now, TouchedSpan.end_at.type))
    of_zones = each.where(Instrument.time_zone.in_(zones), Instrument.published_at.is_not(None))
    if zones:
        session.execute(insert(TouchedSpan).from_select(("instrument_id", "start_at", "end_at"), of_zones))
    return bool(zones)


def _day(at: datetime, time_zone: str) -> date:
    return at.astimezone(zone(time_zone)).date()


def slices(ids: Iterable[int], size: int = SLICE) -> Iterator[list[int]]:
    """Cut ids into pieces for one transaction each."""
    ordered = list(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def rebuild(session: Session, ids: Collection[int], *, now: datetime) -> int:
    """Make all figures of some instruments anew and give how many uses were read; what was noted of them before is done with that."""
    take_locks(session, sorted(ids), SPACE)
    for table in (DayFigure, DayUse, MonthFigure, MonthUse, MonthUser, YearFigure, YearUse, YearUser):
        session.execute(delete(table).where(table.instrument_id.in_(ids)).execution_options(synchronize_session=False))
    work = _Work()
    for instrument_id, first in first_days(session, ids).items():
        work.add(instrument_id, first, now.date() + A_DAY)
    return sum(recompute(session, some, first, until, now=now) for (first, until), some in work.spans().items())


def waiting_notes(session: Session) -> int:
    """Count the notes not yet worked off."""
    return session.scalar(select(func.count()).select_from(TouchedSpan)) or 0


