"""What the database promises of usage records: no two occupying uses of a lane overlap, and who used what for whom stays as it was.

A running use reaches without end, so a second one in its lane is refused as an overlap too. PostgreSQL: EXCLUDE USING gist and a trigger;
SQLite: triggers before insert and update.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

MARK, RUNNING, BOOKED = "usage_no_overlap", "uq_usage_record_running", "uq_usage_record_booking"
FROZEN = ("instrument_id", "person_id", "organisation_id", "owner_id", "audience", "is_external", "created_at")
_SAME = " AND ".join(f"NEW.{name} IS NOT DISTINCT FROM OLD.{name}" for name in FROZEN)
_CHANGED = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FROZEN)

POSTGRESQL = (
    "ALTER TABLE usage_record ADD CONSTRAINT ck_usage_record_finite CHECK (isfinite(start_at) AND (end_at IS NULL OR isfinite(end_at)))",
    "ALTER TABLE usage_record ADD CONSTRAINT usage_no_overlap EXCLUDE USING gist ("
    "int8range(instrument_id, instrument_id, '[]') WITH &&, int4range(lane, lane, '[]') WITH &&, "
    "tstzrange(start_at, end_at, '[)') WITH &&) WHERE (occupies AND status <> 'void')",
    f"""CREATE FUNCTION keep_usage_record() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF TG_OP = 'UPDATE' AND ({_SAME}) THEN RETURN NEW; END IF;
      RAISE EXCEPTION 'who used what, and for whom, stays as it was';
    END $$""",
    "CREATE TRIGGER usage_record_keep BEFORE UPDATE OR DELETE ON usage_record FOR EACH ROW EXECUTE FUNCTION keep_usage_record()",
)
POSTGRESQL_AFTER = ("DROP FUNCTION IF EXISTS keep_usage_record()",)
_OF_LANE = (
    "SELECT 1 FROM usage_record WHERE instrument_id = NEW.instrument_id AND lane = NEW.lane AND occupies = 1 AND status <> 'void' "
    "AND id IS NOT NEW.id AND (NEW.end_at IS NULL OR start_at < NEW.end_at)"
)
# Two questions, each answered by the index on the lane's ends: ten years of history cost no more than one.
_CLASH = f"SELECT RAISE(ABORT, 'usage_no_overlap') WHERE EXISTS ({_OF_LANE} AND end_at > NEW.start_at) OR EXISTS ({_OF_LANE} AND end_at IS NULL);"
_WHEN = "WHEN NEW.occupies AND NEW.status <> 'void'"
SQLITE = (
    f"CREATE TRIGGER usage_no_overlap_insert BEFORE INSERT ON usage_record {_WHEN} BEGIN {_CLASH} END",
    "CREATE TRIGGER usage_no_overlap_update BEFORE UPDATE OF instrument_id, lane, start_at, end_at, occupies, status ON usage_record "
    f"{_WHEN} BEGIN {_CLASH} END",
    f"CREATE TRIGGER usage_record_keep BEFORE UPDATE ON usage_record WHEN {_CHANGED} "
    "BEGIN SELECT RAISE(ABORT, 'who used what, and for whom, stays as it was'); END",
    "CREATE TRIGGER usage_record_stay BEFORE DELETE ON usage_record "
    "BEGIN SELECT RAISE(ABORT, 'who used what, and for whom, stays as it was'); END",
)


def is_use_overlap(error: DBAPIError) -> bool:
    """Say whether the database refused because somebody used the lane at that time, or still uses it."""
    told = str(error.orig)
    return MARK in told or RUNNING in told or "usage_record.instrument_id, usage_record.lane" in told


def is_second_record(error: DBAPIError) -> bool:
    """Say whether the database refused because the booking has its usage record already."""
    told = str(error.orig)
    return BOOKED in told or "usage_record.booking_id" in told
