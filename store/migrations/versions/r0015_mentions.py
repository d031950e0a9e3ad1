"""What people say to us, each version of it, and where the reading of each channel is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_INDEXES = {
    "ix_mentions_written": ["written_at", "id"],
    "ix_mentions_state": ["state", "written_at", "id"],
    "ix_mentions_channel": ["channel", "written_at", "id"],
    "ix_mentions_channel_state": ["channel", "state", "written_at", "id"],
    "ix_mentions_author": ["author_id", "written_at"],
    "ix_mentions_handle": ["author_handle", "written_at"],
    "ix_mentions_incident": ["incident", "state", "written_at"],
    "ix_mentions_claimed": ["claimed_by", "written_at"],
}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "mentions",
        sa.Column("id", BigId, nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("author_handle", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_followers", sa.BigInteger()),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("written_at", Moment(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("arrived_at", Moment(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("closed_at", Moment()),
        sa.Column("reason", sa.String(24), server_default=_EMPTY, nullable=False),
        sa.Column("words", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("closed_by", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("claimed_by", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("claimed_at", Moment()),
        sa.Column("claimed_until", Moment()),
        sa.Column("draft", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("drafted_by", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("drafted_at", Moment()),
        sa.Column("incident", sa.String(48), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mentions"),
        sa.UniqueConstraint("channel", "provider_id", name="uq_mentions_channel_provider_id"),
        sqlite_autoincrement=True,
    )
    for name, columns in _INDEXES.items():
        op.create_index(name, "mentions", columns)
    op.create_table(
        "mention_versions",
        sa.Column("mention_id", BigId, nullable=False, autoincrement=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cut", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("arrived_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("mention_id", "version", name="pk_mention_versions"),
        sa.ForeignKeyConstraint(
            ["mention_id"], ["mentions.id"], name="fk_mention_versions_mention_id_mentions"
        ),
    )
    op.create_table(
        "mention_sources",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("newest", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("every", sa.Integer(), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("asked_at", Moment()),
        sa.Column("succeeded_at", Moment()),
        sa.Column("item_at", Moment()),
        sa.Column("failed_at", Moment()),
        sa.Column("misses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("explanation", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("again_at", Moment()),
        sa.Column("gap_since", Moment()),
        sa.Column("gap_until", Moment()),
        sa.Column("gap_told_at", Moment()),
        sa.Column("lacks", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("lacked_at", Moment()),
        sa.Column("unreadable", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_mention_sources"),
    )
    op.create_table(
        "mention_chains",
        sa.Column("id", BigId, nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("newest", sa.Text(), nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mention_chains"),
        sa.ForeignKeyConstraint(
            ["channel"],
            ["mention_sources.channel"],
            name="fk_mention_chains_channel_mention_sources",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_mention_chains_channel", "mention_chains", ["channel", "id"])


def downgrade() -> None:
    """Drop them."""
    for table in ("mention_chains", "mention_sources", "mention_versions", "mentions"):
        op.drop_table(table)
