"""Evidence of deposits and refunds: the documents their keeper saw."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# SQLite numbers rows by itself only in a column typed INTEGER.
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "deposit_document",
        sa.Column("id", KEY, nullable=False),
        sa.Column("deposit_id", KEY, nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_as", sa.String(length=100), nullable=False),
        sa.Column("added_by", KEY, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_deposit_document_added_by")),
        sa.ForeignKeyConstraint(["deposit_id"], ["deposit.id"], name=op.f("fk_deposit_document_deposit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deposit_document")),
    )
    op.create_index(op.f("ix_deposit_document_deposit_id"), "deposit_document", ["deposit_id"], unique=False)
    op.create_index(op.f("ix_deposit_document_stored_as"), "deposit_document", ["stored_as"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_deposit_document_stored_as"), table_name="deposit_document")
    op.drop_index(op.f("ix_deposit_document_deposit_id"), table_name="deposit_document")
    op.drop_table("deposit_document")
