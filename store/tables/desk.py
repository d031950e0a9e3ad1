"""What people say to us, and where the reading of each channel that listens is."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

mentions = Table(
    "mentions",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("channel", String(40), nullable=False),
    # The platform's own, the same for all versions.
    Column("provider_id", Text, nullable=False),
    # The newest one, whose words are in `mention_versions`.
    Column("version", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("conversation", Text, nullable=False),
    Column("author_id", Text, nullable=False),
    Column("author_handle", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("author_followers", BigInteger),
    Column("language", Text, nullable=False),
    Column("reply_to", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("private", Boolean, nullable=False, server_default=false()),
    Column("written_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("closed_at", Moment),
    # Why it was dismissed, in whose words and by whom; by nobody for a rule.
    Column("reason", String(24), nullable=False, server_default=text("''")),
    Column("words", Text, nullable=False, server_default=text("''")),
    Column("closed_by", String(64), nullable=False, server_default=text("''")),
    # Who is at it, until when at the latest; nobody holds it afterwards.
    Column("claimed_by", String(64), nullable=False, server_default=text("''")),
    Column("claimed_at", Moment),
    Column("claimed_until", Moment),
    # A reply as typed so far, and whose: it outlives the claim.
    Column("draft", Text, nullable=False, server_default=text("''")),
    Column("drafted_by", String(64), nullable=False, server_default=text("''")),
    Column("drafted_at", Moment),
    # The one that was open when it arrived, or that it was drawn into; empty for none.
    Column("incident", String(48), nullable=False, server_default=text("''")),
    # Which cluster: NULL until one was looked for, 0 for none; and who put it there, if anybody.
    Column("cluster", BigInteger),
    Column("clustered_by", String(64), nullable=False, server_default=text("''")),
    # 0 for urgent, 1 for high, 2 for neither, and the name of the rule that says so.
    Column("rank", Integer, nullable=False, server_default="2"),
    Column("rule", Text, nullable=False, server_default=text("''")),
    UniqueConstraint("channel", "provider_id"),
    # Lists begin with the newest: of all, of a state, of a channel, of an author.
    Index("ix_mentions_written", "written_at", "id"),
    Index("ix_mentions_state", "state", "written_at", "id"),
    Index("ix_mentions_channel", "channel", "written_at", "id"),
    Index("ix_mentions_channel_state", "channel", "state", "written_at", "id"),
    Index("ix_mentions_author", "author_id", "written_at"),
    Index("ix_mentions_handle", "author_handle", "written_at"),
    Index("ix_mentions_incident", "incident", "state", "written_at"),
    Index("ix_mentions_claimed", "claimed_by", "written_at"),
    Index("ix_mentions_cluster", "cluster", "state", "written_at", "id"),
    Index("ix_mentions_arrived", "arrived_at", "channel", "reason"),
    Index("ix_mentions_closed", "closed_at", "channel", "reason"),
    Index("ix_mentions_language", "language", "written_at", "id"),
    # Lists that begin with what is most urgent.
    Index("ix_mentions_rank", "state", "rank", "written_at", "id"),
    # Those for which a cluster has to be looked for.
    Index(
        "ix_mentions_waiting",
        "id",
        sqlite_where=text("cluster IS NULL AND state = 'open'"),
        postgresql_where=text("cluster IS NULL AND state = 'open'"),
    ),
    # An id is never used again: it names a mention to people.
    sqlite_autoincrement=True,
)

mention_versions = Table(
    "mention_versions",
    metadata,
    Column("mention_id", BigId, ForeignKey("mentions.id"), primary_key=True, autoincrement=False),
    Column("version", Text, primary_key=True),
    Column("text", Text, nullable=False),
    # The text was longer.
    Column("cut", Boolean, nullable=False, server_default=false()),
    Column("changed_at", Moment, nullable=False),
    Column("arrived_at", Moment, nullable=False),
)

mention_clusters = Table(
    "mention_clusters",
    metadata,
    Column("id", BigId, primary_key=True),
    # Of the text that began it, in `mention_texts`: two workers make one cluster of it.
    Column("digest", String(32), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    # Empty while the name is made of its words.
    Column("named_by", String(64), nullable=False, server_default=text("''")),
    # The name of the saved reply that a person suggests for it.
    Column("saved", Text, nullable=False, server_default=text("''")),
    Column("begun_at", Moment, nullable=False),
    # An id is never used again: it names a cluster to people.
    sqlite_autoincrement=True,
)

# Every text for which a cluster was found, by the digest of what is compared of it.
mention_texts = Table(
    "mention_texts",
    metadata,
    # In the order in which they were committed: each process reads on from the last one it knows.
    Column("id", BigId, primary_key=True),
    Column("digest", String(32), nullable=False, unique=True),
    # The digest of the text that began the cluster, which stays when clusters are merged.
    Column("first", String(32), nullable=False),
    Column("cluster", BigInteger, nullable=False),
    # What is compared, of those that are examples of their cluster.
    Column("words", Text, nullable=False, server_default=text("''")),
    Column("example", Boolean, nullable=False),
    Index("ix_mention_texts_cluster", "cluster"),
)

mention_sources = Table(
    "mention_sources",
    metadata,
    Column("channel", String(40), primary_key=True),
    # Where the next reading begins; what is missing before it is in `mention_chains`.
    Column("newest", Text, nullable=False, server_default=text("''")),
    # Seconds between two readings.
    Column("every", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    # The last reading that began from the newest mention.
    Column("asked_at", Moment),
    Column("succeeded_at", Moment),
    Column("item_at", Moment),
    Column("failed_at", Moment),
    # Readings without an answer since the last one that had one.
    Column("misses", Integer, nullable=False, server_default="0"),
    Column("problem", String(16), nullable=False, server_default=text("''")),
    Column("explanation", Text, nullable=False, server_default=text("''")),
    # Nothing is asked before then.
    Column("again_at", Moment),
    # The last stretch that the platform did not show any more.
    Column("gap_since", Moment),
    Column("gap_until", Moment),
    Column("gap_told_at", Moment),
    # What our account may not read, and when that was last seen.
    Column("lacks", Text, nullable=False, server_default=text("''")),
    Column("lacked_at", Moment),
    Column("unreadable", Integer, nullable=False, server_default="0"),
    # When the credentials stop working by themselves, if they do and the platform tells.
    Column("expires_at", Moment),
)

# When far more was said on a channel than usual at that hour.
surges = Table(
    "surges",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("channel", String(40), nullable=False),
    # Mentions in ten minutes: the most so far, and what is normal by how many days before.
    Column("most", Integer, nullable=False),
    Column("normal", Float, nullable=False),
    Column("days", Integer, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("counted_at", Moment, nullable=False),
    Column("ended_at", Moment),
    # Who said that it needs no incident.
    Column("dismissed_by", String(64), nullable=False, server_default=text("''")),
    Column("dismissed_at", Moment),
    # One goes on for each channel.
    Index(
        "uq_surges_current",
        "channel",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# Chains of pages that are not complete: the mentions between `since` and what was read of them.
mention_chains = Table(
    "mention_chains",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("channel", String(40), ForeignKey("mention_sources.channel"), nullable=False),
    Column("since", Text, nullable=False),
    Column("token", Text, nullable=False),
    Column("newest", Text, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Index("ix_mention_chains_channel", "channel", "id"),
    sqlite_autoincrement=True,
)
