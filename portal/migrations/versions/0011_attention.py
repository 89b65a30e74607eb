"""The limits that lists and reviews go by, by year; and reviews of purchases, which stay as they were given."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MESSAGE = "an opinion that was given is never changed"
STOP = f"WHEN OLD.given_at IS NOT NULL BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
KEPT = {
    "sqlite": tuple(
        f"CREATE TRIGGER purchase_review_{step.lower()} BEFORE {step} ON purchase_review {STOP}" for step in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        f"CREATE FUNCTION keep_purchase_review() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$",
        "CREATE TRIGGER purchase_review_keep BEFORE UPDATE OR DELETE ON purchase_review FOR EACH ROW "
        "WHEN (OLD.given_at IS NOT NULL) EXECUTE FUNCTION keep_purchase_review()",
        "CREATE TRIGGER purchase_review_stay BEFORE TRUNCATE ON purchase_review FOR EACH STATEMENT EXECUTE FUNCTION keep_purchase_review()",
    ),
}


def upgrade() -> None:
    op.create_table(
        "threshold_year",
        sa.Column("id", KEY, nullable=False),
        sa.Column("from_year", sa.Integer(), nullable=False),
        sa.Column("least_value", sa.BigInteger(), nullable=False),
        sa.Column("general_hours", sa.Integer(), nullable=False),
        sa.Column("dedicated_hours", sa.Integer(), nullable=False),
        sa.Column("sharing_percent", sa.Integer(), nullable=False),
        sa.Column("problem_days", sa.Integer(), nullable=False),
        sa.Column("saturated_hours", sa.Integer(), nullable=False),
        sa.Column("review_from", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", KEY, nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("least_value >= 0 AND review_from >= 0", name=op.f("ck_threshold_year_values")),
        sa.CheckConstraint(
            "general_hours BETWEEN 1 AND 8784 AND dedicated_hours BETWEEN 1 AND 8784", name=op.f("ck_threshold_year_quotas")
        ),
        sa.CheckConstraint("saturated_hours BETWEEN 1 AND 8784", name=op.f("ck_threshold_year_saturated")),
        sa.CheckConstraint("sharing_percent BETWEEN 0 AND 100", name=op.f("ck_threshold_year_sharing")),
        sa.CheckConstraint("problem_days BETWEEN 1 AND 365", name=op.f("ck_threshold_year_problems")),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_threshold_year_changed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold_year")),
        sa.UniqueConstraint("from_year", name=op.f("uq_threshold_year_from_year")),
    )
    op.create_table(
        "purchase_review",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category_code", sa.String(length=6), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=40), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("is_central", sa.Boolean(), nullable=False),
        sa.Column("need", sa.Text(), nullable=False),
        sa.Column("chosen", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("made_by", KEY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", KEY, nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("price > 0", name=op.f("ck_purchase_review_price")),
        sa.CheckConstraint(
            "(given_at IS NULL) = (number IS NULL) AND (given_at IS NULL) = (given_by IS NULL)", name=op.f("ck_purchase_review_given")
        ),
        sa.CheckConstraint(
            "given_at IS NULL OR (verdict IN ('buy', 'share', 'conditions') AND opinion <> '')", name=op.f("ck_purchase_review_verdict")
        ),
        sa.ForeignKeyConstraint(["category_code"], ["category.code"], name=op.f("fk_purchase_review_category_code")),
        sa.ForeignKeyConstraint(["given_by"], ["person.id"], name=op.f("fk_purchase_review_given_by")),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_purchase_review_made_by")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_purchase_review_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purchase_review")),
        sa.UniqueConstraint("number", name=op.f("uq_purchase_review_number")),
    )
    op.create_index(op.f("ix_purchase_review_given_at"), "purchase_review", ["given_at"], unique=False)
    op.create_index(op.f("ix_purchase_review_organisation_id"), "purchase_review", ["organisation_id"], unique=False)
    for statement in KEPT[op.get_bind().dialect.name]:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def downgrade() -> None:
    op.drop_index(op.f("ix_purchase_review_organisation_id"), table_name="purchase_review")
    op.drop_index(op.f("ix_purchase_review_given_at"), table_name="purchase_review")
    op.drop_table("purchase_review")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS keep_purchase_review()")
    op.drop_table("threshold_year")
