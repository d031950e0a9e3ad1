"""The status page: the number of its snapshots, and what their seals are about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the status page."""
    op.create_table(
        "status_page",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_status_page"),
    )
    op.create_table(
        "page_heads",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("heads", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_page_heads"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("page_heads")
    op.drop_table("status_page")
