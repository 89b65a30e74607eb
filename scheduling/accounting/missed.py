"""Fees for bookings missed or cancelled too late. They are made when the booked time is over: only then is known what others used of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, exists, or_, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from instruments.database import Base
from instruments.people import GroupMember
from scheduling.accounting.charges import Charge
from scheduling.accounting.charging import Bill, add_charge
from scheduling.accounting.holds import Hold
from scheduling.accounting.spending import shares_of
from scheduling.bookingquotes import BookingQuote, quote_of
from scheduling.bookings import Booking
from scheduling.locks import take_locks
from scheduling.rates import price_cancel, price_missed

# How far back is looked, also after the jobs stood still for a while.
LOOK_BACK = timedelta(days=31)


class MissedCheck(Base):
    """A missed or cancelled booking that was looked at, so that it is looked at once."""

    __tablename__ = "missed_check"
    __audited__ = False

    booking_id: Mapped[int] = mapped_column(ForeignKey("booking.id"), primary_key=True)
    at: Mapped[datetime]


def charge_missed(session: Session, *, now: datetime, most: int = 100) -> list[Charge]:
    """Make the drafts of fees that are due; bookings without rates when they were made cost nothing. Harmless to repeat."""
    due = _due(session, now, most)
    take_locks(session, sorted({one.instrument_id for one in due}))
    made = []
    for one in due:
        if session.get(MissedCheck, one.id) is None:  # again, under the lock
            session.add(MissedCheck(booking_id=one.id, at=now))
            made += _charge(session, one, now)
    session.flush()
    return made


def _due(session: Session, now: datetime, most: int) -> Sequence[Booking]:
    """Bookings nobody came for, and confirmed ones their own side cancelled; not those a manager, a closure or the PI's refusal ended."""
    own_side = or_(
        Booking.decided_by == Booking.person_id,
        exists().where(GroupMember.group_id == Booking.group_id, GroupMember.person_id == Booking.decided_by, GroupMember.is_pi),
    )
    refused = exists().where(Hold.booking_id == Booking.id, Hold.approval == "refused")
    cancelled = (Booking.status == "cancelled") & Booking.expires_at.is_(None) & own_side & ~refused
    return session.scalars(
        select(Booking)
        .join(BookingQuote, BookingQuote.booking_id == Booking.id)
        .where(
            or_(Booking.status == "no_show", cancelled), BookingQuote.tariff_version_id.is_not(None), Booking.end_at <= now,
            Booking.end_at > now - LOOK_BACK, ~exists().where(MissedCheck.booking_id == Booking.id),
        )
        .options(joinedload(Booking.instrument), joinedload(Booking.person))
        .order_by(Booking.end_at, Booking.id)
        .limit(most)
    ).all()  # fmt: skip


def _charge(session: Session, one: Booking, now: datetime) -> list[Charge]:
    missed = one.status == "no_show"
    version, priced = price_missed(session, one) if missed else price_cancel(session, one)
    if priced is None or priced.total == 0:
        return []
    quote = quote_of(session, one.id)
    bill = Bill(
        "no_show" if missed else "late_cancel", one.instrument, one.person, one.start_at, priced, version, None, one, one.group_id,
        quote_total=quote.total if quote else None, shares=shares_of(quote),
    )  # fmt: skip
    return [add_charge(session, bill, now=now)]
