"""Endpoints, and what is to be sent to them because something happened."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

# The public halves of the keys that workers read endpoints' secrets with.
endpoint_keys = Table(
    "endpoint_keys",
    metadata,
    # The key of the record that it is derived from.
    Column("key_id", String(16), primary_key=True),
    Column("public", String(64), nullable=False),
    Column("since", Moment, nullable=False),
)

endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    # Types of events, with spaces between; empty for all.
    Column("events", Text, nullable=False, server_default=text("''")),
    # Encrypted to the key `key_id` of the workers.
    Column("secret", Text, nullable=False),
    Column("key_id", String(16), nullable=False),
    # The one before, which is good for a day longer.
    Column("old_secret", Text, nullable=False, server_default=text("''")),
    Column("rotated_at", Moment),
    Column("added_at", Moment, nullable=False),
    Column("added_by", String(40), nullable=False),
    # It answered that it wants nothing more.
    Column("disabled_at", Moment),
    Column("succeeded_at", Moment),
    Column("failed_at", Moment),
    # How its last failure ended, as in an attempt.
    Column("failure", String(16), nullable=False, server_default=text("''")),
    Column("failure_status", Integer),
    # An id is never used again: an attempt may still be under way for an endpoint that is gone.
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    # Within an incident, in the order in which things happened.
    Column("id", BigId, primary_key=True),
    Column("endpoint_id", Integer, ForeignKey("endpoints.id"), nullable=False),
    Column("event_id", String(40), nullable=False),
    Column("event_type", String(40), nullable=False),
    # Empty for what belongs to none.
    Column("incident", String(48), nullable=False),
    Column("payload", Text, nullable=False),
    Column("entered_at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    # How often it was tried since then: since it was entered, or replayed.
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("since", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("ended_at", Moment),
    UniqueConstraint("endpoint_id", "event_id"),
    Index(
        "ix_outbox_waiting",
        "endpoint_id",
        "incident",
        "id",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
    sqlite_autoincrement=True,
)

outbox_attempts = Table(
    "outbox_attempts",
    metadata,
    Column("item_id", BigId, ForeignKey("outbox.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    # How it ended; empty while it is under way, and for ever if its worker died.
    Column("ended", String(16), nullable=False, server_default=text("''")),
    Column("status", Integer),
    Column("milliseconds", Integer),
)
