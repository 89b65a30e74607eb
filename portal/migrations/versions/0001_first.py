"""Make every table."""

from alembic import op

from portal.schema import all_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    all_tables().create_all(op.get_bind())


def downgrade() -> None:
    all_tables().drop_all(op.get_bind())
