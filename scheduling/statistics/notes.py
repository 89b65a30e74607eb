"""Notes of what has changed (touched.py), as they wait: claimed by one process, spread over the instruments they concern, counted, taken away."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument
from instruments.standing import ever_in
from scheduling.statistics.touched import TouchedSpan

AT_ONCE, SPREAD = 1000, 50_000  # notes claimed, and notes made of one about many instruments
BEGINNING = datetime.min.replace(tzinfo=UTC)
AHEAD = timedelta(days=2)  # nowhere is it that much later than in UTC


COLUMNS = (TouchedSpan.id, TouchedSpan.instrument_id, TouchedSpan.facility_id, TouchedSpan.start_at, TouchedSpan.end_at)


def oldest(session: Session) -> Sequence[Any]:
    """Read the oldest notes; whoever holds an instrument's lock has its notes."""
    return session.execute(select(*COLUMNS).order_by(TouchedSpan.id).limit(AT_ONCE)).all()


def claim_wide(session: Session) -> Sequence[Any]:
    """Read the oldest notes about a facility or about everybody, and keep others from them until the transaction ends."""
    wide = select(*COLUMNS).where(TouchedSpan.instrument_id.is_(None)).order_by(TouchedSpan.id).limit(AT_ONCE)
    return session.execute(wide.with_for_update(skip_locked=True)).all()


def take_away(session: Session, ids: Collection[int]) -> None:
    """Do away with notes that are done with."""
    session.execute(delete(TouchedSpan).where(TouchedSpan.id.in_(ids)).execution_options(synchronize_session=False))


def spread(session: Session, notes: Sequence[Any], *, now: datetime) -> int:
    """Turn notes about a facility or about everybody into one for each instrument concerned, and give how many of them."""
    done, made = list[int](), 0
    for facility_id, start_at, end_at, ids in _together(notes):
        if made >= SPREAD:
            break
        done += ids
        if start_at is not None and start_at > now + AHEAD:
            continue  # no day of it has figures; each new day is noted for everybody
        which = ever_in(facility_id) if facility_id is not None else Instrument.id > 0
        each = select(Instrument.id, literal(start_at, TouchedSpan.start_at.type), literal(end_at, TouchedSpan.end_at.type)).where(which)
        came = session.execute(insert(TouchedSpan).from_select(("instrument_id", "start_at", "end_at"), each))
        made += came.rowcount  # type: ignore[attr-defined]  # an INSERT has one
    take_away(session, done)
    return len(done)


def _together(notes: Sequence[Any]) -> Iterator[tuple[int | None, datetime | None, datetime | None, list[int]]]:
    """Give the stretches that notes of one facility, or of everybody, make together: a list of holidays is few of them."""
    scopes: dict[int | None, list[Any]] = {}
    for note in notes:
        scopes.setdefault(note.facility_id, []).append(note)
    for facility_id, some in scopes.items():
        start_at, end_at, ids = None, None, list[int]()
        for note in sorted(some, key=lambda one: one.start_at or BEGINNING):
            if ids and end_at is not None and (note.start_at or BEGINNING) > end_at:
                yield facility_id, start_at, end_at, ids
                ids = []
            if not ids:
                start_at, end_at = note.start_at, note.end_at
            elif end_at is not None:
                end_at = max(end_at, note.end_at) if note.end_at is not None else None
            ids.append(note.id)
        yield facility_id, start_at, end_at, ids


def notes_of(session: Session, ids: Collection[int]) -> Sequence[Any]:
    """Read all notes of some instruments, as the holder of their locks."""
    return session.execute(select(*COLUMNS).where(TouchedSpan.instrument_id.in_(ids)).order_by(TouchedSpan.id)).all()


def ids_of(session: Session, ids: Collection[int]) -> set[int]:
    """Give which notes of some instruments there are now."""
    return set(session.scalars(select(TouchedSpan.id).where(TouchedSpan.instrument_id.in_(ids))))


def wide_notes(session: Session) -> Sequence[int]:
    """Give the notes that are not of one instrument."""
    return session.scalars(select(TouchedSpan.id).where(TouchedSpan.instrument_id.is_(None))).all()
