"""Divisions of income that begin at an instant, one row each, so that the database itself refuses what is not 100 %."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PARTS = ("instrument", "facility", "organisation", "management")
SUM = " + ".join(f"to_{part}" for part in PARTS)


def upgrade() -> None:
    op.create_table(
        "income_division",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(f"to_{part}", sa.BigInteger(), nullable=False) for part in PARTS),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"{SUM} = 10000 OR ({SUM} = 0 AND instrument_id IS NOT NULL)", name=op.f("ck_income_division_whole")),
        sa.CheckConstraint(" AND ".join(f"to_{part} >= 0" for part in PARTS), name=op.f("ck_income_division_percents")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_income_division_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_income_division_organisation_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_income_division_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_division")),
    )
    op.create_index("uq_income_division_instrument", "income_division", ["instrument_id", "valid_from"], unique=True)
    op.create_index(
        "uq_income_division_usual", "income_division", ["organisation_id", "valid_from"], unique=True,
        sqlite_where=sa.text("instrument_id IS NULL"), postgresql_where=sa.text("instrument_id IS NULL"),
    )  # fmt: skip
    percents = ", ".join(f"sum(CASE WHEN part = '{part}' THEN percent ELSE 0 END)" for part in PARTS)
    op.execute(
        f"INSERT INTO income_division (organisation_id, instrument_id, valid_from, {', '.join(f'to_{part}' for part in PARTS)}, set_by, set_at) "
        f"SELECT organisation_id, instrument_id, min(set_at), {percents}, max(set_by), min(set_at) FROM income_split "
        "GROUP BY organisation_id, instrument_id HAVING sum(percent) = 10000"
    )
    op.drop_index("uq_income_split_usual", table_name="income_split")
    op.drop_index("uq_income_split_instrument", table_name="income_split")
    op.drop_table("income_split")


def downgrade() -> None:
    op.create_table(
        "income_split",
        sa.Column("id", KEY, nullable=False),
        sa.Column("organisation_id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=True),
        sa.Column("part", sa.String(length=12), nullable=False),
        sa.Column("percent", sa.BigInteger(), nullable=False),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("part IN ('instrument', 'facility', 'organisation', 'management')", name=op.f("ck_income_split_part")),
        sa.CheckConstraint("percent > 0 AND percent <= 10000", name=op.f("ck_income_split_percent")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_income_split_instrument_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_income_split_organisation_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_income_split_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_income_split")),
    )
    op.create_index("uq_income_split_instrument", "income_split", ["instrument_id", "part"], unique=True)
    op.create_index(
        "uq_income_split_usual", "income_split", ["organisation_id", "part"], unique=True,
        sqlite_where=sa.text("instrument_id IS NULL"), postgresql_where=sa.text("instrument_id IS NULL"),
    )  # fmt: skip
    for part in PARTS:  # the last that was said holds from now on; what is to come is lost with the history
        op.execute(
            "INSERT INTO income_split (organisation_id, instrument_id, part, percent, set_by, set_at) "
            f"SELECT organisation_id, instrument_id, '{part}', to_{part}, set_by, set_at FROM income_division AS held WHERE to_{part} > 0 "
            "AND valid_from = (SELECT max(valid_from) FROM income_division AS other WHERE other.organisation_id = held.organisation_id "
            "AND coalesce(other.instrument_id, 0) = coalesce(held.instrument_id, 0))"
        )
    op.drop_index("uq_income_division_usual", table_name="income_division")
    op.drop_index("uq_income_division_instrument", table_name="income_division")
    op.drop_table("income_division")
