"""What a provider shows of batches and posts that a restored ledger has forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from client.engine import Engine
from client.recovery import providers
from client.recovery.broadcasts import BatchInDoubt
from domain.ids import batch_key, publication_key
from domain.ledger import BegunAttempt
from domain.publication import Destination, Finding, Outcome, PublicationState
from domain.status import IncidentStatus
from settings import Settings
from store.broadcasts import batches
from store.kernel.database import Database
from store.record import messages, publication_rows, publications
from store.recovery import doubts
from tests.fresh_ledger import ledger
from tests.store.world import DIGEST, NOON, document, have_broadcast, ref
from tests.surfaces.terminal.test_screen import incident, message

__all__ = ["ledger"]

S = PublicationState
SLUG = ref().incident
POST = Destination(channel="twitter")
UNKNOWN = Outcome.at(POST, S.UNKNOWN).model_copy(update={"begun": BegunAttempt(attempt=2)})


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The keys of what the providers show; everything else is absent there."""
    keys: set[str] = set()

    async def ask(
        _: Settings, *question: str, lines: Iterable[dict[str, Any]] = ()
    ) -> AsyncIterator[dict[str, object]]:
        assert question == ("find",)
        for line in lines:
            there = line["key"] in keys
            yield {
                "channel": line["channel"],
                "key": line["key"],
                "finding": Finding.FOUND if there else Finding.ABSENT,
                "receipt": "from-its-list" if there else None,
            }

    monkeypatch.setattr(providers, "ask_channels", ask)
    return keys


def status() -> IncidentStatus:
    about = message().model_copy(update={"outcomes": (UNKNOWN,)})
    return incident(about).model_copy(update={"incident": SLUG})


async def test_a_post_that_is_on_the_platform_is_entered(ledger: Database, shown: set[str]) -> None:
    await messages.save_revision(ledger, document(), "maya")
    await publications.plan(ledger, ref(), "twitter", DIGEST, NOON)
    await doubts.enter_post(ledger, ref(), DIGEST, UNKNOWN, NOON, NOON)
    shown.add(f"{publication_key(ref(), 'twitter')}.2")

    assert await providers.adopt_found(Engine(Settings(), ledger=ledger), status(), []) == 1

    row = await publication_rows.find(ledger, ref(), "twitter")
    assert row is not None
    assert (row.state, row.receipt and row.receipt.id) == (S.ACCEPTED, "from-its-list")


async def test_a_batch_that_is_not_in_the_list_stays_in_doubt(
    ledger: Database, shown: set[str]
) -> None:
    """It may have gone out in another attempt, whose key the ledger has forgotten."""
    mail = document().model_copy(
        update={"copies": (document().copies[0].model_copy(update={"channel": "email"}),)}
    )
    await messages.save_revision(ledger, mail, "maya")
    plan = await have_broadcast(ledger, 20)
    await doubts.doubt_batches(ledger, plan.id, 2, NOON)
    keys = [batch_key(plan.key, number, 1) for number in (1, 2)]
    in_doubt = [
        BatchInDoubt(
            message=1, channel="email", audience=plan.audience, number=n, recipients=10, key=key
        )
        for n, key in enumerate(keys, 1)
    ]
    shown.add(keys[0])

    nothing_else = status().model_copy(update={"messages": (message(),)})
    engine = Engine(Settings(), ledger=ledger)
    assert await providers.adopt_found(engine, nothing_else, in_doubt) == 1

    rows = [await batches.find_batch(ledger, plan.id, number) for number in (1, 2)]
    assert [row.state for row in rows] == [S.ACCEPTED, S.UNKNOWN]
