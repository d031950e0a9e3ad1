"""Channels in quarantine."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_IN_FORCE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "quarantines",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("lift_asked_at", Moment()),
        sa.Column("lift_asked_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("ended_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("untold", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_quarantines"),
    )
    op.create_index(
        "ix_quarantines_in_force",
        "quarantines",
        ["channel"],
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("quarantines")
