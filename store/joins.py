"""Joins of tables that more than one subject of the ledger reads."""

from __future__ import annotations

from sqlalchemy import and_

from store.tables import batches, broadcasts, deliveries, recipients

IN_BATCHES = batches.join(broadcasts, broadcasts.c.id == batches.c.broadcast_id).join(
    recipients,
    and_(
        recipients.c.audience_id == broadcasts.c.audience_id,
        recipients.c.id.between(batches.c.first, batches.c.last),
    ),
)
"""Everybody who is in a batch, with the batch and its broadcast."""

WITH_DELIVERIES = IN_BATCHES.outerjoin(
    deliveries,
    and_(
        deliveries.c.broadcast_id == batches.c.broadcast_id,
        deliveries.c.recipient_id == recipients.c.id,
    ),
)
"""The same with what more is known of a recipient, if anything is."""
