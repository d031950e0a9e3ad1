"""Proofs of decisions: what people sign with, nonces, and the evidence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of proofs."""
    op.create_table(
        "credentials",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("rp_id", sa.String(255), server_default=sa.text("''"), nullable=False),
        sa.Column("origin", sa.String(300), server_default=sa.text("''"), nullable=False),
        sa.Column("passkey_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name", sa.String(80), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("created_by", sa.String(40), nullable=False),
        sa.Column("removed_at", Moment()),
        sa.Column("removed_by", sa.String(40)),
        sa.PrimaryKeyConstraint("id", name="pk_credentials"),
    )
    op.create_index("ix_credentials_person", "credentials", ["person"])
    op.create_table(
        "nonces",
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("spent_by", sa.String(32)),
        sa.Column("spent_at", Moment()),
        sa.PrimaryKeyConstraint("nonce", name="pk_nonces"),
    )
    op.create_index("ix_nonces_expires_at", "nonces", ["expires_at"])
    op.create_table(
        "proofs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("incident", sa.String(48), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("credential", sa.String(32), nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("authenticator_data", sa.LargeBinary(), nullable=False),
        sa.Column("client_data", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", Moment(), nullable=False),
        sa.Column("verified", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("key_id", sa.String(16), server_default=sa.text("''"), nullable=False),
        sa.Column("seal", sa.String(128), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proofs"),
    )
    op.create_index("ix_proofs_incident", "proofs", ["incident"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("proofs")
    op.drop_table("nonces")
    op.drop_table("credentials")
