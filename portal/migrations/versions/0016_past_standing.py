"""Where instruments stood before they moved, kept by the database whenever their organisation, facility, class or city changes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEPT = {
    "sqlite": (
        "CREATE TRIGGER instrument_stood AFTER UPDATE ON instrument WHEN NEW.organisation_id <> OLD.organisation_id OR NEW.facility_id IS NOT OLD.facility_id OR (OLD.category_code IS NOT NULL AND NEW.category_code IS NOT OLD.category_code) OR (OLD.city <> '' AND NEW.city <> OLD.city) BEGIN INSERT INTO past_standing (instrument_id, until_at, organisation_id, facility_id, category_code, city) VALUES (OLD.id, strftime('%Y-%m-%d %H:%M:%f', 'now') || '000', OLD.organisation_id, OLD.facility_id, OLD.category_code, OLD.city); END",
        "CREATE TRIGGER past_standing_touched_update AFTER UPDATE ON past_standing WHEN NEW.until_at IS NOT OLD.until_at OR NEW.facility_id IS NOT OLD.facility_id BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), NULL, NULL UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), NULL, NULL; END",
        "CREATE TRIGGER past_standing_touched_delete AFTER DELETE ON past_standing BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), NULL, NULL; END",
    ),
    "postgresql": (
        "CREATE FUNCTION keep_standing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO past_standing (instrument_id, until_at, organisation_id, facility_id, category_code, city) VALUES (OLD.id, clock_timestamp(), OLD.organisation_id, OLD.facility_id, OLD.category_code, OLD.city); RETURN NULL; END $$",
        "CREATE TRIGGER instrument_stood AFTER UPDATE ON instrument FOR EACH ROW WHEN (NEW.organisation_id <> OLD.organisation_id OR NEW.facility_id IS DISTINCT FROM OLD.facility_id OR (OLD.category_code IS NOT NULL AND NEW.category_code IS DISTINCT FROM OLD.category_code) OR (OLD.city <> '' AND NEW.city <> OLD.city)) EXECUTE FUNCTION keep_standing()",
        "CREATE FUNCTION touch_past_standing_update() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT NEW.instrument_id, CAST(NULL AS bigint), CAST(NULL AS timestamptz), CAST(NULL AS timestamptz) UNION SELECT OLD.instrument_id, CAST(NULL AS bigint), CAST(NULL AS timestamptz), CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER past_standing_touched_update AFTER UPDATE ON past_standing FOR EACH ROW WHEN (NEW.until_at IS DISTINCT FROM OLD.until_at OR NEW.facility_id IS DISTINCT FROM OLD.facility_id) EXECUTE FUNCTION touch_past_standing_update()",
        "CREATE FUNCTION touch_past_standing_delete() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO touched_span (instrument_id, facility_id, start_at, end_at) SELECT OLD.instrument_id, CAST(NULL AS bigint), CAST(NULL AS timestamptz), CAST(NULL AS timestamptz); RETURN NULL; END $$",
        "CREATE TRIGGER past_standing_touched_delete AFTER DELETE ON past_standing FOR EACH ROW EXECUTE FUNCTION touch_past_standing_delete()",
    ),
}
LEFT_BEHIND = {
    "sqlite": (
        "DROP TRIGGER instrument_stood",
    ),
    "postgresql": (
        "DROP FUNCTION keep_standing() CASCADE",
        "DROP FUNCTION touch_past_standing_update() CASCADE",
        "DROP FUNCTION touch_past_standing_delete() CASCADE",
    ),
}


def upgrade() -> None:
    op.create_table(
        "past_standing",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("facility_id", KEY, nullable=True),
        sa.Column("category_code", sa.String(length=6), nullable=True),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_past_standing_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_past_standing_organisation_id")),
        sa.ForeignKeyConstraint(["facility_id"], ["facility.id"], name=op.f("fk_past_standing_facility_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_standing")),
    )
    op.create_index(op.f("ix_past_standing_instrument_id"), "past_standing", ["instrument_id"], unique=False)
    op.create_index(op.f("ix_past_standing_facility_id"), "past_standing", ["facility_id"], unique=False)
    for statement in KEPT[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    for statement in LEFT_BEHIND[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
    op.drop_index(op.f("ix_past_standing_facility_id"), table_name="past_standing")
    op.drop_index(op.f("ix_past_standing_instrument_id"), table_name="past_standing")
    op.drop_table("past_standing")
    # Closures of the facilities that instruments are in now hold for their past again.
    op.execute("DELETE FROM touched_span")
    op.execute("INSERT INTO touched_span (instrument_id) VALUES (NULL)")
