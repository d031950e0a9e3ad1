"""What an incident refuses leaves nothing behind: no draft, no revision, no line of copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from client import incidents, messages
from client.errors import WrongInput
from client.facts import KnownFacts, read_facts, record_facts
from domain.actor import Actor
from domain.errors import DomainError
from domain.message import MessageKind
from store.record.drafts import load
from store.tables import drafts, revisions
from tests.whole.response import LEAD, Response

STRANGER = Actor.at_terminal("mallory")
FREE = {"text": "We were hacked.", "subject": "Hacked"}
Act = Callable[[Response], Awaitable[object]]


def _proposes(kind: MessageKind = MessageKind.ANNOUNCEMENT, **more: object) -> Act:
    given = {"actor": LEAD, "copy": FREE} | more
    return lambda response: messages.propose(response.world.engine, response.slug, kind, **given)  # type: ignore[arg-type]


def _revises(message: int = 1, **more: object) -> Act:
    given = {"actor": LEAD, "copy": FREE} | more
    return lambda response: messages.revise(response.world.engine, response.slug, message, **given)  # type: ignore[arg-type]


def _records(**more: object) -> Act:
    given = {"actor": LEAD, "facts": {"fix": "it was replaced"}} | more
    return lambda response: record_facts(response.world.engine, response.slug, **given)  # type: ignore[arg-type]


YESTERDAY = datetime.now(UTC) - timedelta(days=1)
STALE = KnownFacts(draft="0" * 32, words={})
REFUSED: dict[str, Act] = {
    "proposed by a stranger": _proposes(actor=STRANGER),
    "proposed too early": _proposes(MessageKind.GOODWILL_OFFER),
    "a promise in the past": _proposes(next_update_by=YESTERDAY),
    "copy for another channel": _proposes(copy={**FREE, "fax": "We were hacked."}),
    "copy that is too long": _proposes(copy={**FREE, "twitter": "x" * 400}),
    "copy that nobody can see": _proposes(copy={"text": "\u200b"}),
    "no copy at all": _proposes(copy={}),
    "revised by a stranger": _revises(actor=STRANGER),
    "a message that is not there": _revises(9),
    "revised for another channel": _revises(copy={**FREE, "fax": "We were hacked."}),
    "revised with an escape": _revises(copy={"text": "Hello\x1b[2J"}),
    "facts of a stranger": _records(actor=STRANGER),
    "facts on an older draft": _records(known=STALE),
    "facts that cannot be read": _records(facts={"fix": "half \ud800 a character"}),
    "facts with an override": _records(facts={"fix": "it was \u202e replaced"}),
}


async def test_a_refused_draft_leaves_nothing_behind(response: Response) -> None:
    """The words of refused drafts stayed in the ledger, where nobody could see or remove them."""
    await response.open(recipients=1)
    await response.propose()
    before = await _rows(response)

    left: dict[str, object] = {}
    for refused, act in REFUSED.items():
        with pytest.raises((DomainError, WrongInput)):
            await act(response)
        left[refused] = await _rows(response)

    assert left == dict.fromkeys(REFUSED, before)


async def test_the_same_words_of_somebody_else_stay(response: Response) -> None:
    await response.open(recipients=1)
    facts = {"fix": "it was replaced"}
    engine, slug = response.world.engine, response.slug
    await record_facts(engine, slug, actor=LEAD, facts=facts)
    with pytest.raises(DomainError):
        await record_facts(engine, slug, actor=STRANGER, facts=facts)

    known = await read_facts(engine, slug)
    assert known.draft is not None
    assert (await load(response.world.ledger, known.draft)).body["fix"] == facts["fix"]


@pytest.mark.parametrize(
    "title", ["", " ", "\u200b\u2060", "Down\x1b[2J"], ids=["empty", "space", "unseen", "escape"]
)
async def test_an_incident_without_a_title_is_not_opened(response: Response, title: str) -> None:
    with pytest.raises(DomainError, match="title"):
        await incidents.open_incident(
            response.world.engine, slug=response.slug, title=title, files={}, actor=LEAD
        )
    listed = await incidents.list_incidents(response.world.engine)
    assert response.slug not in {one.slug for one in listed}


async def _rows(response: Response) -> dict[str, int | None]:
    async with response.world.ledger.read() as connection:
        return {
            table.name: await connection.scalar(
                select(func.count()).select_from(table).where(table.c.incident == response.slug)
            )
            for table in (drafts, revisions)
        }
