"""Statistics: rollups of figures, the notes that keep them up, and what is known of an instrument's past."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Whatever changes the rows that figures rest on leaves a note in the same transaction.
TOUCHED = {
    "sqlite": (
        "CREATE TRIGGER usage_record_touched_insert AFTER INSERT ON usage_record BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, COALESCE(NEW.end_at, NEW.start_at)); END",
        "CREATE TRIGGER usage_record_touched_update AFTER UPDATE ON usage_record WHEN NEW.start_at IS NOT OLD.start_at OR NEW.end_at IS NOT OLD.end_at OR NEW.effective_minutes IS NOT OLD.effective_minutes OR NEW.samples IS NOT OLD.samples OR NEW.runs IS NOT OLD.runs OR NEW.status IS NOT OLD.status OR NEW.mode IS NOT OLD.mode OR NEW.purpose IS NOT OLD.purpose OR NEW.rating IS NOT OLD.rating BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, COALESCE(NEW.end_at, NEW.start_at)); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.start_at, COALESCE(OLD.end_at, OLD.start_at)); END",
        "CREATE TRIGGER usage_problem_touched_insert AFTER INSERT ON usage_problem BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (SELECT start_at FROM usage_record WHERE id = NEW.usage_id), (SELECT COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id)); END",
        "CREATE TRIGGER usage_problem_touched_update AFTER UPDATE ON usage_problem WHEN NEW.usage_id IS NOT OLD.usage_id OR NEW.resolved_at IS NOT OLD.resolved_at BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (SELECT start_at FROM usage_record WHERE id = NEW.usage_id), (SELECT COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id)); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, (SELECT start_at FROM usage_record WHERE id = OLD.usage_id), (SELECT COALESCE(end_at, start_at) FROM usage_record WHERE id = OLD.usage_id)); END",
        "CREATE TRIGGER booking_touched_insert AFTER INSERT ON booking BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, NEW.end_at); END",
        "CREATE TRIGGER booking_touched_update AFTER UPDATE ON booking WHEN NEW.lane IS NOT OLD.lane OR NEW.start_at IS NOT OLD.start_at OR NEW.end_at IS NOT OLD.end_at OR NEW.status IS NOT OLD.status BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, NEW.end_at); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.start_at, OLD.end_at); END",
        "CREATE TRIGGER booking_touched_delete AFTER DELETE ON booking BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.start_at, OLD.end_at); END",
        "CREATE TRIGGER charge_touched_insert AFTER INSERT ON charge BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.used_at, NEW.used_at); END",
        "CREATE TRIGGER charge_touched_update AFTER UPDATE ON charge WHEN NEW.usage_id IS NOT OLD.usage_id OR NEW.booking_id IS NOT OLD.booking_id OR NEW.used_at IS NOT OLD.used_at OR NEW.total IS NOT OLD.total OR NEW.final_at IS NOT OLD.final_at BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.used_at, NEW.used_at); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.used_at, OLD.used_at); END",
        "CREATE TRIGGER closure_touched_insert AFTER INSERT ON closure BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at); END",
        "CREATE TRIGGER closure_touched_update AFTER UPDATE ON closure WHEN NEW.kind IS NOT OLD.kind OR NEW.start_at IS NOT OLD.start_at OR NEW.end_at IS NOT OLD.end_at OR NEW.last_end_at IS NOT OLD.last_end_at OR NEW.repeats IS NOT OLD.repeats OR NEW.repeat_every IS NOT OLD.repeat_every OR NEW.repeat_until IS NOT OLD.repeat_until OR NEW.lifted_at IS NOT OLD.lifted_at OR NEW.lifted_days IS NOT OLD.lifted_days BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at); END",
        "CREATE TRIGGER closure_touched_delete AFTER DELETE ON closure BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at); END",
        "CREATE TRIGGER opening_hours_touched_insert AFTER INSERT ON opening_hours BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, datetime(NEW.valid_from, '-2 days'), NULL); END",
        "CREATE TRIGGER opening_hours_touched_update AFTER UPDATE ON opening_hours BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, datetime(NEW.valid_from, '-2 days'), NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, datetime(OLD.valid_from, '-2 days'), NULL); END",
        "CREATE TRIGGER opening_hours_touched_delete AFTER DELETE ON opening_hours BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, datetime(OLD.valid_from, '-2 days'), NULL); END",
        "CREATE TRIGGER lane_count_touched_insert AFTER INSERT ON lane_count BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, datetime(NEW.valid_from, '-2 days'), NULL); END",
        "CREATE TRIGGER lane_count_touched_update AFTER UPDATE ON lane_count BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, datetime(NEW.valid_from, '-2 days'), NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, datetime(OLD.valid_from, '-2 days'), NULL); END",
        "CREATE TRIGGER lane_count_touched_delete AFTER DELETE ON lane_count BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, datetime(OLD.valid_from, '-2 days'), NULL); END",
        "CREATE TRIGGER holiday_touched_insert AFTER INSERT ON holiday BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, datetime(NEW.on_date, '-2 days'), datetime(NEW.on_date, '+3 days')); END",
        "CREATE TRIGGER holiday_touched_update AFTER UPDATE ON holiday BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, datetime(NEW.on_date, '-2 days'), datetime(NEW.on_date, '+3 days')); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, datetime(OLD.on_date, '-2 days'), datetime(OLD.on_date, '+3 days')); END",
        "CREATE TRIGGER holiday_touched_delete AFTER DELETE ON holiday BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, datetime(OLD.on_date, '-2 days'), datetime(OLD.on_date, '+3 days')); END",
        "CREATE TRIGGER publication_phase_touched_insert AFTER INSERT ON publication_phase BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.at, NULL); END",
        "CREATE TRIGGER publication_phase_touched_update AFTER UPDATE ON publication_phase BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.at, NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.at, NULL); END",
        "CREATE TRIGGER publication_phase_touched_delete AFTER DELETE ON publication_phase BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.at, NULL); END",
        "CREATE TRIGGER instrument_touched_update AFTER UPDATE ON instrument WHEN NEW.lanes IS NOT OLD.lanes OR NEW.time_zone IS NOT OLD.time_zone OR NEW.facility_id IS NOT OLD.facility_id OR NEW.published_at IS NOT OLD.published_at BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.id, NULL, NULL, NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.id, NULL, NULL, NULL); END",
    ),
    "postgresql": (
        "CREATE FUNCTION touch_usage_record_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, COALESCE(NEW.end_at, NEW.start_at)); RETURN NULL; END $$",
        "CREATE TRIGGER usage_record_touched_insert AFTER INSERT ON usage_record FOR EACH ROW EXECUTE FUNCTION touch_usage_record_insert()",
        "CREATE FUNCTION touch_usage_record_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, COALESCE(NEW.end_at, NEW.start_at)); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.start_at, COALESCE(OLD.end_at, OLD.start_at)); RETURN NULL; END $$",
        "CREATE TRIGGER usage_record_touched_update AFTER UPDATE ON usage_record FOR EACH ROW WHEN (NEW.start_at IS DISTINCT FROM OLD.start_at OR NEW.end_at IS DISTINCT FROM OLD.end_at OR NEW.effective_minutes IS DISTINCT FROM OLD.effective_minutes OR NEW.samples IS DISTINCT FROM OLD.samples OR NEW.runs IS DISTINCT FROM OLD.runs OR NEW.status IS DISTINCT FROM OLD.status OR NEW.mode IS DISTINCT FROM OLD.mode OR NEW.purpose IS DISTINCT FROM OLD.purpose OR NEW.rating IS DISTINCT FROM OLD.rating) EXECUTE FUNCTION touch_usage_record_update()",
        "CREATE FUNCTION touch_usage_problem_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (SELECT start_at FROM usage_record WHERE id = NEW.usage_id), (SELECT COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id)); RETURN NULL; END $$",
        "CREATE TRIGGER usage_problem_touched_insert AFTER INSERT ON usage_problem FOR EACH ROW EXECUTE FUNCTION touch_usage_problem_insert()",
        "CREATE FUNCTION touch_usage_problem_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (SELECT start_at FROM usage_record WHERE id = NEW.usage_id), (SELECT COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id)); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, (SELECT start_at FROM usage_record WHERE id = OLD.usage_id), (SELECT COALESCE(end_at, start_at) FROM usage_record WHERE id = OLD.usage_id)); RETURN NULL; END $$",
        "CREATE TRIGGER usage_problem_touched_update AFTER UPDATE ON usage_problem FOR EACH ROW WHEN (NEW.usage_id IS DISTINCT FROM OLD.usage_id OR NEW.resolved_at IS DISTINCT FROM OLD.resolved_at) EXECUTE FUNCTION touch_usage_problem_update()",
        "CREATE FUNCTION touch_booking_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, NEW.end_at); RETURN NULL; END $$",
        "CREATE TRIGGER booking_touched_insert AFTER INSERT ON booking FOR EACH ROW EXECUTE FUNCTION touch_booking_insert()",
        "CREATE FUNCTION touch_booking_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.start_at, NEW.end_at); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.start_at, OLD.end_at); RETURN NULL; END $$",
        "CREATE TRIGGER booking_touched_update AFTER UPDATE ON booking FOR EACH ROW WHEN (NEW.lane IS DISTINCT FROM OLD.lane OR NEW.start_at IS DISTINCT FROM OLD.start_at OR NEW.end_at IS DISTINCT FROM OLD.end_at OR NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION touch_booking_update()",
        "CREATE FUNCTION touch_booking_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.start_at, OLD.end_at); RETURN NULL; END $$",
        "CREATE TRIGGER booking_touched_delete AFTER DELETE ON booking FOR EACH ROW EXECUTE FUNCTION touch_booking_delete()",
        "CREATE FUNCTION touch_charge_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.used_at, NEW.used_at); RETURN NULL; END $$",
        "CREATE TRIGGER charge_touched_insert AFTER INSERT ON charge FOR EACH ROW EXECUTE FUNCTION touch_charge_insert()",
        "CREATE FUNCTION touch_charge_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.used_at, NEW.used_at); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.used_at, OLD.used_at); RETURN NULL; END $$",
        "CREATE TRIGGER charge_touched_update AFTER UPDATE ON charge FOR EACH ROW WHEN (NEW.usage_id IS DISTINCT FROM OLD.usage_id OR NEW.booking_id IS DISTINCT FROM OLD.booking_id OR NEW.used_at IS DISTINCT FROM OLD.used_at OR NEW.total IS DISTINCT FROM OLD.total OR NEW.final_at IS DISTINCT FROM OLD.final_at) EXECUTE FUNCTION touch_charge_update()",
        "CREATE FUNCTION touch_closure_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at); RETURN NULL; END $$",
        "CREATE TRIGGER closure_touched_insert AFTER INSERT ON closure FOR EACH ROW EXECUTE FUNCTION touch_closure_insert()",
        "CREATE FUNCTION touch_closure_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at); RETURN NULL; END $$",
        "CREATE TRIGGER closure_touched_update AFTER UPDATE ON closure FOR EACH ROW WHEN (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.start_at IS DISTINCT FROM OLD.start_at OR NEW.end_at IS DISTINCT FROM OLD.end_at OR NEW.last_end_at IS DISTINCT FROM OLD.last_end_at OR NEW.repeats IS DISTINCT FROM OLD.repeats OR NEW.repeat_every IS DISTINCT FROM OLD.repeat_every OR NEW.repeat_until IS DISTINCT FROM OLD.repeat_until OR NEW.lifted_at IS DISTINCT FROM OLD.lifted_at OR NEW.lifted_days::text IS DISTINCT FROM OLD.lifted_days::text) EXECUTE FUNCTION touch_closure_update()",
        "CREATE FUNCTION touch_closure_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at); RETURN NULL; END $$",
        "CREATE TRIGGER closure_touched_delete AFTER DELETE ON closure FOR EACH ROW EXECUTE FUNCTION touch_closure_delete()",
        "CREATE FUNCTION touch_opening_hours_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); RETURN NULL; END $$",
        "CREATE TRIGGER opening_hours_touched_insert AFTER INSERT ON opening_hours FOR EACH ROW EXECUTE FUNCTION touch_opening_hours_insert()",
        "CREATE FUNCTION touch_opening_hours_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); RETURN NULL; END $$",
        "CREATE TRIGGER opening_hours_touched_update AFTER UPDATE ON opening_hours FOR EACH ROW EXECUTE FUNCTION touch_opening_hours_update()",
        "CREATE FUNCTION touch_opening_hours_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); RETURN NULL; END $$",
        "CREATE TRIGGER opening_hours_touched_delete AFTER DELETE ON opening_hours FOR EACH ROW EXECUTE FUNCTION touch_opening_hours_delete()",
        "CREATE FUNCTION touch_lane_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); RETURN NULL; END $$",
        "CREATE TRIGGER lane_count_touched_insert AFTER INSERT ON lane_count FOR EACH ROW EXECUTE FUNCTION touch_lane_count_insert()",
        "CREATE FUNCTION touch_lane_count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); RETURN NULL; END $$",
        "CREATE TRIGGER lane_count_touched_update AFTER UPDATE ON lane_count FOR EACH ROW EXECUTE FUNCTION touch_lane_count_update()",
        "CREATE FUNCTION touch_lane_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', NULL); RETURN NULL; END $$",
        "CREATE TRIGGER lane_count_touched_delete AFTER DELETE ON lane_count FOR EACH ROW EXECUTE FUNCTION touch_lane_count_delete()",
        "CREATE FUNCTION touch_holiday_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, (NEW.on_date - 2)::timestamp AT TIME ZONE 'UTC', (NEW.on_date + 3)::timestamp AT TIME ZONE 'UTC'); RETURN NULL; END $$",
        "CREATE TRIGGER holiday_touched_insert AFTER INSERT ON holiday FOR EACH ROW EXECUTE FUNCTION touch_holiday_insert()",
        "CREATE FUNCTION touch_holiday_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, (NEW.on_date - 2)::timestamp AT TIME ZONE 'UTC', (NEW.on_date + 3)::timestamp AT TIME ZONE 'UTC'); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, (OLD.on_date - 2)::timestamp AT TIME ZONE 'UTC', (OLD.on_date + 3)::timestamp AT TIME ZONE 'UTC'); RETURN NULL; END $$",
        "CREATE TRIGGER holiday_touched_update AFTER UPDATE ON holiday FOR EACH ROW EXECUTE FUNCTION touch_holiday_update()",
        "CREATE FUNCTION touch_holiday_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NULL, NULL, (OLD.on_date - 2)::timestamp AT TIME ZONE 'UTC', (OLD.on_date + 3)::timestamp AT TIME ZONE 'UTC'); RETURN NULL; END $$",
        "CREATE TRIGGER holiday_touched_delete AFTER DELETE ON holiday FOR EACH ROW EXECUTE FUNCTION touch_holiday_delete()",
        "CREATE FUNCTION touch_publication_phase_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.at, NULL); RETURN NULL; END $$",
        "CREATE TRIGGER publication_phase_touched_insert AFTER INSERT ON publication_phase FOR EACH ROW EXECUTE FUNCTION touch_publication_phase_insert()",
        "CREATE FUNCTION touch_publication_phase_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.instrument_id, NULL, NEW.at, NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.at, NULL); RETURN NULL; END $$",
        "CREATE TRIGGER publication_phase_touched_update AFTER UPDATE ON publication_phase FOR EACH ROW EXECUTE FUNCTION touch_publication_phase_update()",
        "CREATE FUNCTION touch_publication_phase_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.instrument_id, NULL, OLD.at, NULL); RETURN NULL; END $$",
        "CREATE TRIGGER publication_phase_touched_delete AFTER DELETE ON publication_phase FOR EACH ROW EXECUTE FUNCTION touch_publication_phase_delete()",
        "CREATE FUNCTION touch_instrument_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (NEW.id, NULL, NULL, NULL); INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) VALUES (OLD.id, NULL, NULL, NULL); RETURN NULL; END $$",
        "CREATE TRIGGER instrument_touched_update AFTER UPDATE ON instrument FOR EACH ROW WHEN (NEW.lanes IS DISTINCT FROM OLD.lanes OR NEW.time_zone IS DISTINCT FROM OLD.time_zone OR NEW.facility_id IS DISTINCT FROM OLD.facility_id OR NEW.published_at IS DISTINCT FROM OLD.published_at) EXECUTE FUNCTION touch_instrument_update()",
    ),
}
LEFT_BEHIND = {
    "sqlite": (
        "DROP TRIGGER usage_record_touched_insert",
        "DROP TRIGGER usage_record_touched_update",
        "DROP TRIGGER usage_problem_touched_insert",
        "DROP TRIGGER usage_problem_touched_update",
        "DROP TRIGGER booking_touched_insert",
        "DROP TRIGGER booking_touched_update",
        "DROP TRIGGER booking_touched_delete",
        "DROP TRIGGER charge_touched_insert",
        "DROP TRIGGER charge_touched_update",
        "DROP TRIGGER closure_touched_insert",
        "DROP TRIGGER closure_touched_update",
        "DROP TRIGGER closure_touched_delete",
        "DROP TRIGGER opening_hours_touched_insert",
        "DROP TRIGGER opening_hours_touched_update",
        "DROP TRIGGER opening_hours_touched_delete",
        "DROP TRIGGER holiday_touched_insert",
        "DROP TRIGGER holiday_touched_update",
        "DROP TRIGGER holiday_touched_delete",
        "DROP TRIGGER instrument_touched_update",
    ),
    "postgresql": (
        "DROP FUNCTION IF EXISTS touch_usage_record_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_usage_record_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_usage_problem_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_usage_problem_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_booking_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_booking_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_booking_delete() CASCADE",
        "DROP FUNCTION IF EXISTS touch_charge_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_charge_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_closure_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_closure_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_closure_delete() CASCADE",
        "DROP FUNCTION IF EXISTS touch_opening_hours_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_opening_hours_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_opening_hours_delete() CASCADE",
        "DROP FUNCTION IF EXISTS touch_lane_count_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_lane_count_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_lane_count_delete() CASCADE",
        "DROP FUNCTION IF EXISTS touch_holiday_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_holiday_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_holiday_delete() CASCADE",
        "DROP FUNCTION IF EXISTS touch_publication_phase_insert() CASCADE",
        "DROP FUNCTION IF EXISTS touch_publication_phase_update() CASCADE",
        "DROP FUNCTION IF EXISTS touch_publication_phase_delete() CASCADE",
        "DROP FUNCTION IF EXISTS touch_instrument_update() CASCADE",
    ),
}


def upgrade() -> None:
    op.create_table(
        "day_figure",
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("external", sa.Integer(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.Column("down_open", sa.Integer(), nullable=False),
        sa.Column("no_show", sa.Integer(), nullable=False),
        sa.Column("late_cancel", sa.Integer(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("external_uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.Column("external_income", sa.BigInteger(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("instrument_id", "starts_on", name=op.f("pk_day_figure")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "day_use",
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("instrument_id", "starts_on", "audience", "is_external", "mode", "purpose", name=op.f("pk_day_use")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "figure_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_state")),
    )
    op.create_table(
        "month_figure",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("external", sa.Integer(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.Column("down_open", sa.Integer(), nullable=False),
        sa.Column("no_show", sa.Integer(), nullable=False),
        sa.Column("late_cancel", sa.Integer(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("external_uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.Column("external_income", sa.BigInteger(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", name=op.f("pk_month_figure")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_month_figure_instrument_id"), "month_figure", ["instrument_id"], unique=False)
    op.create_table(
        "month_use",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", "audience", "is_external", "mode", "purpose", name=op.f("pk_month_use")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_month_use_instrument_id"), "month_use", ["instrument_id"], unique=False)
    op.create_table(
        "month_user",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", "person_id", "organisation_id", "is_external", name=op.f("pk_month_user")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_month_user_instrument_id"), "month_user", ["instrument_id"], unique=False)
    op.create_table(
        "touched_span",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), nullable=True),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched_span")),
    )
    op.create_table(
        "year_figure",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opening", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("external", sa.Integer(), nullable=False),
        sa.Column("down", sa.Integer(), nullable=False),
        sa.Column("down_open", sa.Integer(), nullable=False),
        sa.Column("no_show", sa.Integer(), nullable=False),
        sa.Column("late_cancel", sa.Integer(), nullable=False),
        sa.Column("bookings", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("external_uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.Column("external_income", sa.BigInteger(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", name=op.f("pk_year_figure")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_year_figure_instrument_id"), "year_figure", ["instrument_id"], unique=False)
    op.create_table(
        "year_use",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("effective", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("income", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", "audience", "is_external", "mode", "purpose", name=op.f("pk_year_use")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_year_use_instrument_id"), "year_use", ["instrument_id"], unique=False)
    op.create_table(
        "year_user",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", "person_id", "organisation_id", "is_external", name=op.f("pk_year_user")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_year_user_instrument_id"), "year_user", ["instrument_id"], unique=False)
    op.create_table(
        "lane_count",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("lanes", sa.Integer(), nullable=False),
        sa.CheckConstraint("lanes BETWEEN 1 AND 500", name=op.f("ck_lane_count_lanes")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_lane_count_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane_count")),
        sa.UniqueConstraint("instrument_id", "valid_from", name=op.f("uq_lane_count_instrument_id_valid_from")),
    )
    op.create_table(
        "publication_phase",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("publication", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_publication_phase_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_phase")),
    )
    op.create_index(op.f("ix_publication_phase_instrument_id"), "publication_phase", ["instrument_id"], unique=False)
    op.create_index(op.f("ix_charge_instrument_id_charge_used_at"), "charge", ["instrument_id", "used_at"], unique=False)
    for statement in TOUCHED[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
    # What was published before is published since then; when it was suspended or retired is not known.
    op.execute(
        "INSERT INTO publication_phase (instrument_id, at, publication) "
        "SELECT id, published_at, 'published' FROM instrument WHERE published_at IS NOT NULL ORDER BY id"
    )
    op.execute(
        "INSERT INTO publication_phase (instrument_id, at, publication) SELECT id, CURRENT_TIMESTAMP, publication FROM instrument "
        "WHERE published_at IS NOT NULL AND publication <> 'published' ORDER BY id"
    )
    op.execute("DELETE FROM touched_span")
    op.execute("INSERT INTO touched_span (instrument_id) VALUES (NULL)")


def downgrade() -> None:
    for statement in LEFT_BEHIND[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
    op.drop_index(op.f("ix_charge_instrument_id_charge_used_at"), table_name="charge")
    op.drop_index(op.f("ix_publication_phase_instrument_id"), table_name="publication_phase")
    op.drop_table("publication_phase")
    op.drop_table("lane_count")
    op.drop_index(op.f("ix_year_user_instrument_id"), table_name="year_user")
    op.drop_table("year_user")
    op.drop_index(op.f("ix_year_use_instrument_id"), table_name="year_use")
    op.drop_table("year_use")
    op.drop_index(op.f("ix_year_figure_instrument_id"), table_name="year_figure")
    op.drop_table("year_figure")
    op.drop_table("touched_span")
    op.drop_index(op.f("ix_month_user_instrument_id"), table_name="month_user")
    op.drop_table("month_user")
    op.drop_index(op.f("ix_month_use_instrument_id"), table_name="month_use")
    op.drop_table("month_use")
    op.drop_index(op.f("ix_month_figure_instrument_id"), table_name="month_figure")
    op.drop_table("month_figure")
    op.drop_table("figure_state")
    op.drop_table("day_use")
    op.drop_table("day_figure")
