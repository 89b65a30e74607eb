"""From bookings to entries of a calendar, in the reader's language."""

from __future__ import annotations

from urllib.parse import urlsplit

from instruments.catalogue import Instrument
from portal.config import settings
from portal.language import current_language, name, say, t
from portal.links import outside_path
from portal.told import ToldBooking, ToldInstrument
from scheduling.bookings import STATUSES, Booking
from scheduling.ical import Entry

CANCELLED = frozenset({"cancelled", "declined", "expired", "moved"})


def entry_of(booking: Booking | ToldBooking, *, organizer: str = "") -> Entry:
    """Describe a booking to whoever made it. What is cancelled counts as one version more, so that calendars believe it."""
    gone = booking.status in CANCELLED
    waits = booking.status == "requested"
    title = name(booking.instrument)
    return Entry(
        uid=f"{booking.uid}@{host()}",
        span=booking.span,
        time_zone=booking.instrument.time_zone,
        summary=t("{what}（待审批）", "{what} (waiting for approval)", what=title) if waits else title,
        changed_at=booking.changed_at,
        sequence=booking.sequence + gone,
        status="CANCELLED" if gone else "TENTATIVE" if waits else "CONFIRMED",
        location=place(booking.instrument),
        description=_description(booking),
        url=outside_path(f"/bookings/{booking.id}"),
        organizer=organizer,
        created_at=booking.created_at,
    )


def _description(booking: Booking | ToldBooking) -> str:
    lines = [
        say(STATUSES[booking.status]),
        t("联系：{who}", "Whom to ask: {who}", who=contact(booking.instrument)) if contact(booking.instrument) else "",
        booking.note,
    ]
    return "\n".join(line for line in lines if line)


def place(instrument: Instrument | ToldInstrument) -> str:
    """Say where an instrument stands: building and room, else its street or the address of its contact."""
    near = [part for part in (instrument.building, instrument.room) if part]
    where = instrument.street or instrument.address
    parts = [where, *near] if current_language() == "zh" else [*reversed(near), where]
    return " ".join(part for part in parts if part)


def contact(instrument: Instrument | ToldInstrument) -> str:
    """Say whom to ask about an instrument: the contact named, with telephone and address."""
    return " ".join(part for part in (instrument.contact, instrument.phone, instrument.email) if part)


def host() -> str:
    """Give the name of the portal's host, which makes identifiers of ours unlike all others."""
    found = urlsplit(settings().base_url).hostname or "localhost"
    return found if ":" not in found else "localhost"
