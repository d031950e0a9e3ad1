"""Stopping everything of an incident, and samples of messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of stops and of samples."""
    op.create_table(
        "stops",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("ended_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("untold", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stops"),
    )
    op.create_index(
        "ix_stops_in_force",
        "stops",
        ["incident"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_stops_incident", "stops", ["incident"])
    op.create_table(
        "samples",
        sa.Column("id", BigId, nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(31), nullable=False),
        sa.Column("audience", sa.String(100), server_default=sa.text("''"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(40), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_samples"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_samples_state", "samples", ["state"])
    op.create_index("ix_samples_asked_by", "samples", ["asked_by", "asked_at"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("samples")
    op.drop_table("stops")
