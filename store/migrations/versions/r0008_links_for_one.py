"""Links that sign one person in to the console, and nobody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the links from before are for whoever opens them."""
    op.add_column("sign_in_links", sa.Column("person", sa.String(40)))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("sign_in_links", "person")
