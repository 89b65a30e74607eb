"""Returns and their rows, what is noted about uses for them, typed figures, and deadlines."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDS = {
    "sqlite": (
        "CREATE TRIGGER national_return_keep BEFORE UPDATE ON national_return WHEN (OLD.state <> 'draft' AND (NEW.organisation_id IS NOT OLD.organisation_id OR NEW.kind IS NOT OLD.kind OR NEW.starts_on IS NOT OLD.starts_on OR NEW.edition IS NOT OLD.edition OR NEW.format IS NOT OLD.format OR NEW.row_count IS NOT OLD.row_count OR NEW.errors IS NOT OLD.errors OR NEW.digest IS NOT OLD.digest OR NEW.made_by IS NOT OLD.made_by OR NEW.made_at IS NOT OLD.made_at OR NEW.signed_by IS NOT OLD.signed_by OR NEW.signed_at IS NOT OLD.signed_at OR NEW.note IS NOT OLD.note OR NEW.state = 'draft')) OR (OLD.state IN ('accepted', 'sent_back') AND (NEW.state IS NOT OLD.state OR NEW.reviewed_by IS NOT OLD.reviewed_by OR NEW.reviewed_at IS NOT OLD.reviewed_at OR NEW.remark IS NOT OLD.remark)) BEGIN SELECT RAISE(ABORT, 'a signed return is never changed'); END",
        "CREATE TRIGGER national_return_stay BEFORE DELETE ON national_return BEGIN SELECT RAISE(ABORT, 'returns are never deleted'); END",
        "CREATE TRIGGER national_return_row_insert BEFORE INSERT ON national_return_row WHEN (SELECT state FROM national_return WHERE id = NEW.return_id) <> 'draft' BEGIN SELECT RAISE(ABORT, 'a signed return is never changed'); END",
        "CREATE TRIGGER national_return_row_update BEFORE UPDATE ON national_return_row WHEN (SELECT state FROM national_return WHERE id = OLD.return_id) <> 'draft' BEGIN SELECT RAISE(ABORT, 'a signed return is never changed'); END",
        "CREATE TRIGGER national_return_row_delete BEFORE DELETE ON national_return_row WHEN (SELECT state FROM national_return WHERE id = OLD.return_id) <> 'draft' BEGIN SELECT RAISE(ABORT, 'a signed return is never changed'); END",
        "CREATE TRIGGER national_return_row_move BEFORE UPDATE OF return_id ON national_return_row WHEN NEW.return_id IS NOT OLD.return_id BEGIN SELECT RAISE(ABORT, 'a signed return is never changed'); END",
        "CREATE TRIGGER typed_figure_update BEFORE UPDATE ON typed_figure BEGIN SELECT RAISE(ABORT, 'typed figures are append-only'); END",
        "CREATE TRIGGER typed_figure_delete BEFORE DELETE ON typed_figure BEGIN SELECT RAISE(ABORT, 'typed figures are append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION keep_national_return() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION 'returns are never deleted'; END IF; IF (OLD.state <> 'draft' AND ((NEW.organisation_id, NEW.kind, NEW.starts_on, NEW.edition, NEW.format, NEW.row_count, NEW.errors, NEW.digest, NEW.made_by, NEW.made_at, NEW.signed_by, NEW.signed_at, NEW.note) IS DISTINCT FROM (OLD.organisation_id, OLD.kind, OLD.starts_on, OLD.edition, OLD.format, OLD.row_count, OLD.errors, OLD.digest, OLD.made_by, OLD.made_at, OLD.signed_by, OLD.signed_at, OLD.note) OR NEW.state = 'draft')) OR (OLD.state IN ('accepted', 'sent_back') AND (NEW.state, NEW.reviewed_by, NEW.reviewed_at, NEW.remark) IS DISTINCT FROM (OLD.state, OLD.reviewed_by, OLD.reviewed_at, OLD.remark)) THEN RAISE EXCEPTION 'a signed return is never changed'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER national_return_keep BEFORE UPDATE OR DELETE ON national_return FOR EACH ROW EXECUTE FUNCTION keep_national_return()",
        "CREATE TRIGGER national_return_stay BEFORE TRUNCATE ON national_return FOR EACH STATEMENT EXECUTE FUNCTION keep_national_return()",
        "CREATE FUNCTION keep_national_return_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'TRUNCATE' THEN RAISE EXCEPTION 'a signed return is never changed'; END IF; IF TG_OP <> 'INSERT' AND (SELECT state FROM national_return WHERE id = OLD.return_id) <> 'draft' THEN RAISE EXCEPTION 'a signed return is never changed'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; IF (SELECT state FROM national_return WHERE id = NEW.return_id) <> 'draft' THEN RAISE EXCEPTION 'a signed return is never changed'; END IF; IF TG_OP = 'UPDATE' AND NEW.return_id <> OLD.return_id THEN RAISE EXCEPTION 'a signed return is never changed'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER national_return_row_keep BEFORE INSERT OR UPDATE OR DELETE ON national_return_row FOR EACH ROW EXECUTE FUNCTION keep_national_return_row()",
        "CREATE TRIGGER national_return_row_stay BEFORE TRUNCATE ON national_return_row FOR EACH STATEMENT EXECUTE FUNCTION keep_national_return_row()",
        "CREATE FUNCTION keep_typed_figure() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'typed figures are append-only'; END $$",
        "CREATE TRIGGER typed_figure_keep BEFORE UPDATE OR DELETE ON typed_figure FOR EACH ROW EXECUTE FUNCTION keep_typed_figure()",
        "CREATE TRIGGER typed_figure_stay BEFORE TRUNCATE ON typed_figure FOR EACH STATEMENT EXECUTE FUNCTION keep_typed_figure()",
    ),
}
LEFT_BEHIND = {
    "sqlite": (),
    "postgresql": (
        "DROP FUNCTION IF EXISTS keep_national_return() CASCADE",
        "DROP FUNCTION IF EXISTS keep_national_return_row() CASCADE",
        "DROP FUNCTION IF EXISTS keep_typed_figure() CASCADE",
    ),
}


def upgrade() -> None:
    op.create_table(
        "national_return",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("errors", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", KEY, nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("reviewed_by", KEY, nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remark", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state <> 'sent_back' OR remark <> ''", name=op.f("ck_national_return_remark")),
        sa.CheckConstraint(
            "state = 'draft' OR (signed_at IS NOT NULL AND signed_by IS NOT NULL AND errors = 0)", name=op.f("ck_national_return_signed")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'signed') OR (reviewed_at IS NOT NULL AND reviewed_by IS NOT NULL)",
            name=op.f("ck_national_return_reviewed"),
        ),
        sa.CheckConstraint("state IN ('draft', 'signed', 'accepted', 'sent_back')", name=op.f("ck_national_return_state")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_national_return_made_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_national_return_organisation_id")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["person.id"], name=op.f("fk_national_return_reviewed_by")),
        sa.ForeignKeyConstraint(["signed_by"], ["person.id"], name=op.f("fk_national_return_signed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_return")),
    )
    op.create_index(op.f("ix_national_return_kind_national_return_starts_on"), "national_return", ["kind", "starts_on"], unique=False)
    op.create_index(op.f("ix_national_return_state_national_return_signed_at"), "national_return", ["state", "signed_at"], unique=False)
    op.create_index("uq_national_return_edition", "national_return", ["organisation_id", "kind", "starts_on", "edition"], unique=True)
    op.create_index(
        "uq_national_return_open",
        "national_return",
        ["organisation_id", "kind", "starts_on"],
        unique=True,
        sqlite_where=sa.text("state <> 'sent_back'"),
        postgresql_where=sa.text("state <> 'sent_back'"),
    )
    op.create_table(
        "return_deadline",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("set_by", KEY, nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("days BETWEEN 1 AND 366", name=op.f("ck_return_deadline_days")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_return_deadline_set_by")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_return_deadline")),
    )
    op.create_table(
        "typed_figure",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("typed_by", KEY, nullable=False),
        sa.Column("typed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value IS NULL OR value >= 0", name=op.f("ck_typed_figure_value")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_typed_figure_instrument_id")),
        sa.ForeignKeyConstraint(["typed_by"], ["person.id"], name=op.f("fk_typed_figure_typed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_typed_figure")),
    )
    op.create_index("ix_typed_figure_period", "typed_figure", ["kind", "starts_on", "instrument_id"], unique=False)
    op.create_table(
        "national_return_row",
        sa.Column("id", KEY, nullable=False),
        sa.Column("return_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("usage_id", KEY, nullable=True),
        sa.Column("usage_version", sa.Integer(), nullable=True),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("is_wrong", sa.Boolean(), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_national_return_row_position")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_national_return_row_instrument_id")),
        sa.ForeignKeyConstraint(["return_id"], ["national_return.id"], name=op.f("fk_national_return_row_return_id")),
        sa.ForeignKeyConstraint(["usage_id"], ["usage_record.id"], name=op.f("fk_national_return_row_usage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_national_return_row")),
    )
    op.create_index(
        op.f("ix_national_return_row_return_id_national_return_row_position"), "national_return_row", ["return_id", "position"], unique=True
    )
    op.create_index(op.f("ix_national_return_row_usage_id"), "national_return_row", ["usage_id"], unique=False)
    op.create_index("ix_national_return_row_wrong", "national_return_row", ["instrument_id", "is_wrong"], unique=False)
    op.create_table(
        "return_facts",
        sa.Column("id", KEY, nullable=False),
        sa.Column("usage_id", KEY, nullable=False),
        sa.Column("content", sa.String(length=500), nullable=False),
        sa.Column("project", sa.String(length=200), nullable=False),
        sa.Column("income", sa.String(length=100), nullable=False),
        sa.Column("area", sa.String(length=40), nullable=False),
        sa.Column("tax_record", sa.String(length=40), nullable=False),
        sa.Column("has_agreement", sa.Boolean(), nullable=False),
        sa.Column("noted_by", KEY, nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["noted_by"], ["person.id"], name=op.f("fk_return_facts_noted_by")),
        sa.ForeignKeyConstraint(["usage_id"], ["usage_record.id"], name=op.f("fk_return_facts_usage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_facts")),
        sa.UniqueConstraint("usage_id", name=op.f("uq_return_facts_usage_id")),
    )
    for statement in GUARDS[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    op.drop_table("return_facts")
    op.drop_index("ix_national_return_row_wrong", table_name="national_return_row")
    op.drop_index(op.f("ix_national_return_row_usage_id"), table_name="national_return_row")
    op.drop_index(op.f("ix_national_return_row_return_id_national_return_row_position"), table_name="national_return_row")
    op.drop_table("national_return_row")
    op.drop_index("ix_typed_figure_period", table_name="typed_figure")
    op.drop_table("typed_figure")
    op.drop_table("return_deadline")
    op.drop_index(
        "uq_national_return_open",
        table_name="national_return",
        sqlite_where=sa.text("state <> 'sent_back'"),
        postgresql_where=sa.text("state <> 'sent_back'"),
    )
    op.drop_index("uq_national_return_edition", table_name="national_return")
    op.drop_index(op.f("ix_national_return_state_national_return_signed_at"), table_name="national_return")
    op.drop_index(op.f("ix_national_return_kind_national_return_starts_on"), table_name="national_return")
    op.drop_table("national_return")
    for statement in LEFT_BEHIND[op.get_context().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))
