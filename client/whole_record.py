"""The whole record of an incident on one page: what was said, who decided, what became of it.

From the ledger, so that it can be read and printed while Temporal is away. No recipient's address
is in it, and no code.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from client.audit.model import AuditedDecision
from client.audit.proofs import audit_proofs
from client.engine import Engine
from client.errors import UnknownIncident
from client.mail_progress import MailProgress, mails_at
from client.patience import NotSoon, soon
from client.timeline import Verified, verify_timeline
from domain.coverage import CoverageReport
from domain.errors import DomainError
from domain.explanation import Explanation
from domain.ids import MessageRef, check_slug
from domain.message import Document
from domain.model import Value
from domain.opening import SealedOpening
from domain.playbook import Playbook
from domain.timeline import TimelineEntry
from store.desk.coverage import read_coverage
from store.kernel.database import Database
from store.record import incidents, messages, openings, publication_rows, timeline
from store.record.incidents import IncidentRow
from store.record.messages import MessageRow
from store.record.publication_rows import PublicationRow
from store.recovery import snapshots

VERIFIED_WITHIN = timedelta(seconds=8)
STAGE_ENTERED = ("stage entered", "opened", "closed")
"""What the timeline says when the response moves on."""


class KeptRevision(Value):
    """One wording; no document if it cannot be read, and then ``why``."""

    number: int
    document: Document | None = None
    why: Explanation | None = None
    opened_at: str = ""
    revoked_at: str = ""
    digest: str = ""


class KeptRecord(Value):
    """One message: its revisions, who decided with which proof, and what became of it."""

    row: MessageRow
    revisions: tuple[KeptRevision, ...]
    decisions: tuple[AuditedDecision, ...]
    posts: tuple[PublicationRow, ...]
    mails: tuple[MailProgress, ...]


class WholeRecord(Value):
    """Everything; ``verified`` is None if that took too long. ``people`` have their roles."""

    row: IncidentRow
    made_at: datetime
    people: tuple[tuple[str, tuple[str, ...]], ...]
    stages: tuple[TimelineEntry, ...]
    messages: tuple[KeptRecord, ...]
    entries: tuple[TimelineEntry, ...]
    coverage: CoverageReport
    verified: Verified | None = None

    @property
    def recipients(self) -> int:
        """To how many mail was accepted, each counted once for each message."""
        return sum(mail.counts.went_out for one in self.messages for mail in one.mails)


async def whole_record(engine: Engine, slug: str) -> WholeRecord:
    """Read all of it. Raises ``UnknownIncident`` and ``StoreUnavailable``."""
    ledger = await engine.ledger()
    row = await incidents.find(ledger, check_slug(slug))
    if row is None:
        raise UnknownIncident(slug)
    entries = tuple(await timeline.read(ledger, slug))
    return WholeRecord(
        row=row,
        made_at=datetime.now(UTC),
        people=await _people(ledger, slug),
        stages=tuple(one for one in entries if one.what in STAGE_ENTERED),
        messages=await _messages(engine, slug),
        entries=entries,
        verified=await _verified(engine, slug),
        coverage=await read_coverage(ledger, slug, datetime.now(UTC)),
    )


async def _people(ledger: Database, slug: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    kept = await snapshots.load(ledger, slug)
    try:
        plan = Playbook.model_validate_json(kept.plan) if kept is not None else None
    except ValidationError:
        # Of another version; who did what is in the timeline all the same.
        return ()
    return tuple((one.id, one.roles) for one in plan.roster) if plan is not None else ()


async def _verified(engine: Engine, slug: str) -> Verified | None:
    try:
        return await soon(verify_timeline(engine, slug), VERIFIED_WITHIN)
    except NotSoon:
        return None


async def _messages(engine: Engine, slug: str) -> tuple[KeptRecord, ...]:
    ledger = await engine.ledger()
    posts = await publication_rows.rows(ledger, slug)
    opened = {(one.number, one.revision): one for one in await openings.of_incident(ledger, slug)}
    decisions, _ = await audit_proofs(engine, slug, None)
    return tuple(
        [
            KeptRecord(
                row=row,
                revisions=await _revisions(ledger, row, opened),
                decisions=tuple(one for one in decisions if one.message == row.number),
                posts=tuple(one for one in posts if one.number == row.number),
                mails=await _mails(engine, row),
            )
            for row in await messages.list_messages(ledger, slug)
        ]
    )


async def _revisions(
    ledger: Database, row: MessageRow, opened: dict[tuple[int, int], SealedOpening]
) -> tuple[KeptRevision, ...]:
    found = []
    for number in range(1, row.revision + 1):
        ref = MessageRef(incident=row.incident, number=row.number, revision=number)
        opening = opened.get((row.number, number))
        kept = KeptRevision(
            number=number,
            opened_at=opening.opened_at if opening else "",
            revoked_at=opening.revoked_at if opening else "",
        )
        try:
            document = await messages.find_revision(ledger, ref)
        except DomainError as error:
            found.append(kept.model_copy(update={"why": error.explanation}))
            continue
        if document is not None:
            digest = document.digest()
            found.append(kept.model_copy(update={"document": document, "digest": digest}))
    return tuple(found)


async def _mails(engine: Engine, row: MessageRow) -> tuple[MailProgress, ...]:
    """The mailings of every revision: an earlier one may have begun to go out."""
    found: list[MailProgress] = []
    for number in range(1, row.revision + 1):
        ref = MessageRef(incident=row.incident, number=row.number, revision=number)
        found += await mails_at(engine, ref)
    return tuple(found)
