"""The follow-up of an incident: what was said would be done, by when, and what to say then."""

from __future__ import annotations

from datetime import UTC, date, datetime

from client.engine import Engine
from client.errors import UnknownIncident
from domain.follow_up import we_did
from domain.ids import check_slug
from domain.message import MessageKind
from domain.model import Value
from store.record import drafts, incidents, messages


class FollowUpView(Value):
    """What a resolution promised. ``text`` is what could be published once it is done.

    ``closed``: its incident publishes nothing any more.
    """

    incident: str
    prevention: str
    owner: str
    due: date | None
    passed: bool
    text: str
    closed: bool = False


async def follow_up(engine: Engine, slug: str) -> FollowUpView | None:
    """The follow-up of an incident, from the ledger; None if its facts promise nothing."""
    ledger = await engine.ledger()
    row = await incidents.find(ledger, check_slug(slug))
    if row is None:
        raise UnknownIncident(slug)
    facts = await drafts.newest(ledger, slug)
    if facts is None or not facts.prevention:
        return None
    said = [
        one.proposed_at
        for one in await messages.list_messages(ledger, slug)
        if one.kind is MessageKind.RESOLUTION_NOTE
    ]
    today = datetime.now(UTC).date()
    return FollowUpView(
        incident=slug,
        prevention=facts.prevention,
        owner=facts.prevention_owner,
        due=facts.prevention_due,
        passed=facts.prevention_due is not None and facts.prevention_due <= today,
        text=we_did(facts.prevention, (max(said) if said else row.opened_at).date()),
        closed=row.closed_at is not None,
    )
