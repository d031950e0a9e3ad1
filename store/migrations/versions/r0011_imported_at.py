"""When an audience was last imported into."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of audiences from before nobody knows."""
    op.add_column("audiences", sa.Column("imported_at", Moment()))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("audiences", "imported_at")
