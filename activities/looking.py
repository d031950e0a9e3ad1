"""Reading a platform back for a post of ours, and what workflows see of a publication's row."""

from __future__ import annotations

from datetime import UTC, datetime

from activities.backoff import growing, wait_for
from activities.signatures.posts import PublicationStatus, PublicationTask, PublishPost
from channels.contract import Channel, Refused, Throttled, Unreachable
from domain.explanation import Action, Explanation
from domain.ids import MessageRef
from domain.message import Document
from domain.publication import Finding, PublicationState, Sighting
from store.kernel.database import Database
from store.record import publication_rows
from store.record.publication_rows import PublicationRow


async def look(
    database: Database,
    channel: Channel,
    document: Document,
    row: PublicationRow | None,
    since: datetime | None,
) -> Sighting:
    """Say whether an attempt at this publication is public; raises what ``find`` raises.

    ``since``: by a clock that is right, no attempt in question began earlier.
    """
    moments = [] if row is None else [row.started_at, row.uncertain_since, since]
    known = [one for one in moments if one is not None]
    if row is None or not known:
        return Sighting(finding=Finding.ABSENT, why="No attempt was ever made.")
    if row.state is PublicationState.ACCEPTED:
        return Sighting(finding=Finding.FOUND, receipt=row.receipt)
    # A worker whose clock was fast may have entered a moment later than the post itself.
    began = min(known)
    copy = document.copy_for(row.channel)
    try:
        seen = await channel.find(f"{row.key}.{row.attempt}", copy, began)
    except Refused as error:
        return Sighting(finding=Finding.CANNOT_TELL, why=error.explanation.what)
    ref = MessageRef(incident=row.incident, number=row.number, revision=row.revision)
    if seen.receipt is not None and await publication_rows.is_anothers(
        database, ref, row.channel, seen.receipt.id
    ):
        # A correction may quote the mark of what it corrects, and four digits of a hash may be
        # those of two incidents.
        why = "The post found there is another message of ours with the same mark."
        return Sighting(finding=Finding.CANNOT_TELL, why=why)
    return seen


def publication_status(row: PublicationRow) -> PublicationStatus:
    """A ledger row as workflows see it."""
    return PublicationStatus(
        state=row.state,
        receipt=row.receipt,
        started_at=row.started_at,
        attempt=row.attempt,
        explanation=row.explanation,
        uncertain=row.uncertain,
    )


def later(
    row: PublicationRow, error: Unreachable | Throttled, order: PublishPost
) -> PublicationStatus:
    """Nothing was taken: the ledger's state, and when to try again."""
    changes = {
        "explanation": error.explanation,
        "again_after": wait_for(error, order.in_a_row, datetime.now(UTC)),
    }
    return publication_status(row).model_copy(update=changes)


def held(row: PublicationRow, why: Explanation | None, order: PublishPost) -> PublicationStatus:
    """Nothing was tried, because a person keeps it back: the ledger's state, and when to ask again.

    Who lets it go on has it asked at once; this is for the case that nobody can be told.
    """
    changes = {
        "explanation": why or row.explanation,
        "again_after": growing(order.in_a_row),
        "held": True,
    }
    return publication_status(row).model_copy(update=changes)


def nobody_knows(task: PublicationTask, what: str = "") -> Explanation:
    """Why a publication is unknown, and that a person may look."""
    return Explanation(
        what=what or "No clear answer came back.",
        means="It may have gone out.",
        next_step=task.destination.step(Action.SETTLE, task.message, "Look at the platform."),
    )
