"""Numbers for the entries of all timelines together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; entries are numbered when they are first read."""
    op.create_table(
        "event_numbers",
        sa.Column("number", BigId, nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_event_numbers"),
        sa.UniqueConstraint("incident", "link", name="uq_event_numbers_incident_link"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("event_numbers")
