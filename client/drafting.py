"""Drafts of what people typed: kept for the incident to read, and removed if it refuses them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import EndedUnclosed, NoWorker, WrongInput
from client.same_ledger import refuse_other_ledger
from domain.actor import Actor
from domain.errors import DomainError
from store.kernel.errors import StoreUnavailable
from store.record import drafts
from store.record.drafts import DraftKind

NOTHING_WAS_DONE = (DomainError, WrongInput, EndedUnclosed, NoWorker)
"""What proves that the incident did not take a request; after anything else nobody knows."""


@asynccontextmanager
async def kept_draft(
    engine: Engine, slug: str, kind: DraftKind, body: Mapping[str, object], actor: Actor
) -> AsyncIterator[str]:
    """The id of a draft with ``body``, for one request to the incident.

    If the incident refuses the request, the draft is removed again. Raises ``OtherLedger`` and
    ``NoLedger`` before anything is kept.
    """
    await refuse_other_ledger(engine, slug)
    ledger = await engine.ledger()
    draft = await drafts.save(ledger, slug, kind, body, actor.person, datetime.now(UTC))
    try:
        yield draft
    except NOTHING_WAS_DONE:
        # The refusal is what a person has to read, also if the ledger fails meanwhile.
        with suppress(StoreUnavailable):
            await asyncio.shield(drafts.remove(ledger, draft))
        raise
