"""Refused attempts at booking, for the statistics."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "refused_attempt",
        sa.Column("id", KEY, nullable=False),
        sa.Column("instrument_id", KEY, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("is_taken", sa.Boolean(), nullable=False),
        sa.Column("is_move", sa.Boolean(), nullable=False),
        sa.CheckConstraint("start_at < end_at", name=op.f("ck_refused_attempt_span")),
        sa.ForeignKeyConstraint(["instrument_id"], ["instrument.id"], name=op.f("fk_refused_attempt_instrument_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refused_attempt")),
    )
    op.create_index(op.f("ix_refused_attempt_at"), "refused_attempt", ["at"], unique=False)
    op.create_index(
        op.f("ix_refused_attempt_instrument_id_refused_attempt_at"), "refused_attempt", ["instrument_id", "at"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_refused_attempt_instrument_id_refused_attempt_at"), table_name="refused_attempt")
    op.drop_index(op.f("ix_refused_attempt_at"), table_name="refused_attempt")
    op.drop_table("refused_attempt")
