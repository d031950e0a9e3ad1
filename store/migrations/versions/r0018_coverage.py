"""What was answered and dismissed lately is found without reading every mention."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_mentions_closed", "mentions", ["closed_at", "channel", "reason"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_mentions_closed", "mentions")
