"""Surges, when a source's credentials end, and which version of a mention a reply is for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_GOES_ON = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "surges",
        sa.Column("id", BigId, nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("normal", sa.Float(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.Column("counted_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("dismissed_by", sa.String(64), server_default=sa.text("''"), nullable=False),
        sa.Column("dismissed_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_surges"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_surges_current",
        "surges",
        ["channel"],
        unique=True,
        sqlite_where=_GOES_ON,
        postgresql_where=_GOES_ON,
    )
    op.add_column("mention_sources", sa.Column("expires_at", Moment()))
    # Empty for those that were planned before: nobody knows.
    version = sa.Column("version", sa.Text(), server_default=sa.text("''"), nullable=False)
    op.add_column("replies", version)


def downgrade() -> None:
    """Drop them."""
    op.drop_column("replies", "version")
    op.drop_column("mention_sources", "expires_at")
    op.drop_table("surges")
