"""The version of names.

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from db.columns import new_id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    names = op.create_table(
        "names",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name="only"),
        sa.PrimaryKeyConstraint("id", name="pk_names"),
    )
    op.bulk_insert(names, [{"id": 1, "version": new_id()}])


def downgrade() -> None:
    """Take the database back to the revision before."""
    op.drop_table("names")
