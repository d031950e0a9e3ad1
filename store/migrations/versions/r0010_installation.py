"""The record of the installation, recovery codes, and passkeys that wait for a second person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.kernel.columns import Moment

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    """Make the tables; every passkey and key from before counts as confirmed."""
    op.create_table(
        "installation_record",
        sa.Column("link", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("what", sa.String(40), nullable=False),
        sa.Column("who", sa.String(40), server_default=_EMPTY, nullable=False),
        sa.Column("person", sa.String(40), server_default=_EMPTY, nullable=False),
        sa.Column("surface", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("about", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("key_id", sa.String(16), server_default=_EMPTY, nullable=False),
        sa.Column("seal", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("link", name="pk_installation_record"),
    )
    op.create_table(
        "installation_end",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_installation_end"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("spent_at", Moment()),
        sa.PrimaryKeyConstraint("code_hash", name="pk_recovery_codes"),
    )
    op.create_index("ix_recovery_codes_person", "recovery_codes", ["person"])
    op.add_column(
        "sessions",
        sa.Column("begun_by", sa.String(16), server_default=_EMPTY, nullable=False),
    )
    op.add_column("credentials", sa.Column("confirmed_at", Moment()))
    op.add_column("credentials", sa.Column("confirmed_by", sa.String(40)))
    op.execute("UPDATE credentials SET confirmed_at = created_at, confirmed_by = created_by")


def downgrade() -> None:
    """Drop them."""
    op.drop_column("credentials", "confirmed_by")
    op.drop_column("credentials", "confirmed_at")
    op.drop_column("sessions", "begun_by")
    op.drop_table("recovery_codes")
    op.drop_table("installation_end")
    op.drop_table("installation_record")
