"""Recipients' preferences among the stored events: ``unsubscribed`` and ``resubscribed``."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_REPLACE = sa.text("UPDATE delivery_events SET kind = :new WHERE kind = :old")


def upgrade() -> None:
    """Replace the words ``left`` and ``returned``."""
    op.execute(_REPLACE.bindparams(old="left", new="unsubscribed"))
    op.execute(_REPLACE.bindparams(old="returned", new="resubscribed"))


def downgrade() -> None:
    """Put the earlier words back."""
    op.execute(_REPLACE.bindparams(old="unsubscribed", new="left"))
    op.execute(_REPLACE.bindparams(old="resubscribed", new="returned"))
