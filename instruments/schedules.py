"""What of an instrument matters for time, as a light value: thousands of candidates are read without their long texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.catalogue import Instrument


@dataclass(frozen=True, slots=True)
class Schedule:
    """The columns of an instrument that availability needs."""

    id: int
    facility_id: int | None
    time_zone: str
    lanes: int
    setup_minutes: int
    cleanup_minutes: int
    step_minutes: int

    @property
    def setup(self) -> timedelta:
        """Give the time needed before a use."""
        return timedelta(minutes=self.setup_minutes)

    @property
    def cleanup(self) -> timedelta:
        """Give the time needed after a use."""
        return timedelta(minutes=self.cleanup_minutes)


COLUMNS = (
    Instrument.id,
    Instrument.facility_id,
    Instrument.time_zone,
    Instrument.lanes,
    Instrument.setup_minutes,
    Instrument.cleanup_minutes,
    Instrument.step_minutes,
)


def schedule_of(instrument: Instrument) -> Schedule:
    """Take the schedule out of an instrument at hand."""
    return Schedule(*(getattr(instrument, column.key) for column in COLUMNS))


def schedules(session: Session, instrument_ids: Iterable[int]) -> list[Schedule]:
    """Read the schedules of many instruments in one statement, in order of id."""
    rows = session.execute(select(*COLUMNS).where(Instrument.id.in_(list(instrument_ids))).order_by(Instrument.id))
    return [Schedule(*row) for row in rows]
