"""Our replies to mentions, and how each account that replies is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_LIVE = sa.text("state IN ('planned', 'sending', 'accepted', 'unknown')")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "replies",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mention_id", BigId, nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("basis", sa.String(8), nullable=False),
        sa.Column("message", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved", sa.String(64), nullable=False),
        sa.Column("wording", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("second", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("waits", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("planned_at", Moment(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("uncertain_since", Moment()),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("look_at", Moment()),
        sa.Column("perhaps", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("receipt_id", sa.Text()),
        sa.Column("receipt_url", sa.Text()),
        sa.Column("accepted_at", Moment()),
        sa.Column("explanation", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_replies"),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name="fk_replies_mention_id_mentions"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ux_replies_mention",
        "replies",
        ["mention_id"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )
    op.create_index("ix_replies_next", "replies", ["channel", "state", "rank", "id"])
    op.create_index("ix_replies_started", "replies", ["channel", "started_at"])
    op.create_index("ix_replies_receipt", "replies", ["channel", "receipt_id"])
    op.create_index("ix_replies_incident", "replies", ["incident", "state"])
    op.create_table(
        "reply_accounts",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("again_at", Moment()),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("limited", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("explanation", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_reply_accounts"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("reply_accounts")
    op.drop_table("replies")
