"""Notifications of our own people, their attempts, and the browsers that receive them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")
_DUE = sa.text("due_at IS NOT NULL")
_NEWS = sa.text("news != ''")


def upgrade() -> None:
    """Make the tables."""
    _make_notifications()
    op.create_table(
        "notification_attempts",
        sa.Column("notification_id", BigId, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("ended", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("milliseconds", sa.Integer()),
        sa.PrimaryKeyConstraint("notification_id", "number", name="pk_notification_attempts"),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name="fk_notification_attempts_notification_id_notifications",
        ),
    )
    op.create_table(
        "contact_problems",
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("person", "method", name="pk_contact_problems"),
    )
    op.create_table(
        "push_keys",
        sa.Column("public", sa.String(120), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("public", name="pk_push_keys"),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.String(120), nullable=False),
        sa.Column("auth", sa.String(40), nullable=False),
        sa.Column("public", sa.String(120), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("succeeded_at", Moment()),
        sa.Column("failed_at", Moment()),
        sa.PrimaryKeyConstraint("id", name="pk_push_subscriptions"),
        sa.UniqueConstraint("endpoint", name="uq_push_subscriptions_endpoint"),
    )
    op.create_index("ix_push_subscriptions_person", "push_subscriptions", ["person"])


def _make_notifications() -> None:
    op.create_table(
        "notifications",
        sa.Column("id", BigId, nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("step", sa.String(80), nullable=False),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("message", sa.Integer()),
        sa.Column("due", Moment()),
        sa.Column("method", sa.String(40), server_default=_EMPTY, nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("bundle", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("entered_at", Moment(), nullable=False),
        sa.Column("due_at", Moment()),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handed_at", Moment()),
        sa.Column("acknowledged_at", Moment()),
        sa.Column("news", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("ended_at", Moment()),
        sa.Column("ending", sa.String(80), server_default=_EMPTY, nullable=False),
        sa.Column("ended_by", sa.String(64), server_default=_EMPTY, nullable=False),
        sa.Column("told", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notifications"),
        sa.UniqueConstraint(
            "incident",
            "about",
            "step",
            "person",
            name="uq_notifications_incident_about_step_person",
        ),
        sqlite_autoincrement=True,
    )
    for name, columns, where in (
        ("due", ["due_at"], _DUE),
        ("news", ["id"], _NEWS),
        ("person_incident", ["person", "incident"], None),
    ):
        op.create_index(
            f"ix_notifications_{name}",
            "notifications",
            columns,
            sqlite_where=where,
            postgresql_where=where,
        )


def downgrade() -> None:
    """Drop them."""
    for table in (
        "push_subscriptions",
        "push_keys",
        "contact_problems",
        "notification_attempts",
        "notifications",
    ):
        op.drop_table(table)
