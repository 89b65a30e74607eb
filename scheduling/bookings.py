"""Bookings (机时预约): the table, its states, and how bookings are read. Verbs: reserving, deciding, changing, desk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, bindparam, select, text
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.closures import Closure, closure_spans
from instruments.database import Base, Key, UtcDateTime, attach
from instruments.errors import NotFound, Sentence
from instruments.people import Group, Person
from instruments.timespan import TimeSpan
from scheduling.overlap import POSTGRESQL, SQLITE

STATUSES = {
    "requested": Sentence("待审批", "Waiting for approval"),
    "confirmed": Sentence("已确认", "Confirmed"),
    "running": Sentence("使用中", "In use"),
    "finished": Sentence("已完成", "Finished"),
    "cancelled": Sentence("已取消", "Cancelled"),
    "declined": Sentence("未批准", "Declined"),
    "expired": Sentence("逾期未审批", "Expired undecided"),
    "no_show": Sentence("未到场", "No-show"),
    "moved": Sentence("已改期", "Moved"),
}
STEPS = {
    "requested": frozenset({"confirmed", "declined", "cancelled", "expired", "moved"}),
    "confirmed": frozenset({"running", "cancelled", "no_show", "moved"}),
    "running": frozenset({"finished"}),
}
OPEN = frozenset({"requested", "confirmed", "running"})
MODES = {
    "self": Sentence("自主上机", "Self-operated"),
    "assisted": Sentence("协助上机", "Assisted"),
    "remote": Sentence("远程操作", "Remote"),
    "teaching": Sentence("教学", "Teaching"),
    "training": Sentence("培训", "Training"),
    "maintenance": Sentence("维护", "Maintenance"),
}
PURPOSES = {
    "research": Sentence("科学研究", "Research"),
    "development": Sentence("技术开发", "Development"),
    "teaching": Sentence("教学", "Teaching"),
    "other": Sentence("其他", "Other"),
}
LONGEST = timedelta(days=92)
# A booking with its buffers never reaches further; it bounds how far back an index is read.
REACH = LONGEST + timedelta(days=15)


class Booking(Base):
    """Instrument time held for a person: [start_at, end_at), with set-up and clean-up [occupied_from, occupied_until) in one lane.

    `holds` says whether the lane is occupied; the database lets no two holding bookings of a lane overlap (overlap.py).
    A move is a new row: same uid, sequence one higher, previous_id pointing at the old.
    """

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"))
    lane: Mapped[int] = mapped_column(default=1)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("group.id"))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    occupied_from: Mapped[datetime]
    occupied_until: Mapped[datetime]
    holds: Mapped[bool]
    status: Mapped[str] = mapped_column(String(10))
    mode: Mapped[str] = mapped_column(String(12), default="self")
    purpose: Mapped[str] = mapped_column(String(12), default="research")
    audience: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(String(500), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    approval_reasons: Mapped[str] = mapped_column(String(1000), default="")
    uid: Mapped[str] = mapped_column(String(40), default=lambda: uuid4().hex)
    sequence: Mapped[int] = mapped_column(default=0)
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("booking.id"), unique=True)
    bundle: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    instrument: Mapped[Instrument] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    group: Mapped[Group | None] = relationship()

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        CheckConstraint("end_at > start_at", name="span"),
        CheckConstraint("occupied_from <= start_at AND occupied_until > occupied_from", name="occupied"),
        CheckConstraint("occupied_until >= end_at OR status IN ('finished', 'no_show')", name="occupied_whole"),
        CheckConstraint("lane BETWEEN 1 AND 500", name="lane"),
        CheckConstraint(
            "(status IN ('confirmed', 'running', 'finished', 'no_show') AND holds) OR (status = 'requested')"
            " OR (status IN ('cancelled', 'declined', 'expired', 'moved') AND NOT holds)",
            name="holds",
        ),
        Index("ix_booking_occupied", "instrument_id", "occupied_until", sqlite_where=text("holds = 1"), postgresql_where=text("holds")),
        Index(None, "instrument_id", "start_at"),
        Index("ix_booking_person", "person_id", "end_at"),
        Index("ix_booking_group", "group_id", "end_at"),
        Index("ix_booking_status", "status", "start_at"),
        Index(
            "uq_booking_running", "instrument_id", "lane", unique=True,
            sqlite_where=text("status = 'running'"), postgresql_where=text("status = 'running'"),
        ),
    )  # fmt: skip

    @property
    def span(self) -> TimeSpan:
        """Give the time of use, without buffers."""
        return TimeSpan(self.start_at, self.end_at)

    @property
    def occupied(self) -> TimeSpan:
        """Give the time the lane is held, with buffers."""
        return TimeSpan(self.occupied_from, self.occupied_until)

    @property
    def is_open(self) -> bool:
        """Say whether something may still come of it."""
        return self.status in OPEN


for _statement in POSTGRESQL:
    attach(Booking, _statement, "postgresql")
for _statement in SQLITE:
    attach(Booking, _statement, "sqlite")


def booking(session: Session, booking_id: int) -> Booking:
    """Get a booking with its instrument and person by id."""
    found = session.get(Booking, booking_id, options=(joinedload(Booking.instrument), joinedload(Booking.person)))
    if found is None:
        raise NotFound
    return found


def may_see(viewer: Viewer, one: Booking) -> bool:
    """Say whether a booking is the viewer's to see: her own, her group's as its PI, her instrument's."""
    return viewer.owns(one.person_id, one.group_id) or viewer.may_inspect(one.instrument)


def may_change(viewer: Viewer, one: Booking) -> bool:
    """Say whether the viewer may move or cancel it: her own, her group's as its PI, or as the instrument's manager."""
    return viewer.owns(one.person_id, one.group_id) or viewer.may_manage(one.instrument)


def seen_booking(session: Session, booking_id: int, viewer: Viewer) -> Booking:
    """Get a booking the viewer may see; any other is not found."""
    found = booking(session, booking_id)
    if viewer.is_anonymous or not may_see(viewer, found):
        raise NotFound
    return found


# Built once: on the way of every booking, building a statement costs as much as running it.
HOLDING = select(Booking.id, Booking.instrument_id, Booking.lane, Booking.occupied_from, Booking.occupied_until).where(
    Booking.instrument_id.in_(bindparam("ids", expanding=True)),
    Booking.holds,
    Booking.occupied_until > bindparam("start", type_=UtcDateTime),
    Booking.occupied_until < bindparam("furthest", type_=UtcDateTime),
    Booking.occupied_from < bindparam("end", type_=UtcDateTime),
)


def holding(
    session: Session, instrument_ids: Iterable[int], window: TimeSpan, *, apart_from: Iterable[int] = ()
) -> Sequence[tuple[int, int, TimeSpan]]:
    """Give (instrument id, lane, occupied span) of all that is held and meets the window; one statement, bounded both ways."""
    values = {"ids": list(instrument_ids), "start": window.start, "end": window.end, "furthest": window.end + REACH}
    rows = session.execute(HOLDING, values)
    ignored = set(apart_from)
    return [(row.instrument_id, row.lane, TimeSpan(row.occupied_from, row.occupied_until)) for row in rows if row.id not in ignored]


def bookings_on(session: Session, instrument_ids: Iterable[int], window: TimeSpan, *, statuses: Iterable[str] = OPEN) -> Sequence[Booking]:
    """Give the bookings of instruments that meet a window, with their people, in order of time; one statement."""
    return session.scalars(
        select(Booking)
        .options(joinedload(Booking.person), joinedload(Booking.group))
        .where(
            Booking.instrument_id.in_(list(instrument_ids)),
            Booking.status.in_(list(statuses)),
            Booking.end_at > window.start,
            Booking.start_at < window.end,
        )
        .order_by(Booking.start_at, Booking.id)
    ).all()


def hit_by(session: Session, closure: Closure, *, now: datetime) -> list[Booking]:
    """Give the open bookings that a closure would hit from now on, in order of time."""
    if closure.last_end_at <= now:
        return []
    window = TimeSpan(max(closure.start_at, now), closure.last_end_at)
    where = Booking.instrument_id == closure.instrument_id if closure.instrument_id else Instrument.facility_id == closure.facility_id
    candidates = session.scalars(
        select(Booking)
        .join(Booking.instrument)
        .options(joinedload(Booking.instrument), joinedload(Booking.person))
        .where(where, Booking.status.in_(OPEN), Booking.end_at > window.start, Booking.start_at < window.end)
        .order_by(Booking.start_at, Booking.id)
    ).all()
    spans = closure_spans(closure, window)
    return [one for one in candidates if any(one.span.overlaps(span) for span in spans)]
