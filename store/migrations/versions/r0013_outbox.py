"""Endpoints of other systems, the outbox of what they are to be told, and each attempt at it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "endpoint_keys",
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("public", sa.String(64), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_endpoint_keys"),
    )
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("old_secret", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("rotated_at", Moment()),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("added_by", sa.String(40), nullable=False),
        sa.Column("disabled_at", Moment()),
        sa.Column("succeeded_at", Moment()),
        sa.Column("failed_at", Moment()),
        sa.Column("failure", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("failure_status", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_endpoints"),
        sa.UniqueConstraint("name", name="uq_endpoints_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column("id", BigId, nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(40), nullable=False),
        sa.Column("event_type", sa.String(40), nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name="fk_outbox_endpoint_id_endpoints"
        ),
        sa.UniqueConstraint("endpoint_id", "event_id", name="uq_outbox_endpoint_id_event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["endpoint_id", "incident", "id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.create_table(
        "outbox_attempts",
        sa.Column("item_id", BigId, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("ended", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("milliseconds", sa.Integer()),
        sa.PrimaryKeyConstraint("item_id", "number", name="pk_outbox_attempts"),
        sa.ForeignKeyConstraint(
            ["item_id"], ["outbox.id"], name="fk_outbox_attempts_item_id_outbox"
        ),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("outbox_attempts", "outbox", "endpoints", "endpoint_keys"):
        op.drop_table(table)
