"""Which mentions ask the same, and which come first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_INDEXES = {
    "ix_mentions_cluster": ["cluster", "state", "written_at", "id"],
    "ix_mentions_rank": ["state", "rank", "written_at", "id"],
    "ix_mentions_arrived": ["arrived_at", "channel", "reason"],
    "ix_mentions_language": ["language", "written_at", "id"],
}
_WAITING = sa.text("cluster IS NULL AND state = 'open'")


def upgrade() -> None:
    """Make the tables and columns; a worker puts the mentions that are there into clusters."""
    op.create_table(
        "mention_clusters",
        sa.Column("id", BigId, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("named_by", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("saved", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("begun_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mention_clusters"),
        sa.UniqueConstraint("digest", name="uq_mention_clusters_digest"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mention_texts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("first", sa.String(32), nullable=False),
        sa.Column("cluster", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("example", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mention_texts"),
        sa.UniqueConstraint("digest", name="uq_mention_texts_digest"),
    )
    op.create_index("ix_mention_texts_cluster", "mention_texts", ["cluster"])
    op.add_column("mentions", sa.Column("cluster", sa.BigInteger()))
    for column in (
        sa.Column("clustered_by", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("rank", sa.Integer(), server_default="2", nullable=False),
        sa.Column("rule", sa.Text(), server_default=_EMPTY, nullable=False),
    ):
        op.add_column("mentions", column)
    for name, columns in _INDEXES.items():
        op.create_index(name, "mentions", columns)
    op.create_index(
        "ix_mentions_waiting",
        "mentions",
        ["id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_mentions_waiting", "mentions")
    for name in _INDEXES:
        op.drop_index(name, "mentions")
    for column in ("cluster", "clustered_by", "rank", "rule"):
        op.drop_column("mentions", column)
    op.drop_table("mention_texts")
    op.drop_table("mention_clusters")
