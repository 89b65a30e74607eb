"""Switched-on intervals, made of readings: the same whatever the order in which the readings came.

A power meter's interval lasts while readings at or above the threshold follow one another without a long silence; a short dip does not
end it. A card's lasts from putting it in to taking it out, a day at most. Only what lies around new readings is made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.database import Base, Key, is_sqlite
from scheduling.gateways import Device, DeviceProgress
from scheduling.readings import Reading

SILENCE = {"power": timedelta(minutes=10), "card": timedelta(hours=24)}
DIP = {"power": timedelta(minutes=5), "card": timedelta()}
MATCHING = ("new", "matched", "unmatched")


class SwitchedOn(Base):
    """An instrument was on, as one device saw it. `is_closed`: an end was seen, and not only silence."""

    __tablename__ = "switched_on"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    card_digest: Mapped[str] = mapped_column(String(64), default="")
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    is_closed: Mapped[bool]
    matching: Mapped[str] = mapped_column(String(9), default="new")

    device: Mapped[Device] = relationship()

    __table_args__ = (
        CheckConstraint("end_at > start_at", name="span"),
        CheckConstraint("matching IN ('new', 'matched', 'unmatched')", name="matching"),
        Index("ix_switched_on_device", "device_id", "end_at"),
        Index("ix_switched_on_matching", "matching", "end_at"),
    )


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch in which a device said "on"."""

    start: datetime
    end: datetime
    is_closed: bool


def spells(readings: Iterable[tuple[datetime, bool]], *, silence: timedelta, dip: timedelta) -> list[Spell]:
    """Make spells of (instant, is on) in order of time; one of a single reading, without length, is none."""
    found: list[Spell] = []
    for spell in _raw_spells(readings, silence):
        if found and found[-1].is_closed and spell.start - found[-1].end < dip:
            spell = Spell(found.pop().start, spell.end, spell.is_closed)
        found.append(spell)
    return [spell for spell in found if spell.end > spell.start]


def _raw_spells(readings: Iterable[tuple[datetime, bool]], silence: timedelta) -> Iterator[Spell]:
    start = last = None
    for at, is_on in readings:
        if start is not None and last is not None and at - last > silence:
            yield Spell(start, last, is_closed=False)
            start = None
        if is_on:
            start, last = start or at, at
        elif start is not None:
            yield Spell(start, at, is_closed=True)
            start = None
    if start is not None and last is not None:
        yield Spell(start, last, is_closed=False)


def work_off(session: Session, *, most: int = 50) -> int:
    """Make anew the intervals around readings that have come; give how many devices were worked off."""
    asked = (
        select(DeviceProgress)
        .where(DeviceProgress.pending_from.is_not(None))
        .order_by(DeviceProgress.pending_from, DeviceProgress.device_id)
        .limit(most)
    )
    waiting = session.scalars(asked if is_sqlite(session) else asked.with_for_update(skip_locked=True)).all()
    for progress in waiting:
        _make_anew(session, progress)
    return len(waiting)


def _make_anew(session: Session, progress: DeviceProgress) -> None:
    device = session.get_one(Device, progress.device_id)
    first, last = progress.pending_from, progress.pending_until
    assert first is not None
    assert last is not None  # both are written together
    first, last = _around(session, device, first, last)
    reach = SILENCE[device.kind]
    rows = session.execute(
        select(Reading.card_digest, Reading.at, Reading.value)
        .where(Reading.device_id == device.id, Reading.at >= first - reach, Reading.at <= last + reach)
        .order_by(Reading.card_digest, Reading.at)
        .execution_options(yield_per=5000)
    )
    threshold = device.on_above_watts * 1000 if device.kind == "power" else 1
    wanted: set[tuple[str, datetime, datetime, bool]] = set()
    for card, of_card in groupby(rows, key=lambda row: row.card_digest):
        seen = ((row.at, row.value >= threshold) for row in of_card)
        made = spells(seen, silence=reach, dip=DIP[device.kind])
        wanted |= {(card, spell.start, spell.end, spell.is_closed) for spell in made if spell.end >= first and spell.start <= last}
    _replace(session, device, wanted, first, last)
    progress.pending_from = progress.pending_until = None


def _around(session: Session, device: Device, first: datetime, last: datetime) -> tuple[datetime, datetime]:
    """Widen a stretch to whole intervals that it touches or could be joined to."""
    reach = max(SILENCE[device.kind], DIP[device.kind])
    touched = _touching(session, device, first - reach, last + reach)
    return min([first, *(one.start_at for one in touched)]), max([last, *(one.end_at for one in touched)])


def _touching(session: Session, device: Device, first: datetime, last: datetime) -> Sequence[SwitchedOn]:
    return session.scalars(
        select(SwitchedOn).where(SwitchedOn.device_id == device.id, SwitchedOn.end_at >= first, SwitchedOn.start_at <= last)
    ).all()


def _replace(session: Session, device: Device, wanted: set[tuple[str, datetime, datetime, bool]], first: datetime, last: datetime) -> None:
    """Put intervals in the place of those that are there; one that stays as it was keeps its match."""
    there = {(one.card_digest, one.start_at, one.end_at, one.is_closed): one for one in _touching(session, device, first, last)}
    gone = [one.id for key, one in there.items() if key not in wanted]
    if gone:
        session.execute(delete(SwitchedOn).where(SwitchedOn.id.in_(gone)))
    session.add_all(
        SwitchedOn(device_id=device.id, card_digest=card, start_at=start, end_at=end, is_closed=is_closed)
        for card, start, end, is_closed in sorted(wanted - there.keys())
    )
