"""Where instruments stood (归属): the organisation, facility, class and city of an earlier time, as the database itself keeps them.

Whenever one of them changes, on whatever path, the database keeps the old ones in the same transaction. What was empty of class and city and is
filled in has not changed. What is told of a period is told by the standing at its end: that of the earliest row from then on, or today's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, String, Subquery, case, func, or_, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from instruments.catalogue import Instrument
from instruments.database import Base, Key, attach
from instruments.timespan import TimeSpan


class PastStanding(Base):
    """Where an instrument stood until an instant, since the row before it of the same instrument."""

    __tablename__ = "past_standing"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int] = mapped_column(ForeignKey("instrument.id"), index=True)
    until_at: Mapped[datetime]
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    facility_id: Mapped[int | None] = mapped_column(ForeignKey("facility.id"), index=True)
    category_code: Mapped[str | None] = mapped_column(String(6))
    city: Mapped[str] = mapped_column(String(40))


_COLUMNS = "organisation_id, facility_id, category_code, city"
_OLD = "OLD.organisation_id, OLD.facility_id, OLD.category_code, OLD.city"
_CHANGED = (
    "NEW.organisation_id <> OLD.organisation_id OR NEW.facility_id IS {differs} OLD.facility_id "
    "OR (OLD.category_code IS NOT NULL AND NEW.category_code IS {differs} OLD.category_code) OR (OLD.city <> '' AND NEW.city <> OLD.city)"
)
# Milliseconds are all that SQLite knows of the time; told as the other times are.
_KEEP_ON_SQLITE = (
    f"CREATE TRIGGER instrument_stood AFTER UPDATE ON instrument WHEN {_CHANGED.format(differs='NOT')} "
    f"BEGIN INSERT INTO past_standing (instrument_id, until_at, {_COLUMNS}) "
    f"VALUES (OLD.id, strftime('%Y-%m-%d %H:%M:%f', 'now') || '000', {_OLD}); END"
)
# The clock, not the beginning of the transaction: whoever waited for the row comes after whoever had it.
_KEEP_ON_POSTGRESQL = (
    "CREATE FUNCTION keep_standing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"INSERT INTO past_standing (instrument_id, until_at, {_COLUMNS}) VALUES (OLD.id, clock_timestamp(), {_OLD}); RETURN NULL; END $$",
    f"CREATE TRIGGER instrument_stood AFTER UPDATE ON instrument FOR EACH ROW WHEN ({_CHANGED.format(differs='DISTINCT FROM')}) "
    "EXECUTE FUNCTION keep_standing()",
)
attach(PastStanding, _KEEP_ON_SQLITE, "sqlite")
for _statement in _KEEP_ON_POSTGRESQL:
    attach(PastStanding, _statement, "postgresql")
attach(PastStanding, "DROP FUNCTION IF EXISTS keep_standing() CASCADE", "postgresql", moment="after_drop")


@dataclass(frozen=True, slots=True)
class Standing:
    """The SQL for where instruments stood at an instant: `then` has a row for those that have moved since, to be joined outwards to Instrument."""

    then: Subquery
    organisation_id: ColumnElement[int]
    facility_id: ColumnElement[int | None]
    category_code: ColumnElement[str | None]
    city: ColumnElement[str]

    @property
    def joined(self) -> ColumnElement[bool]:
        """Give the condition of the join."""
        return self.then.c.instrument_id == Instrument.id

    def reached(self, name: str, value: Any) -> ColumnElement[bool]:
        """Give the SQL for instruments of which a column says so now or did then: found by the indices, to be looked at more closely."""
        today = aliased(Instrument)
        now = select(today.id).where(getattr(today, name) == value)
        return Instrument.id.in_(now.union_all(select(self.then.c.instrument_id).where(self.then.c[name] == value)))


def standing_at(at: datetime) -> Standing:
    """Give where instruments stood at the end of a period, just before an instant; hardly any has moved since, so that it costs next to nothing."""
    first = select(func.min(PastStanding.id)).where(PastStanding.until_at >= at).group_by(PastStanding.instrument_id)
    then = select(PastStanding).where(PastStanding.id.in_(first)).subquery()
    return Standing(
        then, func.coalesce(then.c.organisation_id, Instrument.organisation_id),
        case((then.c.id.is_(None), Instrument.facility_id), else_=then.c.facility_id),
        func.coalesce(then.c.category_code, Instrument.category_code), func.coalesce(func.nullif(then.c.city, ""), Instrument.city),
    )  # fmt: skip


def ever_in(facility_id: Any) -> ColumnElement[bool]:
    """Give the SQL for the instruments of a facility, those that have left it included."""
    left = select(PastStanding.instrument_id).where(PastStanding.facility_id == facility_id)
    return or_(Instrument.facility_id == facility_id, Instrument.id.in_(left))


def organisation_then(session: Session, instrument: Instrument, at: datetime) -> int:
    """Give the organisation to which an instrument belonged at the end of a period, just before an instant; one statement."""
    left = select(PastStanding.organisation_id).where(PastStanding.instrument_id == instrument.id, PastStanding.until_at >= at)
    return session.scalar(left.order_by(PastStanding.id).limit(1)) or instrument.organisation_id


Facilities = Sequence[tuple[datetime, int | None]]


def past_facilities(session: Session, instrument_ids: Collection[int]) -> Mapping[int, Facilities]:
    """Give (until when, in which facility) of those instruments that ever moved, oldest first; one statement."""
    rows = session.execute(
        select(PastStanding.instrument_id, PastStanding.until_at, PastStanding.facility_id)
        .where(PastStanding.instrument_id.in_(list(instrument_ids)))
        .order_by(PastStanding.instrument_id, PastStanding.id)
    )
    found: dict[int, list[tuple[datetime, int | None]]] = {}
    for instrument_id, until_at, facility_id in rows:
        found.setdefault(instrument_id, []).append((until_at, facility_id))
    return found


def times_in(facility_id: int, past: Facilities, today: int | None, window: TimeSpan) -> list[TimeSpan]:
    """Give the times within a window at which an instrument belonged to a facility; `today` is the one it belongs to now."""
    spans, since = [], window.start
    for until, home in (*past, (window.end, today)):
        end = min(until, window.end)
        if home == facility_id and since < end:
            spans.append(TimeSpan(since, end))
        since = max(since, until)
    return spans
