"""Touched times: what the database itself notes whenever a row that statistics rest on changes, on whatever path, in the same transaction.

The rollups of the months a noted time meets are made anew by rollup.py, which takes the note away in the same transaction. A note of no
instrument is of its facility's, or of all of them; a note without an end reaches to today, one without a beginning from the first day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, delete, insert
from sqlalchemy.orm import Mapped, mapped_column

from instruments.catalogue import Instrument, PublicationPhase
from instruments.closures import Closure
from instruments.database import DERIVED, Base, Key, attach
from instruments.holidays import Holiday
from instruments.lanes import LaneCount
from instruments.opening import OpeningHours
from instruments.standing import PastStanding
from scheduling.accounting.charges import Charge
from scheduling.bookings import Booking
from scheduling.usage import UsageRecord
from scheduling.usageproblems import UsageProblem


class TouchedSpan(Base):
    """One note: figures of an instrument (or of a facility's, or of all) within [start_at, end_at] are no longer as the rows say."""

    __tablename__ = "touched_span"
    __audited__ = False

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    instrument_id: Mapped[int | None] = mapped_column(BigInteger)
    facility_id: Mapped[int | None] = mapped_column(BigInteger)
    start_at: Mapped[datetime | None]
    end_at: Mapped[datetime | None]

    __table_args__ = ({"info": {DERIVED: True}},)


# What a note says, with {row} for NEW or OLD: instrument, facility, from, until; and the columns whose change matters ("" for any).
NONE = "CAST(NULL AS bigint)"
USE = f"SELECT {{row}}.instrument_id, {NONE}, {{row}}.start_at, COALESCE({{row}}.end_at, {{row}}.start_at)"
BOOKING = f"SELECT {{row}}.instrument_id, {NONE}, {{row}}.start_at, {{row}}.end_at"
CHARGE = f"SELECT {{row}}.instrument_id, {NONE}, {{row}}.used_at, {{row}}.used_at"
CLOSURE = "SELECT {row}.instrument_id, {row}.facility_id, {row}.start_at, {row}.last_end_at"
# Readings that no use explains are a problem too, but no figure's.
PROBLEM = f"SELECT instrument_id, {NONE}, start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = {{row}}.usage_id"
PHASE = {
    "sqlite": f"SELECT {{row}}.instrument_id, {NONE}, {{row}}.at, NULL",
    "postgresql": f"SELECT {{row}}.instrument_id, {NONE}, {{row}}.at, CAST(NULL AS timestamptz)",
}
INSTRUMENT = {
    "sqlite": f"SELECT {{row}}.id, {NONE}, NULL, NULL",
    "postgresql": f"SELECT {{row}}.id, {NONE}, CAST(NULL AS timestamptz), CAST(NULL AS timestamptz)",
}
# A move itself is a change of the instrument; here it is told otherwise afterwards.
MOVE = {
    "sqlite": f"SELECT {{row}}.instrument_id, {NONE}, NULL, NULL",
    "postgresql": f"SELECT {{row}}.instrument_id, {NONE}, CAST(NULL AS timestamptz), CAST(NULL AS timestamptz)",
}
# A local date is somewhere within two days of its UTC midnight.
SINCE = {
    "sqlite": f"SELECT {{row}}.instrument_id, {NONE}, datetime({{row}}.valid_from, '-2 days'), NULL",
    "postgresql": f"SELECT {{row}}.instrument_id, {NONE}, ({{row}}.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz)",
}
HOLIDAY = {
    "sqlite": f"SELECT {NONE}, {NONE}, datetime({{row}}.on_date, '-2 days'), datetime({{row}}.on_date, '+3 days')",
    "postgresql": (
        f"SELECT {NONE}, {NONE}, ({{row}}.on_date - 2)::timestamp AT TIME ZONE 'UTC', ({{row}}.on_date + 3)::timestamp AT TIME ZONE 'UTC'"
    ),
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose changes are noted: what a note says, on which steps, and the columns whose change matters (none: any)."""

    table: type[Base]
    says: Mapping[str, str]
    columns: str = ""
    steps: tuple[str, ...] = ("INSERT", "UPDATE", "DELETE")


def _both(says: str) -> Mapping[str, str]:
    return {"sqlite": says, "postgresql": says}


WATCHED = (
    Watched(
        UsageRecord, _both(USE), "start_at end_at effective_minutes samples runs status mode purpose rating", ("INSERT", "UPDATE"),
    ),
    Watched(UsageProblem, _both(PROBLEM), "usage_id resolved_at", ("INSERT", "UPDATE")),
    Watched(Booking, _both(BOOKING), "lane start_at end_at status"),
    Watched(Charge, _both(CHARGE), "usage_id booking_id used_at total final_at", ("INSERT", "UPDATE")),
    Watched(Closure, _both(CLOSURE), "kind start_at end_at last_end_at repeats repeat_every repeat_until lifted_at lifted_days"),
    Watched(OpeningHours, SINCE),
    Watched(LaneCount, SINCE),
    Watched(Holiday, HOLIDAY),
    Watched(PublicationPhase, PHASE),
    Watched(Instrument, INSTRUMENT, "lanes time_zone facility_id published_at", ("UPDATE",)),
    Watched(PastStanding, MOVE, "until_at facility_id", ("UPDATE", "DELETE")),
)  # fmt: skip
_ROWS = {"INSERT": ("NEW",), "UPDATE": ("NEW", "OLD"), "DELETE": ("OLD",)}


def triggers(dialect: str) -> list[tuple[type[Base], str]]:
    """Give the statements that make the database keep the notes on a dialect, each with its table."""
    made = _on_sqlite if dialect == "sqlite" else _on_postgresql
    return [(one.table, statement) for one in WATCHED for statement in made(one)]


def _note(says: str, step: str) -> str:
    """Write the statement that makes the notes of a step; where a change moves nothing, one note tells of both rows."""
    told = " UNION ".join(says.format(row=row) for row in _ROWS[step])
    return f"INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) {told};"


def _on_sqlite(one: Watched) -> list[str]:
    name = one.table.__tablename__
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in one.columns.split())
    return [
        f"CREATE TRIGGER {name}_touched_{step.lower()} AFTER {step} ON {name} "
        + (f"WHEN {changed} " if changed and step == "UPDATE" else "")
        + "BEGIN " + _note(one.says["sqlite"], step) + " END"
        for step in one.steps
    ]  # fmt: skip


def _on_postgresql(one: Watched) -> list[str]:
    name, says = one.table.__tablename__, one.says["postgresql"]
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in one.columns.replace("lifted_days", "").split())
    if "lifted_days" in one.columns:  # JSON cannot be compared on PostgreSQL
        changed += " OR NEW.lifted_days::text IS DISTINCT FROM OLD.lifted_days::text"
    made = []
    for step in one.steps:
        function = f"touch_{name}_{step.lower()}"
        when = f"WHEN ({changed}) " if changed and step == "UPDATE" else ""
        made.append(f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_note(says, step)} RETURN NULL; END $$")
        made.append(
            f"CREATE TRIGGER {name}_touched_{step.lower()} AFTER {step} ON {name} FOR EACH ROW {when}EXECUTE FUNCTION {function}()"
        )
    return made


def leavings() -> list[str]:
    """Give the statements that take away what PostgreSQL keeps of the triggers when their tables are gone."""
    return [f"DROP FUNCTION IF EXISTS touch_{one.table.__tablename__}_{step.lower()}() CASCADE" for one in WATCHED for step in one.steps]


for _dialect in ("sqlite", "postgresql"):
    for _table, _statement in triggers(_dialect):
        attach(_table, _statement, _dialect)
for _statement in leavings():
    attach(TouchedSpan, _statement, "postgresql", moment="after_drop")


def touch_everything(connection: Connection) -> None:
    """Have all figures made anew: one note instead of however many there are."""
    connection.execute(delete(TouchedSpan))
    connection.execute(insert(TouchedSpan).values(instrument_id=None, facility_id=None, start_at=None, end_at=None))
