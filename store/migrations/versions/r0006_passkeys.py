"""Passkeys in the console: when each was last used, and which sessions one has begun."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("credentials", sa.Column("used_at", Moment()))
    op.add_column(
        "sessions",
        sa.Column("credential", sa.String(32), server_default=sa.text("''"), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_column("sessions", "credential")
    op.drop_column("credentials", "used_at")
