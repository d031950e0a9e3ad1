"""The whole audit of one incident: its four records, and its timeline."""

from __future__ import annotations

from datetime import UTC, datetime

from client.audit.checks import audit
from client.audit.model import Discrepancy, Kind, Report
from client.audit.reading import read_records
from client.engine import Engine
from client.errors import RecordChanged
from client.timeline import verify_timeline
from store.record import timeline


async def audit_incident(engine: Engine, slug: str) -> Report:
    """Read all four records and the timeline, and compare them; changes nothing.

    ``UnknownIncident`` if neither Temporal nor the ledger has it.
    """
    records = await read_records(engine, slug)
    entries = await timeline.read(await engine.ledger(), slug)
    report = audit(records, datetime.now(UTC))
    try:
        await verify_timeline(engine, slug, entries)
    except RecordChanged as error:
        broken = Discrepancy(kind=Kind.DIFFERS, where="the timeline", explanation=error.explanation)
        report = report.model_copy(update={"found": (*report.found, broken)})
    return report
