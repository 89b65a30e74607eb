"""Years whose figures stay as they were published."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEPT = ("published_year", "published_instrument", "published_figure", "published_user")
REFUSE = "published figures stay as they are"


def keep(table: str, dialect: str) -> tuple[str, ...]:
    """Give the statements that make a table's rows stay as they were made."""
    if dialect == "sqlite":
        return tuple(
            f"CREATE TRIGGER {table}_{step.lower()} BEFORE {step} ON {table} BEGIN SELECT RAISE(ABORT, '{REFUSE}'); END"
            for step in ("UPDATE", "DELETE")
        )
    return (
        f"CREATE FUNCTION keep_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{REFUSE}'; END $$",
        f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION keep_{table}()",
        f"CREATE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION keep_{table}()",
    )


def upgrade() -> None:
    op.create_table(
        "published_figure",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", KEY, autoincrement=False, nullable=False),
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
        sa.PrimaryKeyConstraint("starts_on", "instrument_id", name=op.f("pk_published_figure")),
    )
    op.create_table(
        "published_instrument",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("instrument_id", KEY, autoincrement=False, nullable=False),
        sa.Column("organisation_id", sa.BigInteger(), nullable=False),
        sa.Column("facility_id", sa.BigInteger(), nullable=True),
        sa.Column("category_code", sa.String(length=6), nullable=False),
        sa.Column("city", sa.String(length=40), nullable=True),
        sa.Column("on_network", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("in_register", sa.Integer(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("year", "instrument_id", name=op.f("pk_published_instrument")),
    )
    op.create_table(
        "published_user",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("instrument_id", KEY, autoincrement=False, nullable=False),
        sa.Column("person_id", KEY, autoincrement=False, nullable=False),
        sa.Column("organisation_id", KEY, autoincrement=False, nullable=False),
        sa.Column("is_external", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "starts_on", "instrument_id", "person_id", "organisation_id", "is_external", name=op.f("pk_published_user")
        ),
    )
    op.create_index(op.f("ix_published_user_person_id"), "published_user", ["person_id"], unique=False)
    op.create_table(
        "published_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("instruments", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["published_by"], ["person.id"], name=op.f("fk_published_year_published_by")),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_published_year")),
    )
    dialect = op.get_context().dialect.name
    for table in KEPT:
        for statement in keep(table, dialect):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("published_year")
    op.drop_index(op.f("ix_published_user_person_id"), table_name="published_user")
    op.drop_table("published_user")
    op.drop_table("published_instrument")
    op.drop_table("published_figure")
    if op.get_context().dialect.name == "postgresql":
        for table in KEPT:
            op.execute(f"DROP FUNCTION IF EXISTS keep_{table}()")
