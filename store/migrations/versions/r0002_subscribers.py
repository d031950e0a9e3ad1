"""Subscribers of the status page: who they are, who asked, and the mail that asks them back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; nothing that is there changes."""
    op.create_table(
        "subscriptions",
        sa.Column("recipient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name="fk_subscriptions_recipient_id"
        ),
        sa.PrimaryKeyConstraint("recipient_id", name="pk_subscriptions"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subscription_components",
        sa.Column("recipient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("component", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["recipient_id"], ["recipients.id"], name="fk_subscription_components_recipient_id"
        ),
        sa.PrimaryKeyConstraint("recipient_id", "component", name="pk_subscription_components"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sign_ups",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("components", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_sign_ups"),
        sa.UniqueConstraint("mailbox", name="uq_sign_ups_mailbox"),
        sa.UniqueConstraint("nonce", name="uq_sign_ups_nonce"),
    )
    op.create_index("ix_sign_ups_asked_at", "sign_ups", ["asked_at"], unique=False)
    op.create_table(
        "confirmation_mails",
        sa.Column("id", BigId, nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_confirmation_mails"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_confirmation_mails_mailbox_asked_at",
        "confirmation_mails",
        ["mailbox", "asked_at"],
        unique=False,
    )
    op.create_index(
        "ix_confirmation_mails_state_due_at",
        "confirmation_mails",
        ["state", "due_at"],
        unique=False,
    )
    op.create_table(
        "subscriber_log",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("many", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscriber_log"),
    )


def downgrade() -> None:
    """Remove the tables, and with them everybody who subscribed."""
    for name in (
        "subscriber_log",
        "confirmation_mails",
        "sign_ups",
        "subscription_components",
        "subscriptions",
    ):
        op.drop_table(name)
