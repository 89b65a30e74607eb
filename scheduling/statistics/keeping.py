"""The rollups kept up, on one page.

1. Whatever changes the raw rows leaves a note in the same transaction, by the database (touched.py). `work_off` makes the months that notes
   meet anew and takes the notes away, in one transaction: a process that dies half-way leaves the notes and the old figures.
2. An instrument's figures are made by one process at a time: its lock is taken before its notes and its raw rows are read, so that rows committed
   before that are in, and the notes of later ones are still there. Several processes may work off at once; none waits for another. What was
   written to an instrument in one transaction is seen wholly or not at all: where a note came while its rows were read, they are read again.
3. Figures reach up to today by the instrument's own clock; each new day is noted for everybody (`note_new_day`).
4. `rebuild` makes everything anew by the same verb, a slice of instruments at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, literal, select, union_all, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument, PublicationPhase
from instruments.database import DERIVED, Base, is_sqlite
from instruments.timespan import at_wall, zone
from scheduling.accounting.charges import Charge
from scheduling.bookings import Booking
from scheduling.locks import take_locks, try_locks
from scheduling.statistics.calendar import first_of_month, month_later
from scheduling.statistics.figures import FIGURES
from scheduling.statistics.notes import claim_wide, ids_of, notes_of, oldest, spread, take_away
from scheduling.statistics.rollup import recompute
from scheduling.statistics.touched import TouchedSpan
from scheduling.usage import UsageRecord

SPACE = 0x46494755  # "FIGU": keeps these advisory locks apart from others in the same database
BUDGET = 120  # months of instruments at once: a transaction of well under a second
SLICE, AT_ONCE, TRIES, MOST_YEARS = 100, 50, 4, 60  # the last: years of instruments in memory at once
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
    """Months to be made anew, by instrument, and how many that are."""

    months: dict[int, set[date]] = field(default_factory=dict)
    size: int = 0

    def add(self, instrument_id: int, first: date, last: date) -> date | None:
        """Add the months from one day to another, both included, while there is room; give the first month that has none."""
        months, month = self.months.setdefault(instrument_id, set()), first_of_month(first)
        while month <= last:
            if month not in months:
                if self.size >= BUDGET:
                    return month
                months.add(month)
                self.size += 1
            month = month_later(month)
        return None

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
    """Make the figures that some notes concern anew, take these notes away, and give how many; 0 when nothing is left, or others work on it.

    As much as fits into one short transaction: what a note asks beyond that it goes on asking.
    """
    notes = oldest(session)
    if any(note.instrument_id is None for note in notes):
        return spread(session, claim_wide(session), now=now)
    wanted = list(dict.fromkeys(note.instrument_id for note in notes))[:BUDGET]
    ids = try_locks(session, sorted(wanted), SPACE)
    for _ in range(TRIES if ids else 0):
        now = _latest(session, now)
        noted = notes_of(session, ids)
        plan = _plan(session, noted, now)
        for (first, until), some in plan.work.spans().items():
            for piece in slices(some):
                recompute(session, piece, first, until, now=now)
        if is_sqlite(session) or ids_of(session, ids) == {note.id for note in noted}:
            break  # else something was written meanwhile, of which half may have been read: once more, with the rest of it
    if not ids:
        return 0
    if plan.begins_anew is not None:
        session.execute(update(TouchedSpan).where(TouchedSpan.id == plan.left).values(start_at=plan.begins_anew))
    take_away(session, plan.done)
    return len(noted)


def _latest(session: Session, now: datetime) -> datetime:
    """Give the time up to which figures reach: another process may have gone over midnight already."""
    noted_at = session.scalar(select(FigureState.noted_at))
    return max(now, noted_at) if noted_at is not None else now


@dataclass(slots=True)
class _Plan:
    """Months to be made anew, the notes that are done with that, and the one of which something is left: from when on."""

    work: _Work = field(default_factory=_Work)
    done: list[int] = field(default_factory=list)
    left: int | None = None
    begins_anew: datetime | None = None


def _plan(session: Session, notes: Sequence[Any], now: datetime) -> _Plan:
    plan = _Plan()
    for some in slices(notes, AT_ONCE):
        for note, tz, first, last in _days_noted(session, some, now):
            left = plan.work.add(note.instrument_id, first, last)
            if left is not None:
                plan.left, plan.begins_anew = note.id, at_wall(max(left, first), 0, tz)
                return plan
            plan.done.append(note.id)
    return plan


def _days_noted(session: Session, notes: Sequence[Any], now: datetime) -> Iterator[tuple[Any, ZoneInfo, date, date]]:
    """Give each note with its instrument's zone, and the first and the last day of figures it is about; the last may come before the first."""
    zones = _zones(session, {note.instrument_id for note in notes})
    begins = first_days(session, {note.instrument_id for note in notes if note.start_at is None or note.end_at is None})
    for note in notes:
        tz = zone(zones.get(note.instrument_id, "UTC"))
        today = now.astimezone(tz).date()
        first = note.start_at.astimezone(tz).date() if note.start_at is not None else date.min
        last = min(note.end_at.astimezone(tz).date(), today) if note.end_at is not None else today
        if note.start_at is None or note.end_at is None:
            first = max(first, begins.get(note.instrument_id, today))
        yield note, tz, first, last


def first_days(session: Session, ids: Collection[int]) -> Mapping[int, date]:
    """Give the day from which an instrument has figures: published, booked, used or charged for the first time, whichever came first; else nothing."""
    each = union_all(
        select(Instrument.id.label("id"), Instrument.published_at.label("at")).where(Instrument.id.in_(ids)),
        select(PublicationPhase.instrument_id, PublicationPhase.at).where(PublicationPhase.instrument_id.in_(ids)),
        select(Booking.instrument_id, func.min(Booking.start_at)).where(Booking.instrument_id.in_(ids)).group_by(Booking.instrument_id),
        select(UsageRecord.instrument_id, func.min(UsageRecord.start_at))
        .where(UsageRecord.instrument_id.in_(ids))
        .group_by(UsageRecord.instrument_id),
        select(Charge.instrument_id, func.min(Charge.used_at)).where(Charge.instrument_id.in_(ids)).group_by(Charge.instrument_id),
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
    of_zones = each.where(Instrument.time_zone.in_(zones))
    if zones:
        session.execute(insert(TouchedSpan).from_select(("instrument_id", "start_at", "end_at"), of_zones))
    return bool(zones)


def _day(at: datetime, time_zone: str) -> date:
    return at.astimezone(zone(time_zone)).date()


def slices(ids: Iterable[Any], size: int = SLICE) -> Iterator[list[Any]]:
    """Cut ids, or whatever else, into pieces."""
    ordered = list(ids)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def rebuild(session: Session, ids: Collection[int], *, now: datetime, since: int | None = None) -> int:
    """Make all figures of some instruments anew, or those since a year, and give how many uses were read; notes of them are done with that."""
    take_locks(session, sorted(ids), SPACE)
    now = _latest(session, now)
    if since is None:
        take_away(session, ids_of(session, ids))
        for table in FIGURES:
            session.execute(delete(table).where(table.instrument_id.in_(ids)).execution_options(synchronize_session=False))
    first = min(first_days(session, ids).values(), default=now.date())
    begin, end, step = max(first.year, since or 0), (now + A_DAY).year + 1, max(MOST_YEARS // max(len(ids), 1), 1)
    years = [(date(year, 1, 1), date(min(year + step, end), 1, 1)) for year in range(begin, end, step)]
    return sum(recompute(session, ids, *some, now=now) for some in years)


def waiting_notes(session: Session) -> int:
    """Count the notes not yet worked off."""
    return session.scalar(select(func.count()).select_from(TouchedSpan)) or 0
