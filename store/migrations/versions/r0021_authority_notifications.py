"""When authorities were notified."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "authority_notifications",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("recorded_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_authority_notifications"),
    )
    op.create_index("ix_authority_notifications_incident", "authority_notifications", ["incident"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("authority_notifications")
