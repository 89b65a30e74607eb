"""Use, rates and money: usage records, tariffs, accounts, the ledger, charges, statements and vouchers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER usage_no_overlap_insert BEFORE INSERT ON usage_record WHEN NEW.occupies AND NEW.status <> 'void' BEGIN SELECT RAISE(ABORT, 'usage_no_overlap') WHERE EXISTS (SELECT 1 FROM usage_record WHERE occupies = 1 AND status <> 'void' AND instrument_id = NEW.instrument_id AND lane = NEW.lane AND id IS NOT NEW.id AND (end_at IS NULL OR end_at > NEW.start_at) AND (NEW.end_at IS NULL OR start_at < NEW.end_at)); END",
        "CREATE TRIGGER usage_no_overlap_update BEFORE UPDATE OF instrument_id, lane, start_at, end_at, occupies, status ON usage_record WHEN NEW.occupies AND NEW.status <> 'void' BEGIN SELECT RAISE(ABORT, 'usage_no_overlap') WHERE EXISTS (SELECT 1 FROM usage_record WHERE occupies = 1 AND status <> 'void' AND instrument_id = NEW.instrument_id AND lane = NEW.lane AND id IS NOT NEW.id AND (end_at IS NULL OR end_at > NEW.start_at) AND (NEW.end_at IS NULL OR start_at < NEW.end_at)); END",
        "CREATE TRIGGER usage_record_keep BEFORE UPDATE ON usage_record WHEN NEW.instrument_id IS NOT OLD.instrument_id OR NEW.person_id IS NOT OLD.person_id OR NEW.organisation_id IS NOT OLD.organisation_id OR NEW.owner_id IS NOT OLD.owner_id OR NEW.audience IS NOT OLD.audience OR NEW.is_external IS NOT OLD.is_external OR NEW.created_at IS NOT OLD.created_at BEGIN SELECT RAISE(ABORT, 'who used what, and for whom, stays as it was'); END",
        "CREATE TRIGGER usage_record_stay BEFORE DELETE ON usage_record BEGIN SELECT RAISE(ABORT, 'who used what, and for whom, stays as it was'); END",
    ),
    "postgresql": (
        "ALTER TABLE usage_record ADD CONSTRAINT ck_usage_record_finite CHECK (isfinite(start_at) AND (end_at IS NULL OR isfinite(end_at)))",
        "ALTER TABLE usage_record ADD CONSTRAINT usage_no_overlap EXCLUDE USING gist (int8range(instrument_id, instrument_id, '[]') WITH &&, int4range(lane, lane, '[]') WITH &&, tstzrange(start_at, end_at, '[)') WITH &&) WHERE (occupies AND status <> 'void')",
        "CREATE FUNCTION keep_usage_record() RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n      IF TG_OP = 'UPDATE' AND (NEW.instrument_id IS NOT DISTINCT FROM OLD.instrument_id AND NEW.person_id IS NOT DISTINCT FROM OLD.person_id AND NEW.organisation_id IS NOT DISTINCT FROM OLD.organisation_id AND NEW.owner_id IS NOT DISTINCT FROM OLD.owner_id AND NEW.audience IS NOT DISTINCT FROM OLD.audience AND NEW.is_external IS NOT DISTINCT FROM OLD.is_external AND NEW.created_at IS NOT DISTINCT FROM OLD.created_at) THEN RETURN NEW; END IF;\n      RAISE EXCEPTION 'who used what, and for whom, stays as it was';\n    END $$",
        "CREATE TRIGGER usage_record_keep BEFORE UPDATE OR DELETE ON usage_record FOR EACH ROW EXECUTE FUNCTION keep_usage_record()",
    ),
}
LEFT_BEHIND = {"sqlite": (), "postgresql": ("DROP FUNCTION IF EXISTS keep_usage_record()",)}


def upgrade() -> None:
    op.create_table(
        "tariff",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("name_zh", sa.String(length=100), nullable=False),
        sa.Column("name_en", sa.String(length=100), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name_zh <> '' OR name_en <> ''", name=op.f("ck_tariff_has_a_name")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_tariff_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
    )
    op.create_index(op.f("ix_tariff_organisation_id"), "tariff", ["organisation_id"], unique=False)
    op.create_table(
        "tariff_version",
        sa.Column("id", KEY, nullable=False),
        sa.Column("tariff_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("cost_sheet", sa.JSON(), nullable=False),
        sa.Column("approval", sa.String(length=300), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_tariff_version_published_by")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_tariff_version_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff_version")),
        sa.UniqueConstraint("tariff_id", "number", name=op.f("uq_tariff_version_tariff_id_number")),
    )
    op.create_table(
        "use_policy",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("backfill_days", sa.Integer(), nullable=False),
        sa.Column("tolerance_minutes", sa.Integer(), nullable=False),
        sa.Column("longest_hours", sa.Integer(), nullable=False),
        sa.Column("walk_on", sa.Boolean(), nullable=False),
        sa.Column("automatic_from_value", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", KEY, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("backfill_days BETWEEN 0 AND 3660", name=op.f("ck_use_policy_backfill")),
        sa.CheckConstraint("longest_hours BETWEEN 1 AND 2208", name=op.f("ck_use_policy_longest")),
        sa.CheckConstraint("tolerance_minutes BETWEEN 0 AND 1440", name=op.f("ck_use_policy_tolerance")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_use_policy_changed_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_use_policy_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_use_policy")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_use_policy_organisation_id")),
    )
    op.create_table(
        "instrument_tariff",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("tariff_id", KEY, nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_instrument_tariff_instrument_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_instrument_tariff_set_by")),
        sa.ForeignKeyConstraint(["tariff_id"], ["tariff.id"], name=op.f("fk_instrument_tariff_tariff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instrument_tariff")),
        sa.UniqueConstraint("instrument_id", "valid_from", name=op.f("uq_instrument_tariff_instrument_id_valid_from")),
    )
    op.create_index(op.f("ix_instrument_tariff_tariff_id"), "instrument_tariff", ["tariff_id"], unique=False)
    op.create_table(
        "usage_record",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("booking_id", KEY, nullable=True),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("operator_id", KEY, nullable=True),
        sa.Column("group_id", KEY, nullable=True),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("owner_id", KEY, nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_minutes", sa.Integer(), nullable=True),
        sa.Column("startup_minutes", sa.Integer(), nullable=False),
        sa.Column("post_minutes", sa.Integer(), nullable=False),
        sa.Column("fault_minutes", sa.Integer(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("quantities", sa.JSON(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("outcome", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("occupies", sa.Boolean(), nullable=False),
        sa.Column("start_source", sa.String(length=8), nullable=False),
        sa.Column("start_by", KEY, nullable=True),
        sa.Column("start_noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_source", sa.String(length=8), nullable=False),
        sa.Column("end_by", KEY, nullable=True),
        sa.Column("end_noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rating", sa.String(length=20), nullable=False),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", KEY, nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replaces_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(end_at IS NULL) = (end_source = '')", name=op.f("ck_usage_record_end_source")),
        sa.CheckConstraint(
            "(status = 'running' AND end_at IS NULL) OR status = 'void' OR (status <> 'running' AND end_at IS NOT NULL)",
            name=op.f("ck_usage_record_end"),
        ),
        sa.CheckConstraint("status IN ('running', 'recorded', 'confirmed', 'void')", name=op.f("ck_usage_record_status")),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_usage_record_span")),
        sa.CheckConstraint("lane BETWEEN 1 AND 500", name=op.f("ck_usage_record_lane")),
        sa.CheckConstraint(
            "startup_minutes >= 0 AND post_minutes >= 0 AND fault_minutes >= 0 AND samples >= 0 AND runs >= 0 AND (effective_minutes IS NULL OR effective_minutes >= 0)",
            name=op.f("ck_usage_record_amounts"),
        ),
        sa.ForeignKeyConstraint(["booking_id"], ["booking.id"], name=op.f("fk_usage_record_booking_id")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_usage_record_confirmed_by")),
        sa.ForeignKeyConstraint(["end_by"], ["person.id"], name=op.f("fk_usage_record_end_by")),
        sa.ForeignKeyConstraint(["group_id"], ["group.id"], name=op.f("fk_usage_record_group_id")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_usage_record_instrument_id")),
        sa.ForeignKeyConstraint(["operator_id"], ["person.id"], name=op.f("fk_usage_record_operator_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_usage_record_organisation_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"], name=op.f("fk_usage_record_owner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_usage_record_person_id")),
        sa.ForeignKeyConstraint(["replaces_id"], ["usage_record.id"], name=op.f("fk_usage_record_replaces_id")),
        sa.ForeignKeyConstraint(["start_by"], ["person.id"], name=op.f("fk_usage_record_start_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_record")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_usage_record_replaces_id")),
    )
    op.create_index(op.f("ix_usage_record_group_id_usage_record_start_at"), "usage_record", ["group_id", "start_at"], unique=False)
    op.create_index(
        op.f("ix_usage_record_instrument_id_usage_record_start_at"), "usage_record", ["instrument_id", "start_at"], unique=False
    )
    op.create_index(op.f("ix_usage_record_owner_id_usage_record_start_at"), "usage_record", ["owner_id", "start_at"], unique=False)
    op.create_index(op.f("ix_usage_record_person_id_usage_record_start_at"), "usage_record", ["person_id", "start_at"], unique=False)
    op.create_index(op.f("ix_usage_record_status_usage_record_start_at"), "usage_record", ["status", "start_at"], unique=False)
    op.create_index(
        "uq_usage_record_booking",
        "usage_record",
        ["booking_id"],
        unique=True,
        sqlite_where=sa.text("status <> 'void'"),
        postgresql_where=sa.text("status <> 'void'"),
    )
    op.create_index(
        "uq_usage_record_running",
        "usage_record",
        ["instrument_id", "lane"],
        unique=True,
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "usage_problem",
        sa.Column("id", KEY, nullable=False),
        sa.Column("usage_id", KEY, nullable=True),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", KEY, nullable=True),
        sa.Column("resolution", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution = '')", name=op.f("ck_usage_problem_resolved")),
        sa.CheckConstraint("resolved_at IS NULL OR reason <> ''", name=op.f("ck_usage_problem_reason")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_usage_problem_instrument_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["person.id"], name=op.f("fk_usage_problem_resolved_by")),
        sa.ForeignKeyConstraint(["usage_id"], ["usage_record.id"], name=op.f("fk_usage_problem_usage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_problem")),
    )
    op.create_index(
        op.f("ix_usage_problem_instrument_id_usage_problem_resolved_at"), "usage_problem", ["instrument_id", "resolved_at"], unique=False
    )
    op.create_index(op.f("ix_usage_problem_usage_id"), "usage_problem", ["usage_id"], unique=False)
    op.create_index(
        "uq_usage_problem_open",
        "usage_problem",
        ["usage_id", "kind"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    op.drop_index(
        "uq_usage_problem_open",
        table_name="usage_problem",
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_usage_problem_usage_id"), table_name="usage_problem")
    op.drop_index(op.f("ix_usage_problem_instrument_id_usage_problem_resolved_at"), table_name="usage_problem")
    op.drop_table("usage_problem")
    op.drop_index(
        "uq_usage_record_running",
        table_name="usage_record",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    )
    op.drop_index(
        "uq_usage_record_booking",
        table_name="usage_record",
        sqlite_where=sa.text("status <> 'void'"),
        postgresql_where=sa.text("status <> 'void'"),
    )
    op.drop_index(op.f("ix_usage_record_status_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_person_id_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_owner_id_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_instrument_id_usage_record_start_at"), table_name="usage_record")
    op.drop_index(op.f("ix_usage_record_group_id_usage_record_start_at"), table_name="usage_record")
    op.drop_table("usage_record")
    op.drop_index(op.f("ix_instrument_tariff_tariff_id"), table_name="instrument_tariff")
    op.drop_table("instrument_tariff")
    op.drop_table("use_policy")
    op.drop_table("tariff_version")
    op.drop_index(op.f("ix_tariff_organisation_id"), table_name="tariff")
    op.drop_table("tariff")
    for statement in LEFT_BEHIND[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
