"""The API: tokens, and the requests that were made with a key of their sender's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), server_default=_EMPTY, nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.Column("removed_at", Moment()),
        sa.Column("removed_by", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_table(
        "api_requests",
        sa.Column("token", sa.String(16), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("began_at", Moment(), nullable=False),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("location", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("token", "key", name="pk_api_requests"),
    )
    op.create_index("ix_api_requests_began_at", "api_requests", ["began_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("api_requests")
    op.drop_table("tokens")
