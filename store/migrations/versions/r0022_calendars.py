"""On-call calendars that are kept elsewhere, as they were last read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "calendars",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("schedule", sa.String(40), nullable=False),
        sa.Column("events", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("read_at", Moment()),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.Column("problem", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("next_step", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_calendars"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("calendars")
