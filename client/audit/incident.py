"""The whole audit of one incident: its four records, its timeline, and the proofs of decisions."""

from __future__ import annotations

from datetime import UTC, datetime

from client.audit.answers import audit_answers
from client.audit.checks import audit
from client.audit.model import Discrepancy, Kind, Report
from client.audit.proofs import audit_proofs
from client.audit.reading import read_records
from client.engine import Engine
from client.timeline import verify_timeline


async def audit_incident(engine: Engine, slug: str) -> Report:
    """Read all four records and the timeline, compare them, verify every proof and every answer.

    Changes nothing.

    ``UnknownIncident`` if neither Temporal nor the ledger has it.
    """
    records = await read_records(engine, slug)
    report = audit(records, datetime.now(UTC))
    verified = await verify_timeline(engine, slug)
    changed = tuple(
        Discrepancy(kind=Kind.DIFFERS, where="the timeline", explanation=one)
        for one in verified.found
    )
    messages = records.status.messages if records.status else None
    decisions, unproven = await audit_proofs(engine, slug, messages)
    found = (*report.found, *changed, *unproven, *await audit_answers(engine, slug))
    return report.model_copy(update={"found": found, "decisions": decisions})
