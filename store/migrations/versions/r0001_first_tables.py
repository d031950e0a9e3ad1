"""The first tables of the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import BigId, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "audiences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("recipients", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audiences"),
        sa.UniqueConstraint("name", name="uq_audiences_name"),
    )
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=31), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.String(length=100), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column(
            "message_class", sa.String(length=16), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("batches", sa.Integer(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("suppressed", sa.BigInteger(), nullable=False),
        sa.Column("elsewhere", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("offer_version", sa.Integer()),
        sa.Column("planned_at", Moment(), nullable=False),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audiences.id"], name="fk_broadcasts_audience_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_broadcasts"),
        sa.UniqueConstraint("key", name="uq_broadcasts_key"),
    )
    op.create_index(
        "ix_broadcasts_incident_number", "broadcasts", ["incident", "number"], unique=False
    )
    op.create_table(
        "delivery_events",
        sa.Column("broadcast", sa.String(length=16), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("batch", sa.Integer()),
        sa.Column("attempt", sa.SmallInteger()),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("reason_code", sa.String(length=64)),
        sa.Column("early", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("broadcast", "recipient_id", "id", name="pk_delivery_events"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_delivery_events_early",
        "delivery_events",
        ["broadcast"],
        unique=False,
        sqlite_where=sa.text("early"),
        postgresql_where=sa.text("early"),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("saved_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
    )
    op.create_table(
        "events_set_aside",
        sa.Column("id", BigId, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=31), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("why", sa.String(length=100), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events_set_aside"),
        sa.UniqueConstraint("digest", name="uq_events_set_aside_digest"),
    )
    op.create_table(
        "incidents",
        sa.Column("slug", sa.String(length=48), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("playbook", sa.String(length=64), nullable=False),
        sa.Column("audiences", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("opened_at", Moment(), nullable=False),
        sa.Column("closed_at", Moment()),
        sa.Column("run", sa.String(length=64), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_incidents"),
    )
    op.create_table(
        "incident_snapshots",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("taken_at", Moment(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident", name="pk_incident_snapshots"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.String(length=32), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ledger"),
    )
    op.create_table(
        "locks",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("compared", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("incident", name="pk_locks"),
    )
    op.create_table(
        "messages",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("incident", "number", name="pk_messages"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("worth", sa.BigInteger(), nullable=False),
        sa.Column("pool", sa.String(length=64)),
        sa.Column("issued", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("secret_mark", sa.String(length=8)),
        sa.Column("widest", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offers"),
        sa.UniqueConstraint("incident", "version", name="uq_offers_incident_version"),
    )
    op.create_table(
        "playbooks",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_playbooks"),
    )
    op.create_table(
        "publications",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=31), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("receipt_id", sa.Text()),
        sa.Column("receipt_url", sa.Text()),
        sa.Column("receipt_at", Moment()),
        sa.Column("uncertain_since", Moment()),
        sa.Column("explanation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "number", "channel", name="pk_publications"),
    )
    op.create_index(
        "ix_publications_channel_receipt_id",
        "publications",
        ["channel", "receipt_id"],
        unique=False,
    )
    op.create_table(
        "suppressions",
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column(
            "message_class", sa.String(length=16), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox", "message_class", name="pk_suppressions"),
    )
    op.create_table(
        "suppression_log",
        sa.Column("id", BigId, nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("mailbox", sa.Text()),
        sa.Column("message_class", sa.String(length=16)),
        sa.Column("reason", sa.String(length=64), server_default=sa.text("''"), nullable=False),
        sa.Column("many", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suppression_log"),
    )
    op.create_index("ix_suppression_log_mailbox", "suppression_log", ["mailbox"], unique=False)
    op.create_table(
        "timeline",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("link", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("branch", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("surface", sa.String(length=16)),
        sa.Column("authenticated_by", sa.String(length=16)),
        sa.Column("about", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("seal", sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint("incident", "link", name="pk_timeline"),
        sa.UniqueConstraint("incident", "branch", "seq", name="uq_timeline_incident_branch_seq"),
    )
    op.create_table(
        "record_keys",
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column(
            "endorsed_by", sa.String(length=16), server_default=sa.text("''"), nullable=False
        ),
        sa.Column(
            "endorsement", sa.String(length=128), server_default=sa.text("''"), nullable=False
        ),
        sa.Column(
            "acceptance", sa.String(length=128), server_default=sa.text("''"), nullable=False
        ),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_record_keys"),
    )
    op.create_table(
        "openings",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("destinations", sa.Text(), nullable=False),
        sa.Column("decisions", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("seal", sa.String(length=128), nullable=False),
        sa.Column("revoked_at", Moment()),
        sa.PrimaryKeyConstraint("incident", "kind", "number", "revision", name="pk_openings"),
    )
    op.create_table(
        "batches",
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("started_at", Moment()),
        sa.Column("receipt_id", sa.Text()),
        sa.Column("receipt_at", Moment()),
        sa.Column("explanation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("proven_attempt", sa.Integer()),
        sa.Column("proven_at", Moment()),
        sa.Column("accepted_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.Column("suppressed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("processed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delivered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("dropped", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bounced", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refused", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name="fk_batches_broadcast_id"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "number", name="pk_batches"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "code_guesses",
        sa.Column("id", BigId, nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_code_guesses"),
    )
    op.create_index("ix_code_guesses_caller_at", "code_guesses", ["caller", "at"], unique=False)
    op.create_table(
        "code_pool",
        sa.Column("id", BigId, nullable=False),
        sa.Column("pool", sa.String(length=64), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("bare", sa.String(length=64), nullable=False),
        sa.Column("offer_id", sa.Integer()),
        sa.Column("recipient_id", sa.BigInteger()),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name="fk_code_pool_offer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_code_pool"),
        sa.UniqueConstraint("bare", name="uq_code_pool_bare"),
        sa.UniqueConstraint("offer_id", "recipient_id", name="uq_code_pool_offer_id_recipient_id"),
    )
    op.create_index(
        "ix_code_pool_free",
        "code_pool",
        ["pool", "id"],
        unique=False,
        sqlite_where=sa.text("recipient_id IS NULL"),
        postgresql_where=sa.text("recipient_id IS NULL"),
    )
    op.create_table(
        "codes",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("entered_at", Moment()),
        sa.Column("symbols", sa.LargeBinary(), nullable=False),
        sa.Column("recipients", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name="fk_codes_offer_id"),
        sa.PrimaryKeyConstraint("offer_id", "first", name="pk_codes"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Nothing makes random symbols smaller, and trying costs more than storing them.
        op.execute("ALTER TABLE codes ALTER COLUMN symbols SET STORAGE EXTERNAL")
    op.create_table(
        "deliveries",
        sa.Column("broadcast_id", sa.Integer(), nullable=False),
        sa.Column("recipient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("withheld", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.String(length=100)),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcasts.id"], name="fk_deliveries_broadcast_id"
        ),
        sa.PrimaryKeyConstraint("broadcast_id", "recipient_id", name="pk_deliveries"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "redemptions",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("redeemed_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name="fk_redemptions_offer_id"),
        sa.PrimaryKeyConstraint("code", name="pk_redemptions"),
    )
    op.create_table(
        "recipients",
        sa.Column("id", BigId, nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("segment", sa.String(length=100)),
        sa.Column("columns", sa.Text(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["audience_id"], ["audiences.id"], name="fk_recipients_audience_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recipients"),
        sa.UniqueConstraint("audience_id", "mailbox", name="uq_recipients_audience_id_mailbox"),
    )
    op.create_index(
        "ix_recipients_audience_id_id", "recipients", ["audience_id", "id"], unique=False
    )
    op.create_table(
        "revisions",
        sa.Column("incident", sa.String(length=48), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", Moment(), nullable=False),
        sa.Column("request", sa.String(length=64), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident", "number"],
            ["messages.incident", "messages.number"],
            name="fk_revisions_incident_number",
        ),
        sa.PrimaryKeyConstraint("incident", "number", "revision", name="pk_revisions"),
    )


def downgrade() -> None:
    """Refuse: there is nothing before the first tables but a lost record."""
    raise NotImplementedError("Restore a backup instead: a ledger is never thrown away by a tool.")
