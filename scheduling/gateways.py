"""Gateways (采集网关) and the devices behind them: what reports, without anybody's doing, when an instrument runs.

A gateway is a small computer of an organisation; a device is one of its channels: a power meter or a card reader at an instrument. A channel
that reports before anybody has said whose it is, is kept with all it reports, and waits to be given to an instrument.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.database import Base, Key
from instruments.errors import Forbidden, Invalid, NotFound, Sentence
from instruments.people import Organisation

KINDS = {"power": Sentence("电量", "Power meter"), "card": Sentence("刷卡", "Card reader")}
MOST_CHANNELS = 500
LONGEST_NAME, LONGEST_CHANNEL = 100, 40
MOST_WATTS = 1_000_000
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Gateway(Base):
    """A small computer that reports for an organisation. Its key is not kept: it is derived from the portal's own (`key_number` says which)."""

    __tablename__ = "gateway"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    key_number: Mapped[int] = mapped_column(default=1)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    organisation: Mapped[Organisation] = relationship()

    __mapper_args__ = {"version_id_col": version}


class Device(Base):
    """One channel of a gateway; `on_above_watts` says from what power on the instrument counts as switched on."""

    __tablename__ = "device"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    gateway_id: Mapped[int] = mapped_column(ForeignKey("gateway.id"))
    channel: Mapped[str] = mapped_column(String(LONGEST_CHANNEL))
    kind: Mapped[str] = mapped_column(String(5))
    instrument_id: Mapped[int | None] = mapped_column(ForeignKey("instrument.id"), index=True)
    lane: Mapped[int] = mapped_column(default=1)
    on_above_watts: Mapped[int] = mapped_column(default=50)

    gateway: Mapped[Gateway] = relationship()
    instrument: Mapped[Instrument | None] = relationship()

    __table_args__ = (
        UniqueConstraint("gateway_id", "channel", "kind"),
        CheckConstraint("kind IN ('power', 'card')", name="kind"),
        CheckConstraint("on_above_watts BETWEEN 1 AND 1000000", name="on_above_watts"),
    )


class DeviceProgress(Base):
    """How far a device's readings have been worked off: the times between which something new has come.

    Apart from the device, because it changes with every batch and a person's changes to the device must not meet it.
    """

    __tablename__ = "device_progress"
    __audited__ = False

    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), primary_key=True, autoincrement=False)
    pending_from: Mapped[datetime | None]
    pending_until: Mapped[datetime | None]
    last_at: Mapped[datetime | None]

    __table_args__ = (Index("ix_device_progress_pending", "pending_from"),)


def add_gateway(session: Session, organisation_id: int, name: str, *, viewer: Viewer, now: datetime) -> Gateway:
    """Add a gateway to an organisation one administers."""
    if not viewer.may_administer(organisation_id):
        raise Forbidden
    made = Gateway(organisation_id=organisation_id, name=_name(name), created_at=now)
    session.add(made)
    session.flush()  # its key is derived from its id
    return made


def renew_key(session: Session, gateway_id: int, *, viewer: Viewer) -> Gateway:
    """Give a gateway a new key; batches signed with the old one are refused from now on."""
    found = managed_gateway(session, gateway_id, viewer)
    found.key_number += 1
    return found


def set_active(session: Session, gateway_id: int, *, is_active: bool, viewer: Viewer) -> Gateway:
    """Shut a gateway out, or let it in again; what it has reported stays."""
    found = managed_gateway(session, gateway_id, viewer)
    found.is_active = is_active
    return found


def assign(
    session: Session, device_id: int, instrument_id: int | None, *, lane: int = 1, on_above_watts: int = 50, viewer: Viewer
) -> Device:
    """Say which instrument a channel belongs to; both the gateway and the instrument must be the viewer's to look after."""
    found = session.get(Device, device_id)
    if found is None:
        raise NotFound
    managed_gateway(session, found.gateway_id, viewer)
    if instrument_id is not None:
        _check_instrument(session, instrument_id, found.gateway.organisation_id, lane, viewer)
    if not 1 <= on_above_watts <= MOST_WATTS:
        raise Invalid("on_above_watts", Sentence(f"阈值应在 1 到 {MOST_WATTS} 瓦之间。", f"Give a power from 1 to {MOST_WATTS} W."))
    found.instrument_id, found.lane, found.on_above_watts = instrument_id, lane, on_above_watts
    work_off_again(session, found.id)
    return found


def _check_instrument(session: Session, instrument_id: int, organisation_id: int, lane: int, viewer: Viewer) -> None:
    instrument = session.get(Instrument, instrument_id)
    if instrument is None or not viewer.may_manage(instrument) or instrument.organisation_id != organisation_id:
        raise NotFound
    if not 1 <= lane <= instrument.lanes:
        raise Invalid("lane", Sentence("该仪器没有这个机位。", "The instrument has no such place."))


def work_off_again(session: Session, device_id: int) -> None:
    """Have all that a device ever reported looked at anew: another threshold or instrument makes other intervals of it."""
    progress = session.get(DeviceProgress, device_id)
    if progress is not None and progress.last_at is not None:
        progress.pending_from, progress.pending_until = LONG_AGO, progress.last_at


def managed_gateway(session: Session, gateway_id: int, viewer: Viewer) -> Gateway:
    """Get a gateway of an organisation one administers; any other is not found."""
    found = session.get(Gateway, gateway_id)
    if found is None or not viewer.may_administer(found.organisation_id):
        raise NotFound
    return found


def gateways_of(session: Session, organisation_ids: Iterable[int]) -> Sequence[Gateway]:
    """List the gateways of organisations by name."""
    asked = select(Gateway).where(Gateway.organisation_id.in_(list(organisation_ids))).order_by(Gateway.name, Gateway.id)
    return session.scalars(asked).all()


def known_devices(session: Session, gateway: Gateway, channels: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Device]:
    """Give the devices behind (channel, kind) pairs; channels not seen before are noted, without an instrument."""
    wanted = set(channels)
    rows = session.scalars(select(Device).where(Device.gateway_id == gateway.id, Device.channel.in_({channel for channel, _ in wanted})))
    found = {(one.channel, one.kind): one for one in rows}
    new = sorted(wanted - found.keys())
    if new:
        _check_room(session, gateway, len(new))
        made = [Device(gateway_id=gateway.id, channel=channel, kind=kind) for channel, kind in new]
        session.add_all(made)
        session.flush()  # readings point at them
        session.add_all(DeviceProgress(device_id=one.id) for one in made)
        session.flush()  # what comes next updates these rows by statement
        found |= {(one.channel, one.kind): one for one in made}
    return {key: found[key] for key in wanted}


def _check_room(session: Session, gateway: Gateway, more: int) -> None:
    have = session.scalar(select(func.count()).select_from(Device).where(Device.gateway_id == gateway.id)) or 0
    if have + more > MOST_CHANNELS:
        raise Invalid("readings", Sentence(f"一个网关最多 {MOST_CHANNELS} 个通道。", f"A gateway has at most {MOST_CHANNELS} channels."))


def _name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or "\x00" in name:
        raise Invalid("name", Sentence(f"请填写名称（不超过 {LONGEST_NAME} 字）。", f"Give a name of at most {LONGEST_NAME} characters."))
    return name
