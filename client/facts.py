"""Facts: what is known so far, kept for the messages to come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from client.asking import incident_status, tell
from client.engine import Engine
from domain.facts import Facts
from domain.status import IncidentStatus
from store.record import drafts
from workflows.contract import RecordFacts


async def record_facts(
    engine: Engine, slug: str, *, by: str, facts: Mapping[str, object]
) -> IncidentStatus:
    """Add ``facts`` to those known so far; an empty value takes one back.

    ``facts`` are fields of ``domain.facts.Facts``. The words stay in the ledger.
    """
    now = await incident_status(engine, slug)
    ledger = await engine.ledger()
    known = (await drafts.load(ledger, now.facts)).body if now.facts else {}
    merged = Facts.model_validate({**known, **facts})
    body = merged.model_dump(mode="json", exclude_defaults=True)
    draft = await drafts.save(ledger, slug, "facts", body, by, datetime.now(UTC))
    argument = RecordFacts(by=by, facts=draft, filled=tuple(merged.filled()))
    return await tell(engine, slug, "facts", argument, IncidentStatus)
