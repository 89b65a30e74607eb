"""What an hour of an instrument costs, in the bands a search can choose; filled from the rates in force by the next tick."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "search_price",
        sa.Column("instrument_id", KEY, autoincrement=False, nullable=False),
        sa.Column("bands", sa.String(length=5), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instrument_id", name=op.f("pk_search_price")),
    )


def downgrade() -> None:
    op.drop_table("search_price")
