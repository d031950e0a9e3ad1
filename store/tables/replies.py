"""Our replies to mentions, and how each account that replies is."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

_LIVE = text("state IN ('planned', 'sending', 'accepted', 'unknown')")

replies = Table(
    "replies",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("mention_id", BigId, ForeignKey("mentions.id"), nullable=False),
    Column("channel", String(40), nullable=False),
    Column("text", Text, nullable=False),
    # Why it may go out: `domain.replies.ReplyGround`.
    Column("incident", String(48), nullable=False),
    Column("basis", String(8), nullable=False),
    Column("message", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("saved", String(64), nullable=False),
    Column("wording", Integer, nullable=False),
    Column("by", String(64), nullable=False),
    Column("second", String(64), nullable=False, server_default=text("''")),
    # Somebody else has to agree to the words first.
    Column("waits", Boolean, nullable=False, server_default=false()),
    # That of the mention's priority: the lower, the sooner it goes out.
    Column("rank", Integer, nullable=False),
    Column("planned_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("started_at", Moment),
    Column("uncertain_since", Moment),
    # Looks at the platform for this attempt that found nothing, and when the next is due.
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("look_at", Moment),
    # Whether the platform's answer to the last attempt was a no, if it is not found.
    Column("perhaps", Boolean, nullable=False, server_default=false()),
    Column("receipt_id", Text),
    Column("receipt_url", Text),
    Column("accepted_at", Moment),
    Column("explanation", Text, nullable=False, server_default=text("''")),
    Column("updated_at", Moment, nullable=False),
    # Of the mention, that the reply is for; empty if nobody knows.
    Column("version", Text, nullable=False, server_default=text("''")),
    # A mention has one reply, unless that certainly did not go out.
    Index(
        "ux_replies_mention", "mention_id", unique=True, sqlite_where=_LIVE, postgresql_where=_LIVE
    ),
    Index("ix_replies_next", "channel", "state", "rank", "id"),
    Index("ix_replies_started", "channel", "started_at"),
    Index("ix_replies_receipt", "channel", "receipt_id"),
    Index("ix_replies_incident", "incident", "state"),
    sqlite_autoincrement=True,
)

reply_accounts = Table(
    "reply_accounts",
    metadata,
    Column("channel", String(40), primary_key=True),
    # Nothing is sent before then, and why.
    Column("again_at", Moment),
    Column("failures", Integer, nullable=False, server_default="0"),
    # The provider named the time: nothing that a person does makes it sooner.
    Column("limited", Boolean, nullable=False, server_default=false()),
    Column("explanation", Text, nullable=False, server_default=text("''")),
    Column("updated_at", Moment, nullable=False),
)
