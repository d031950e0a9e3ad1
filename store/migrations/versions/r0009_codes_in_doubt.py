"""Codes of pools that may have been given out by a ledger that was put back since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; no code is in doubt."""
    op.add_column(
        "ledger", sa.Column("codes_up_to", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.add_column(
        "ledger", sa.Column("codes_doubted", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("code_pool", sa.Column("cleared", sa.Integer()))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("code_pool", "cleared")
    op.drop_column("ledger", "codes_doubted")
    op.drop_column("ledger", "codes_up_to")
