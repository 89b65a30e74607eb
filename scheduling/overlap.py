"""The promise of the database: no two holding bookings of one lane overlap, whatever the application does.

PostgreSQL: EXCLUDE USING gist over (instrument, lane, occupied range), with core operator classes only. SQLite: triggers before insert and
update, under BEGIN IMMEDIATE. The CHECKs of the table keep ranges bounded, ordered and not NULL (the exclusion alone would take them).
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, IntegrityError

MARK = "booking_no_overlap"
RUNNING = "uq_booking_running"

POSTGRESQL = (
    "ALTER TABLE booking ADD CONSTRAINT ck_booking_finite CHECK (isfinite(occupied_from) AND isfinite(occupied_until))",
    "ALTER TABLE booking ADD CONSTRAINT booking_no_overlap EXCLUDE USING gist ("
    "int8range(instrument_id, instrument_id, '[]') WITH &&, int4range(lane, lane, '[]') WITH &&, "
    "tstzrange(occupied_from, occupied_until, '[)') WITH &&) WHERE (holds)",
)
_CLASH = (
    "SELECT RAISE(ABORT, 'booking_no_overlap') WHERE EXISTS (SELECT 1 FROM booking WHERE holds = 1 AND instrument_id = NEW.instrument_id "
    "AND lane = NEW.lane AND id IS NOT NEW.id AND occupied_until > NEW.occupied_from AND occupied_from < NEW.occupied_until);"
)
SQLITE = (
    f"CREATE TRIGGER booking_no_overlap_insert BEFORE INSERT ON booking WHEN NEW.holds BEGIN {_CLASH} END",
    "CREATE TRIGGER booking_no_overlap_update BEFORE UPDATE OF instrument_id, lane, occupied_from, occupied_until, holds ON booking "
    f"WHEN NEW.holds BEGIN {_CLASH} END",
)


def is_overlap(error: DBAPIError) -> bool:
    """Say whether the database refused because the lane is held already."""
    return MARK in str(error.orig)


def is_second_use(error: IntegrityError) -> bool:
    """Say whether the database refused because the instrument's lane is running already."""
    text = str(error.orig)
    return RUNNING in text or "booking.instrument_id, booking.lane" in text
