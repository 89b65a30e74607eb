"""Readings: batches that gateways send, taken in once each, in whatever order and however late they come.

A batch is one transaction: it is kept whole or not at all, so that a gateway sends it again until it is answered. A repeat of a batch gets
the first answer; the same name with other content is refused, and so is a repeat after a day, when nobody honest sends it any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from instruments.database import Base, Key, UtcDateTime, is_sqlite
from instruments.errors import Invalid, OutOfOrder, Sentence
from scheduling.gateways import Device, DeviceProgress, Gateway, known_devices

MOST_READINGS = 1000
LONGEST_BATCH_NAME = 64
# A reading from the future by more than this comes from a clock that is wrong; it is told, and not kept.
AHEAD = timedelta(minutes=10)
OLDEST = timedelta(days=400)
REPEATED_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as it was sent: milliwatts of a power meter, or 1 and 0 for a card put in and taken out."""

    channel: str
    kind: str
    at: datetime
    value: int
    card_digest: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: how many readings were new, were known already, and were not kept because of their time."""

    received: int
    new: int
    known: int
    refused: int
    drift_seconds: int
    unassigned: tuple[str, ...] = ()


class ReadingBatch(Base):
    """A batch that was taken in, and the answer it got."""

    __tablename__ = "reading_batch"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateway.id"))
    name: Mapped[str] = mapped_column(String(LONGEST_BATCH_NAME))
    digest: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(index=True)
    drift_ms: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("gateway_id", "name"),)


class Reading(Base):
    """One reading of a device. The same device says one thing at one instant (and of one card)."""

    __tablename__ = "reading"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    at: Mapped[datetime]
    value: Mapped[int] = mapped_column(BigInteger)
    card_digest: Mapped[str] = mapped_column(String(64), default="")
    batch_id: Mapped[int] = mapped_column(ForeignKey("reading_batch.id"))

    __table_args__ = (UniqueConstraint("device_id", "at", "card_digest"),)


def take_batch(
    session: Session, gateway: Gateway, name: str, digest: str, samples: Sequence[Sample], *, sent_at: datetime, now: datetime
) -> Taken:
    """Take a batch in, once. `digest` is of the whole body; the caller has proved that it is the gateway's own.

    Raises Invalid for a batch without a fit name or with too many readings, OutOfOrder for a name that came before with other content.
    """
    _check_batch(name, samples)
    session.execute(select(Gateway.id).where(Gateway.id == gateway.id).with_for_update())  # one batch of a gateway at a time
    earlier = session.scalar(select(ReadingBatch).where(ReadingBatch.gateway_id == gateway.id, ReadingBatch.name == name))
    if earlier is not None:
        return _again(earlier, digest, now)
    drift = sent_at - now
    kept = [sample for sample in samples if now - OLDEST <= sample.at <= now + AHEAD]
    batch = ReadingBatch(
        gateway_id=gateway.id, name=name, digest=digest, received_at=now, drift_ms=int(drift.total_seconds() * 1000), answer={}
    )
    session.add(batch)
    session.flush()  # readings point at it
    devices = known_devices(session, gateway, ((sample.channel, sample.kind) for sample in kept))
    new = _keep(session, batch, devices, kept)
    unassigned = sorted({one.channel for one in devices.values() if one.instrument_id is None})
    taken = Taken(len(samples), new, len(kept) - new, len(samples) - len(kept), round(drift.total_seconds()), tuple(unassigned))
    batch.answer = asdict(taken)
    return taken


def _check_batch(name: str, samples: Sequence[Sample]) -> None:
    if not (name.isascii() and name.isprintable() and 1 <= len(name) <= LONGEST_BATCH_NAME):
        raise Invalid(
            "batch",
            Sentence(
                f"批次编号应为不超过 {LONGEST_BATCH_NAME} 个可见字符。", f"Name a batch by at most {LONGEST_BATCH_NAME} visible characters."
            ),
        )
    if len(samples) > MOST_READINGS:
        raise Invalid("readings", Sentence(f"每批最多 {MOST_READINGS} 条读数。", f"A batch has at most {MOST_READINGS} readings."))


def _again(earlier: ReadingBatch, digest: str, now: datetime) -> Taken:
    if earlier.digest != digest:
        raise OutOfOrder(Sentence("该批次编号已用于另一内容。", "A batch of this name came before, with other content."))
    if now - earlier.received_at > REPEATED_WITHIN:
        raise OutOfOrder(Sentence("该批次早已收到，不再重复接收。", "This batch was taken in long ago and is not taken again."))
    return Taken(**{**earlier.answer, "unassigned": tuple(earlier.answer["unassigned"])})


def _keep(session: Session, batch: ReadingBatch, devices: Mapping[tuple[str, str], Device], samples: Sequence[Sample]) -> int:
    """Write the readings that are new; give how many."""
    if not samples:
        return 0
    rows = [
        {
            "device_id": devices[one.channel, one.kind].id,
            "at": one.at,
            "value": one.value,
            "card_digest": one.card_digest,
            "batch_id": batch.id,
        }
        for one in samples
    ]
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    added = session.execute(insert(Reading).on_conflict_do_nothing().returning(Reading.device_id, Reading.at), rows).all()
    _note_progress(session, ((row.device_id, row.at) for row in added))
    return len(added)


def _note_progress(session: Session, added: Iterable[tuple[int, datetime]]) -> None:
    spans: dict[int, tuple[datetime, datetime]] = {}
    for device_id, at in added:
        first, last = spans.get(device_id, (at, at))
        spans[device_id] = min(first, at), max(last, at)
    values = [{"device": device_id, "first": first, "last": last} for device_id, (first, last) in sorted(spans.items())]
    if values:
        session.connection().execute(NOTE_PROGRESS, values)


_FIRST, _LAST = bindparam("first", type_=UtcDateTime), bindparam("last", type_=UtcDateTime)
_ROW = DeviceProgress
NOTE_PROGRESS = (
    update(DeviceProgress)
    .where(DeviceProgress.device_id == bindparam("device"))
    .values(
        pending_from=case((or_(_ROW.pending_from.is_(None), _ROW.pending_from > _FIRST), _FIRST), else_=_ROW.pending_from),
        pending_until=case((or_(_ROW.pending_until.is_(None), _ROW.pending_until < _LAST), _LAST), else_=_ROW.pending_until),
        last_at=case((or_(_ROW.last_at.is_(None), _ROW.last_at < _LAST), _LAST), else_=_ROW.last_at),
    )
)


def drift_during(session: Session, device_id: int, start: datetime, end: datetime) -> int:
    """Give by how many seconds at most the gateway's clock was off when it sent a device's readings of a stretch."""
    batches = select(Reading.batch_id).where(Reading.device_id == device_id, Reading.at >= start, Reading.at <= end).distinct()
    most = session.scalar(select(func.max(func.abs(ReadingBatch.drift_ms))).where(ReadingBatch.id.in_(batches)))
    return int((most or 0) // 1000)
