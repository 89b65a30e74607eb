"""How many places (机位) an instrument had from which day on: what was offered last year stays what it was when places are added."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.timespan import zone

FIRST_DAY = date(1990, 1, 1)


class LaneCount(Base):
    """The places of an instrument from a day on; one whose number never changed has no row."""

    __tablename__ = "lane_count"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    valid_from: Mapped[date]
    lanes: Mapped[int]

    __table_args__ = (UniqueConstraint("instrument_id", "valid_from"), CheckConstraint("lanes BETWEEN 1 AND 500", name="lanes"))


def note_lanes(session: Session, instrument: Instrument, before: int, *, now: datetime) -> None:
    """Remember from which day on an instrument has the places it now has, and how many it had before."""
    today = now.astimezone(zone(instrument.time_zone)).date()
    known = {one.valid_from: one for one in session.scalars(select(LaneCount).where(LaneCount.instrument_id == instrument.id))}
    if not known:
        session.add(LaneCount(instrument_id=instrument.id, valid_from=FIRST_DAY, lanes=before))
    if today in known:
        known[today].lanes = instrument.lanes
    else:
        session.add(LaneCount(instrument_id=instrument.id, valid_from=today, lanes=instrument.lanes))


def lane_counts(session: Session, instrument_ids: Iterable[int]) -> dict[int, list[tuple[date, int]]]:
    """Give (from which day, how many places) of those instruments whose places ever changed, oldest first; one statement."""
    rows = session.execute(
        select(LaneCount.instrument_id, LaneCount.valid_from, LaneCount.lanes)
        .where(LaneCount.instrument_id.in_(list(instrument_ids)))
        .order_by(LaneCount.instrument_id, LaneCount.valid_from)
    )
    found: dict[int, list[tuple[date, int]]] = {}
    for instrument_id, valid_from, lanes in rows:
        found.setdefault(instrument_id, []).append((valid_from, lanes))
    return found


def lanes_on(day: date, counts: Sequence[tuple[date, int]], lanes: int) -> int:
    """Say how many places there were on a day; `lanes` where nothing is known of it."""
    return next((count for valid_from, count in reversed(counts) if valid_from <= day), lanes)
