"""What a letter tells of a booking: the facts as they were when it happened, small enough to be kept beside it.

Letters are laid out when they are sent, not while an instrument's lock is held; what happens to the booking meanwhile does not change them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from instruments.access import Viewer
from instruments.catalogue import Instrument
from instruments.people import Person
from instruments.timespan import TimeSpan
from scheduling.bookings import Booking

TIMES = ("start_at", "end_at", "created_at", "changed_at", "expires_at")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whoever is written to."""

    person_id: int
    name: str
    email: str
    language: str

    @classmethod
    def of(cls, person: Person | Viewer) -> Self:
        """Take what matters of a person, or of the viewer she is."""
        return cls(person.person_id if isinstance(person, Viewer) else person.id, person.name, person.email, person.language)


@dataclass(frozen=True, slots=True)
class ToldInstrument:
    """An instrument as letters and calendars name it."""

    id: int
    name_zh: str
    name_en: str
    model: str
    time_zone: str
    building: str
    room: str
    street: str
    address: str
    contact: str
    phone: str
    email: str

    @classmethod
    def of(cls, instrument: Instrument) -> Self:
        """Take what matters of an instrument."""
        return cls(*(getattr(instrument, name) for name in OF_INSTRUMENT))


@dataclass(frozen=True, slots=True)
class ToldBooking:
    """A booking as letters and calendars tell of it. `person_name` and the names of her organisation are for those who decide."""

    id: int
    uid: str
    sequence: int
    status: str
    start_at: datetime
    end_at: datetime
    created_at: datetime
    changed_at: datetime
    expires_at: datetime | None
    note: str
    approval_reasons: str
    instrument: ToldInstrument
    person_name: str = ""
    organisation_zh: str = ""
    organisation_en: str = ""

    @property
    def span(self) -> TimeSpan:
        """Give the time of use."""
        return TimeSpan(self.start_at, self.end_at)

    @classmethod
    def of(cls, one: Booking, *, with_person: bool = False) -> Self:
        """Take what matters of a booking."""
        who = (one.person.name, one.person.organisation.name_zh, one.person.organisation.name_en) if with_person else ()
        return cls(
            one.id, one.uid, one.sequence, one.status, one.start_at, one.end_at, one.created_at, one.changed_at, one.expires_at,
            one.note, one.approval_reasons, ToldInstrument.of(one.instrument), *who,
        )  # fmt: skip

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `kept` wrote."""
        times = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in TIMES}
        return cls(**{**kept, **times, "instrument": ToldInstrument(**kept["instrument"])})

    def kept(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        # asdict() copies deeply, which costs more than the whole rest of writing a letter down
        plain = {name: getattr(self, name) for name in OF_BOOKING}
        times = {name: at.isoformat() if (at := plain[name]) else None for name in TIMES}
        return plain | times | {"instrument": {name: getattr(self.instrument, name) for name in OF_INSTRUMENT}}


OF_INSTRUMENT = tuple(field.name for field in fields(ToldInstrument))
OF_BOOKING = tuple(field.name for field in fields(ToldBooking))
