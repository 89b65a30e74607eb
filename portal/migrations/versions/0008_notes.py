"""Notes of what has changed: one where a change moves nothing, none of readings that no use explains; bookings of an instrument by time."""

import sqlalchemy as sa
from alembic import context, op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TOUCHED = {
    "sqlite": (
        "CREATE TRIGGER usage_record_touched_insert AFTER INSERT ON usage_record BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, COALESCE(NEW.end_at, NEW.start_at); END",
        "CREATE TRIGGER usage_record_touched_update AFTER UPDATE ON usage_record WHEN NEW.start_at IS NOT OLD.start_at OR NEW.end_at IS NOT OLD.end_at OR NEW.effective_minutes IS NOT OLD.effective_minutes OR NEW.samples IS NOT OLD.samples OR NEW.runs IS NOT OLD.runs OR NEW.status IS NOT OLD.status OR NEW.mode IS NOT OLD.mode OR NEW.purpose IS NOT OLD.purpose OR NEW.rating IS NOT OLD.rating BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, COALESCE(NEW.end_at, NEW.start_at) UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.start_at, COALESCE(OLD.end_at, OLD.start_at); END",
        "CREATE TRIGGER usage_problem_touched_insert AFTER INSERT ON usage_problem BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT instrument_id, CAST(NULL AS bigint), start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id; END",
        "CREATE TRIGGER usage_problem_touched_update AFTER UPDATE ON usage_problem WHEN NEW.usage_id IS NOT OLD.usage_id OR NEW.resolved_at IS NOT OLD.resolved_at BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT instrument_id, CAST(NULL AS bigint), start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id UNION SELECT instrument_id, CAST(NULL AS bigint), start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = OLD.usage_id; END",
        "CREATE TRIGGER booking_touched_insert AFTER INSERT ON booking BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, NEW.end_at; END",
        "CREATE TRIGGER booking_touched_update AFTER UPDATE ON booking WHEN NEW.lane IS NOT OLD.lane OR NEW.start_at IS NOT OLD.start_at OR NEW.end_at IS NOT OLD.end_at OR NEW.status IS NOT OLD.status BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, NEW.end_at UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.start_at, OLD.end_at; END",
        "CREATE TRIGGER booking_touched_delete AFTER DELETE ON booking BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.start_at, OLD.end_at; END",
        "CREATE TRIGGER charge_touched_insert AFTER INSERT ON charge BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.used_at, NEW.used_at; END",
        "CREATE TRIGGER charge_touched_update AFTER UPDATE ON charge WHEN NEW.usage_id IS NOT OLD.usage_id OR NEW.booking_id IS NOT OLD.booking_id OR NEW.used_at IS NOT OLD.used_at OR NEW.total IS NOT OLD.total OR NEW.final_at IS NOT OLD.final_at BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.used_at, NEW.used_at UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.used_at, OLD.used_at; END",
        "CREATE TRIGGER closure_touched_insert AFTER INSERT ON closure BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at; END",
        "CREATE TRIGGER closure_touched_update AFTER UPDATE ON closure WHEN NEW.kind IS NOT OLD.kind OR NEW.start_at IS NOT OLD.start_at OR NEW.end_at IS NOT OLD.end_at OR NEW.last_end_at IS NOT OLD.last_end_at OR NEW.repeats IS NOT OLD.repeats OR NEW.repeat_every IS NOT OLD.repeat_every OR NEW.repeat_until IS NOT OLD.repeat_until OR NEW.lifted_at IS NOT OLD.lifted_at OR NEW.lifted_days IS NOT OLD.lifted_days BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at UNION SELECT OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at; END",
        "CREATE TRIGGER closure_touched_delete AFTER DELETE ON closure BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at; END",
        "CREATE TRIGGER opening_hours_touched_insert AFTER INSERT ON opening_hours BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), datetime(NEW.valid_from, '-2 days'), NULL; END",
        "CREATE TRIGGER opening_hours_touched_update AFTER UPDATE ON opening_hours BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), datetime(NEW.valid_from, '-2 days'), NULL UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), datetime(OLD.valid_from, '-2 days'), NULL; END",
        "CREATE TRIGGER opening_hours_touched_delete AFTER DELETE ON opening_hours BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), datetime(OLD.valid_from, '-2 days'), NULL; END",
        "CREATE TRIGGER lane_count_touched_insert AFTER INSERT ON lane_count BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), datetime(NEW.valid_from, '-2 days'), NULL; END",
        "CREATE TRIGGER lane_count_touched_update AFTER UPDATE ON lane_count BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), datetime(NEW.valid_from, '-2 days'), NULL UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), datetime(OLD.valid_from, '-2 days'), NULL; END",
        "CREATE TRIGGER lane_count_touched_delete AFTER DELETE ON lane_count BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), datetime(OLD.valid_from, '-2 days'), NULL; END",
        "CREATE TRIGGER holiday_touched_insert AFTER INSERT ON holiday BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), datetime(NEW.on_date, '-2 days'), datetime(NEW.on_date, '+3 days'); END",
        "CREATE TRIGGER holiday_touched_update AFTER UPDATE ON holiday BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), datetime(NEW.on_date, '-2 days'), datetime(NEW.on_date, '+3 days') UNION SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), datetime(OLD.on_date, '-2 days'), datetime(OLD.on_date, '+3 days'); END",
        "CREATE TRIGGER holiday_touched_delete AFTER DELETE ON holiday BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), datetime(OLD.on_date, '-2 days'), datetime(OLD.on_date, '+3 days'); END",
        "CREATE TRIGGER publication_phase_touched_insert AFTER INSERT ON publication_phase BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.at, NULL; END",
        "CREATE TRIGGER publication_phase_touched_update AFTER UPDATE ON publication_phase BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.at, NULL UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.at, NULL; END",
        "CREATE TRIGGER publication_phase_touched_delete AFTER DELETE ON publication_phase BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.at, NULL; END",
        "CREATE TRIGGER instrument_touched_update AFTER UPDATE ON instrument WHEN NEW.lanes IS NOT OLD.lanes OR NEW.time_zone IS NOT OLD.time_zone OR NEW.facility_id IS NOT OLD.facility_id OR NEW.published_at IS NOT OLD.published_at BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.id, CAST(NULL AS bigint), NULL, NULL UNION SELECT OLD.id, CAST(NULL AS bigint), NULL, NULL; END",
    ),
    "postgresql": (
        "CREATE FUNCTION touch_usage_record_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, COALESCE(NEW.end_at, NEW.start_at); RETURN NULL; END $$",
        "CREATE TRIGGER usage_record_touched_insert AFTER INSERT ON usage_record FOR EACH ROW EXECUTE FUNCTION touch_usage_record_insert()",
        "CREATE FUNCTION touch_usage_record_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, COALESCE(NEW.end_at, NEW.start_at) UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.start_at, COALESCE(OLD.end_at, OLD.start_at); RETURN NULL; END $$",
        "CREATE TRIGGER usage_record_touched_update AFTER UPDATE ON usage_record FOR EACH ROW WHEN (NEW.start_at IS DISTINCT FROM OLD.start_at OR NEW.end_at IS DISTINCT FROM OLD.end_at OR NEW.effective_minutes IS DISTINCT FROM OLD.effective_minutes OR NEW.samples IS DISTINCT FROM OLD.samples OR NEW.runs IS DISTINCT FROM OLD.runs OR NEW.status IS DISTINCT FROM OLD.status OR NEW.mode IS DISTINCT FROM OLD.mode OR NEW.purpose IS DISTINCT FROM OLD.purpose OR NEW.rating IS DISTINCT FROM OLD.rating) EXECUTE FUNCTION touch_usage_record_update()",
        "CREATE FUNCTION touch_usage_problem_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT instrument_id, CAST(NULL AS bigint), start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id; RETURN NULL; END $$",
        "CREATE TRIGGER usage_problem_touched_insert AFTER INSERT ON usage_problem FOR EACH ROW EXECUTE FUNCTION touch_usage_problem_insert()",
        "CREATE FUNCTION touch_usage_problem_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT instrument_id, CAST(NULL AS bigint), start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = NEW.usage_id UNION SELECT instrument_id, CAST(NULL AS bigint), start_at, COALESCE(end_at, start_at) FROM usage_record WHERE id = OLD.usage_id; RETURN NULL; END $$",
        "CREATE TRIGGER usage_problem_touched_update AFTER UPDATE ON usage_problem FOR EACH ROW WHEN (NEW.usage_id IS DISTINCT FROM OLD.usage_id OR NEW.resolved_at IS DISTINCT FROM OLD.resolved_at) EXECUTE FUNCTION touch_usage_problem_update()",
        "CREATE FUNCTION touch_booking_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, NEW.end_at; RETURN NULL; END $$",
        "CREATE TRIGGER booking_touched_insert AFTER INSERT ON booking FOR EACH ROW EXECUTE FUNCTION touch_booking_insert()",
        "CREATE FUNCTION touch_booking_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.start_at, NEW.end_at UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.start_at, OLD.end_at; RETURN NULL; END $$",
        "CREATE TRIGGER booking_touched_update AFTER UPDATE ON booking FOR EACH ROW WHEN (NEW.lane IS DISTINCT FROM OLD.lane OR NEW.start_at IS DISTINCT FROM OLD.start_at OR NEW.end_at IS DISTINCT FROM OLD.end_at OR NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION touch_booking_update()",
        "CREATE FUNCTION touch_booking_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.start_at, OLD.end_at; RETURN NULL; END $$",
        "CREATE TRIGGER booking_touched_delete AFTER DELETE ON booking FOR EACH ROW EXECUTE FUNCTION touch_booking_delete()",
        "CREATE FUNCTION touch_charge_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.used_at, NEW.used_at; RETURN NULL; END $$",
        "CREATE TRIGGER charge_touched_insert AFTER INSERT ON charge FOR EACH ROW EXECUTE FUNCTION touch_charge_insert()",
        "CREATE FUNCTION touch_charge_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.used_at, NEW.used_at UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.used_at, OLD.used_at; RETURN NULL; END $$",
        "CREATE TRIGGER charge_touched_update AFTER UPDATE ON charge FOR EACH ROW WHEN (NEW.usage_id IS DISTINCT FROM OLD.usage_id OR NEW.booking_id IS DISTINCT FROM OLD.booking_id OR NEW.used_at IS DISTINCT FROM OLD.used_at OR NEW.total IS DISTINCT FROM OLD.total OR NEW.final_at IS DISTINCT FROM OLD.final_at) EXECUTE FUNCTION touch_charge_update()",
        "CREATE FUNCTION touch_closure_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at; RETURN NULL; END $$",
        "CREATE TRIGGER closure_touched_insert AFTER INSERT ON closure FOR EACH ROW EXECUTE FUNCTION touch_closure_insert()",
        "CREATE FUNCTION touch_closure_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, NEW.facility_id, NEW.start_at, NEW.last_end_at UNION SELECT OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at; RETURN NULL; END $$",
        "CREATE TRIGGER closure_touched_update AFTER UPDATE ON closure FOR EACH ROW WHEN (NEW.kind IS DISTINCT FROM OLD.kind OR NEW.start_at IS DISTINCT FROM OLD.start_at OR NEW.end_at IS DISTINCT FROM OLD.end_at OR NEW.last_end_at IS DISTINCT FROM OLD.last_end_at OR NEW.repeats IS DISTINCT FROM OLD.repeats OR NEW.repeat_every IS DISTINCT FROM OLD.repeat_every OR NEW.repeat_until IS DISTINCT FROM OLD.repeat_until OR NEW.lifted_at IS DISTINCT FROM OLD.lifted_at OR NEW.lifted_days::text IS DISTINCT FROM OLD.lifted_days::text) EXECUTE FUNCTION touch_closure_update()",
        "CREATE FUNCTION touch_closure_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, OLD.facility_id, OLD.start_at, OLD.last_end_at; RETURN NULL; END $$",
        "CREATE TRIGGER closure_touched_delete AFTER DELETE ON closure FOR EACH ROW EXECUTE FUNCTION touch_closure_delete()",
        "CREATE FUNCTION touch_opening_hours_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER opening_hours_touched_insert AFTER INSERT ON opening_hours FOR EACH ROW EXECUTE FUNCTION touch_opening_hours_insert()",
        "CREATE FUNCTION touch_opening_hours_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz) UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER opening_hours_touched_update AFTER UPDATE ON opening_hours FOR EACH ROW EXECUTE FUNCTION touch_opening_hours_update()",
        "CREATE FUNCTION touch_opening_hours_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER opening_hours_touched_delete AFTER DELETE ON opening_hours FOR EACH ROW EXECUTE FUNCTION touch_opening_hours_delete()",
        "CREATE FUNCTION touch_lane_count_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER lane_count_touched_insert AFTER INSERT ON lane_count FOR EACH ROW EXECUTE FUNCTION touch_lane_count_insert()",
        "CREATE FUNCTION touch_lane_count_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), (NEW.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz) UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER lane_count_touched_update AFTER UPDATE ON lane_count FOR EACH ROW EXECUTE FUNCTION touch_lane_count_update()",
        "CREATE FUNCTION touch_lane_count_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), (OLD.valid_from - 2)::timestamp AT TIME ZONE 'UTC', CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER lane_count_touched_delete AFTER DELETE ON lane_count FOR EACH ROW EXECUTE FUNCTION touch_lane_count_delete()",
        "CREATE FUNCTION touch_holiday_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), (NEW.on_date - 2)::timestamp AT TIME ZONE 'UTC', (NEW.on_date + 3)::timestamp AT TIME ZONE 'UTC'; RETURN NULL; END $$",
        "CREATE TRIGGER holiday_touched_insert AFTER INSERT ON holiday FOR EACH ROW EXECUTE FUNCTION touch_holiday_insert()",
        "CREATE FUNCTION touch_holiday_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), (NEW.on_date - 2)::timestamp AT TIME ZONE 'UTC', (NEW.on_date + 3)::timestamp AT TIME ZONE 'UTC' UNION SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), (OLD.on_date - 2)::timestamp AT TIME ZONE 'UTC', (OLD.on_date + 3)::timestamp AT TIME ZONE 'UTC'; RETURN NULL; END $$",
        "CREATE TRIGGER holiday_touched_update AFTER UPDATE ON holiday FOR EACH ROW EXECUTE FUNCTION touch_holiday_update()",
        "CREATE FUNCTION touch_holiday_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT CAST(NULL AS bigint), CAST(NULL AS bigint), (OLD.on_date - 2)::timestamp AT TIME ZONE 'UTC', (OLD.on_date + 3)::timestamp AT TIME ZONE 'UTC'; RETURN NULL; END $$",
        "CREATE TRIGGER holiday_touched_delete AFTER DELETE ON holiday FOR EACH ROW EXECUTE FUNCTION touch_holiday_delete()",
        "CREATE FUNCTION touch_publication_phase_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.at, CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER publication_phase_touched_insert AFTER INSERT ON publication_phase FOR EACH ROW EXECUTE FUNCTION touch_publication_phase_insert()",
        "CREATE FUNCTION touch_publication_phase_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NEW.at, CAST(NULL AS timestamptz) UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.at, CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER publication_phase_touched_update AFTER UPDATE ON publication_phase FOR EACH ROW EXECUTE FUNCTION touch_publication_phase_update()",
        "CREATE FUNCTION touch_publication_phase_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), OLD.at, CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER publication_phase_touched_delete AFTER DELETE ON publication_phase FOR EACH ROW EXECUTE FUNCTION touch_publication_phase_delete()",
        "CREATE FUNCTION touch_instrument_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.id, CAST(NULL AS bigint), CAST(NULL AS timestamptz), CAST(NULL AS timestamptz) UNION SELECT OLD.id, CAST(NULL AS bigint), CAST(NULL AS timestamptz), CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER instrument_touched_update AFTER UPDATE ON instrument FOR EACH ROW WHEN (NEW.lanes IS DISTINCT FROM OLD.lanes OR NEW.time_zone IS DISTINCT FROM OLD.time_zone OR NEW.facility_id IS DISTINCT FROM OLD.facility_id OR NEW.published_at IS DISTINCT FROM OLD.published_at) EXECUTE FUNCTION touch_instrument_update()",
    ),
}
OLD = {
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
        "DROP TRIGGER lane_count_touched_insert",
        "DROP TRIGGER lane_count_touched_update",
        "DROP TRIGGER lane_count_touched_delete",
        "DROP TRIGGER holiday_touched_insert",
        "DROP TRIGGER holiday_touched_update",
        "DROP TRIGGER holiday_touched_delete",
        "DROP TRIGGER publication_phase_touched_insert",
        "DROP TRIGGER publication_phase_touched_update",
        "DROP TRIGGER publication_phase_touched_delete",
        "DROP TRIGGER instrument_touched_update",
    ),
    "postgresql": (
        "DROP FUNCTION touch_usage_record_insert() CASCADE",
        "DROP FUNCTION touch_usage_record_update() CASCADE",
        "DROP FUNCTION touch_usage_problem_insert() CASCADE",
        "DROP FUNCTION touch_usage_problem_update() CASCADE",
        "DROP FUNCTION touch_booking_insert() CASCADE",
        "DROP FUNCTION touch_booking_update() CASCADE",
        "DROP FUNCTION touch_booking_delete() CASCADE",
        "DROP FUNCTION touch_charge_insert() CASCADE",
        "DROP FUNCTION touch_charge_update() CASCADE",
        "DROP FUNCTION touch_closure_insert() CASCADE",
        "DROP FUNCTION touch_closure_update() CASCADE",
        "DROP FUNCTION touch_closure_delete() CASCADE",
        "DROP FUNCTION touch_opening_hours_insert() CASCADE",
        "DROP FUNCTION touch_opening_hours_update() CASCADE",
        "DROP FUNCTION touch_opening_hours_delete() CASCADE",
        "DROP FUNCTION touch_lane_count_insert() CASCADE",
        "DROP FUNCTION touch_lane_count_update() CASCADE",
        "DROP FUNCTION touch_lane_count_delete() CASCADE",
        "DROP FUNCTION touch_holiday_insert() CASCADE",
        "DROP FUNCTION touch_holiday_update() CASCADE",
        "DROP FUNCTION touch_holiday_delete() CASCADE",
        "DROP FUNCTION touch_publication_phase_insert() CASCADE",
        "DROP FUNCTION touch_publication_phase_update() CASCADE",
        "DROP FUNCTION touch_publication_phase_delete() CASCADE",
        "DROP FUNCTION touch_instrument_update() CASCADE",
    ),
}


def upgrade() -> None:
    _replace(TOUCHED)
    op.create_index(op.f("ix_booking_instrument_id_booking_start_at"), "booking", ["instrument_id", "start_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_booking_instrument_id_booking_start_at"), table_name="booking")
    _replace(context.script.get_revision("0004").module.TOUCHED)


def _replace(touched: dict[str, tuple[str, ...]]) -> None:
    dialect = op.get_context().dialect.name
    for statement in (*OLD[dialect], *touched[dialect]):
        op.execute(sa.DDL(statement.replace("%", "%%")))
