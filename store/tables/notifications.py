"""Notifications of our own people, each attempt, and the browsers that receive them."""

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
    UniqueConstraint,
    text,
)

from store.kernel.columns import BigId, Moment
from store.tables.metadata import metadata

_EMPTY = text("''")
_DUE = text("due_at IS NOT NULL")
_NEWS = text("news != ''")

notifications = Table(
    "notifications",
    metadata,
    Column("id", BigId, primary_key=True),
    # Empty for a contact test.
    Column("incident", String(48), nullable=False),
    Column("about", String(80), nullable=False),
    Column("step", String(80), nullable=False),
    Column("person", String(64), nullable=False),
    Column("reason", String(24), nullable=False),
    Column("severity", Integer, nullable=False),
    Column("message", Integer),
    Column("due", Moment),
    # The only method that it goes by; empty for whichever is next.
    Column("method", String(40), nullable=False, server_default=_EMPTY),
    Column("code", String(8), nullable=False),
    # The code of everything that waits for this person in this incident.
    Column("bundle", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("entered_at", Moment, nullable=False),
    # When something is to be sent next; NULL if nothing is. While an attempt is under way, when
    # it counts as lost.
    Column("due_at", Moment),
    # Which method is next, and how many in a row have failed.
    Column("place", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("handed_at", Moment),
    Column("acknowledged_at", Moment),
    # What its incident has not been told yet: that it was acknowledged, or nobody was reached.
    Column("news", String(16), nullable=False, server_default=_EMPTY),
    Column("ended_at", Moment),
    Column("ending", String(80), nullable=False, server_default=_EMPTY),
    Column("ended_by", String(64), nullable=False, server_default=_EMPTY),
    # Whether the person has been told that it is over, or never has to be.
    Column("told", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("incident", "about", "step", "person"),
    Index("ix_notifications_due", "due_at", sqlite_where=_DUE, postgresql_where=_DUE),
    Index("ix_notifications_news", "id", sqlite_where=_NEWS, postgresql_where=_NEWS),
    Index("ix_notifications_person_incident", "person", "incident"),
    sqlite_autoincrement=True,
)

notification_attempts = Table(
    "notification_attempts",
    metadata,
    Column(
        "notification_id",
        BigId,
        ForeignKey("notifications.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("method", String(40), nullable=False),
    Column("kind", String(16), nullable=False),
    # How it ended; empty while it is under way, and for ever if its worker died.
    Column("ended", String(16), nullable=False, server_default=_EMPTY),
    Column("milliseconds", Integer),
)

# Why contact methods cannot be used, as the workers last found.
contact_problems = Table(
    "contact_problems",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("method", String(40), primary_key=True),
    Column("kind", String(16), nullable=False, server_default=_EMPTY),
    Column("why", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)

# The key pair by which push services know this installation.
push_keys = Table(
    "push_keys",
    metadata,
    Column("public", String(120), primary_key=True),
    # The private half, encrypted to the key `key_id` of the workers.
    Column("secret", Text, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("since", Moment, nullable=False),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("endpoint", Text, nullable=False, unique=True),
    Column("p256dh", String(120), nullable=False),
    Column("auth", String(40), nullable=False),
    # The public key that it was made for.
    Column("public", String(120), nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("succeeded_at", Moment),
    Column("failed_at", Moment),
)
