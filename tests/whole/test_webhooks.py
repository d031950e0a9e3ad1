"""Other systems hear of a response, in order, whatever becomes of the worker and of others."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from standardwebhooks import Webhook

from client import incidents, webhooks
from client.engine import Engine
from domain.outbox import ItemState
from settings import Settings
from tests.endpoint import Answer, EndpointServer, Received, serving, takes_all
from tests.whole.response import LEAD, Response
from tests.whole.world import World, eventually


@asynccontextmanager
async def told(calm: World, server: EndpointServer, name: str) -> AsyncIterator[tuple[Engine, str]]:
    """An endpoint at that server for the time of a story; the engine, and its secret."""
    here = Settings(state_dir=calm.stack.state, database_url="", outbox_private_networks=True)
    engine = Engine(here, temporal=calm.client, ledger=calm.ledger)
    made = await webhooks.add_endpoint(engine, server.url, name=name, by="maya")
    try:
        yield engine, made.secret
    finally:
        await webhooks.remove_endpoint(engine, name, by="maya")


def of(server: EndpointServer, slug: str) -> list[Received]:
    return [one for one in server.received if one.json["data"].get("incident") == slug]


async def closed(server: EndpointServer, slug: str) -> list[Received]:
    """Everything that was told of an incident, once its closing was."""

    async def look() -> list[Received]:
        return of(server, slug)

    return await eventually(look, lambda told: told and told[-1].type == "incident.closed")


async def test_a_response_is_told_in_order_though_the_worker_dies_with_an_answer_in_its_hands(
    calm: World, response: Response
) -> None:
    """The endpoint has answered 200, and the ledger never hears of it: it is told once more.

    Another endpoint hangs all the time, and keeps nobody waiting.
    """
    worker, answered = calm.stack.pids["worker"], asyncio.Event()

    async def freezes_worker(received: Received) -> Answer:
        if received.type == "message.decided" and not answered.is_set():
            os.kill(worker, signal.SIGSTOP)
            answered.set()
        return Answer(200)

    async def hangs(_: Received) -> Answer:
        await asyncio.Event().wait()
        return Answer()

    async with serving(EndpointServer()) as server, serving(EndpointServer()) as slow:
        server.answer, slow.answer = freezes_worker, hangs
        async with told(calm, server, "helpdesk") as (_, secret), told(calm, slow, "slow"):
            await response.announce(recipients=30)
            await answered.wait()
            while server.under_way:
                await asyncio.sleep(0)
            await calm.kill("worker")
            await response.settled()
            await incidents.close(calm.engine, response.slug, actor=LEAD)

            heard = await closed(server, response.slug)
            ids = [one.id for one in heard]
            twice = [one.type for one in heard if ids.count(one.id) > 1]
            assert twice == ["message.decided"] * 2
            assert [one.type for one in heard[:5]] == [
                "incident.opened",
                "message.proposed",
                "message.waiting",
                "message.decided",
                "message.decided",
            ]
            entries = [one.json["data"]["entry"] for one in heard]
            assert entries == sorted(entries)
            kinds = [one.type for one in heard]
            assert (kinds.count("message.told"), kinds.count("incident.closed")) == (1, 1)
            for one in heard:
                assert Webhook(secret).verify(one.body, dict(one.headers))

            assert {one.type for one in of(slow, response.slug)} == {"incident.opened"}


async def test_an_endpoint_can_be_tried_and_what_it_has_taken_sent_again(
    calm: World, response: Response
) -> None:
    server = EndpointServer()
    async with serving(server), told(calm, server, "chat") as (engine, _):
        taken = await webhooks.ping(engine, "chat")
        server.always(500)
        refused = await webhooks.ping(engine, "chat")
        server.answer = takes_all
        await response.open(recipients=3)

        async def heard() -> list[Received]:
            return of(server, response.slug)

        (opened,) = await eventually(heard)
        sent = await webhooks.replay(engine, "chat", event_id=opened.id)
        again = await eventually(heard, lambda all_of_them: len(all_of_them) == 2)

    assert (taken.state, taken.status) == (ItemState.ACCEPTED, 204)
    assert (refused.state, refused.status) == (ItemState.SET_ASIDE, 500)
    assert (sent.items, sent.started) == (1, True)
    assert [one.id for one in again] == [opened.id] * 2
    data = opened.json["data"]
    assert data["title"] == f"Spam went out ({response.slug})"
    assert data["url"] == f"{calm.stack.addresses['console']}/incidents/{response.slug}"
