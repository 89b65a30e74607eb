"""Closing cycles other than months: what an organisation chose, and how many months a closing and its statements are of."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LENGTHS = "months IN (1, 3, 6, 12)"
REFUSE = "the history of closing cycles stays as it was"


def keep(dialect: str) -> tuple[str, ...]:
    """Give the statements that make what was chosen stay as it was."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER closing_cycle_{step.lower()} BEFORE {step} ON closing_cycle BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"
            for step in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE FUNCTION keep_closing_cycle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSE}'; END $$",
        "CREATE TRIGGER closing_cycle_keep BEFORE UPDATE OR DELETE ON closing_cycle FOR EACH ROW EXECUTE FUNCTION keep_closing_cycle()",
        "CREATE TRIGGER closing_cycle_stay BEFORE TRUNCATE ON closing_cycle FOR EACH STATEMENT EXECUTE FUNCTION keep_closing_cycle()",
    )


def upgrade() -> None:
    op.create_table(
        "closing_cycle",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("begins", sa.Date(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", KEY, nullable=True),
        sa.CheckConstraint(LENGTHS, name=op.f("ck_closing_cycle_months")),
        sa.ForeignKeyConstraint(["chosen_by"], ["person.id"], name=op.f("fk_closing_cycle_chosen_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_closing_cycle_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_cycle")),
    )
    op.create_index(op.f("ix_closing_cycle_organisation_id_closing_cycle_id"), "closing_cycle", ["organisation_id", "id"], unique=False)
    for statement in keep(op.get_context().dialect.name):
        op.execute(statement)
    # Rows that may never change are given their length by the column itself, and what keeps them stays on the table.
    for table in ("period_close", "statement"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN months INTEGER DEFAULT 1 NOT NULL CONSTRAINT ck_{table}_months CHECK ({LENGTHS})")


def downgrade() -> None:
    for table in ("statement", "period_close"):
        if op.get_context().dialect.name == "postgresql":
            op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_months")
        op.execute(f"ALTER TABLE {table} DROP COLUMN months")
    op.drop_index(op.f("ix_closing_cycle_organisation_id_closing_cycle_id"), table_name="closing_cycle")
    op.drop_table("closing_cycle")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS keep_closing_cycle()")
