"""Whose address it was, what we wrote and what opens our accounts: nowhere but in the ledger."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from channels import registry
from domain.errors import DomainError
from domain.message import MessageKind
from domain.status import MessageStatus
from store.kernel.database import Database
from tests.whole.response import FACTS, Response
from tests.whole.world import World

TOKENS = ("SG.sandbox", "sandbox-consumer-secret", "sandbox-token-secret", "sandbox-page-token")


def forms(words: str) -> list[bytes]:
    """How words may lie in a file: as they are, or inside base64 at any of its three offsets."""
    plain = words.encode()
    found = [plain]
    for offset in range(3):
        whole = base64.b64encode(b"\0" * offset + plain)
        # The first and last signs depend on the neighbours.
        inner = whole[4 if offset else 0 : -4]
        found += [inner, inner.translate(bytes.maketrans(b"+/", b"-_"))]
    return found


def holds(content: bytes, words: str) -> bool:
    return any(form in content for form in forms(words))


def files(folder: Path, pattern: str) -> bytes:
    """What the files hold, read by another process.

    Closing a file lets go of every POSIX lock that its process has on it, those of our own open
    ledger included. Whoever opened that ledger next would think itself alone and make its shared
    memory anew, and we would go on reading what stood there before.
    """
    paths = sorted(folder.glob(pattern))
    # Not checked: a journal may be gone again by now.
    read = subprocess.run(["cat", *paths], check=False, capture_output=True).stdout
    assert read
    return read


async def test_addresses_words_and_keys_are_in_no_history_and_in_no_log(
    calm: World, response: Response
) -> None:
    offer = await response.come_to_the_offer()
    await a_mistake_in_the_worker(response)
    await a_ledger_that_fails_in_the_middle(calm, response, offer)
    secret = read_secret(calm)
    codes = {code for told in (await response.codes_told()).values() for code in told}
    histories = b"\n".join(
        [(await export(calm, workflow)).encode() for workflow in await workflows(calm, response)]
    )
    state = calm.stack.state
    kept = {
        "Temporal's database": files(state, "temporal.db*"),
        "the logs": files(state / "logs", "*"),
        "the exported histories": histories,
    }

    # Short ones: what quotes a long value leaves its middle out.
    private = {
        "an address": "feather.example",
        "a fact": "Since noon",
        "a sentence of the mail": "None of this gives",
        "the code secret": secret,
        "a code": sorted(codes)[0],
        "a code without dashes": sorted(codes)[0].replace("-", ""),
        **{f"the token {token}": token for token in TOKENS},
    }
    leaks = [
        f"{what} is in {where}"
        for where, content in kept.items()
        for what, words in private.items()
        if holds(content, words)
    ]
    assert leaks == []
    # The same search does find what may be there, so it looks in the right places.
    assert holds(kept["Temporal's database"], f"Spam went out ({response.slug})")
    assert holds(histories, f"Spam went out ({response.slug})")
    assert b"no such table" in kept["the logs"]
    assert holds(files(state, "frontfoot.db*"), private["an address"])
    assert holds(files(state, "sandbox.db*"), private["an address"])


async def a_mistake_in_the_worker(response: Response) -> None:
    """Facts in the ledger that cannot be read: pydantic's complaint would quote them."""
    words = f"{FACTS['what_happened']} {response.address(7)}"
    await response.record_unreadable({"summary": "see below", "prevention_due": words})
    with pytest.raises(DomainError, match="cannot be read"):
        await response.propose(MessageKind.PROGRESS_UPDATE)
    await response.record_facts()


async def a_ledger_that_fails_in_the_middle(
    world: World, response: Response, offer: MessageStatus
) -> None:
    """An offer goes out by mail; its codes cannot be written, and events not be recorded."""
    await rename(world.ledger, "codes", "codes_away")
    await response.approve(offer, "noor", "lee")
    await world.logged("worker", "no such table")
    await rename(world.ledger, "delivery_events", "delivery_events_away")
    await rename(world.ledger, "codes_away", "codes")
    await world.logged("webhooks", "events wait in the inbox")
    await rename(world.ledger, "delivery_events_away", "delivery_events")
    await response.settled(offer.number)


async def rename(ledger: Database, table: str, to: str) -> None:
    async with ledger.write() as connection:
        await connection.execute(text(f"ALTER TABLE {table} RENAME TO {to}"))


def read_secret(world: World) -> str:
    kept = (world.stack.state / "secrets.env").read_text(encoding="utf-8")
    return next(line.split("=")[1] for line in kept.splitlines() if "CODE_SECRET=" in line)


async def workflows(world: World, response: Response) -> list[str]:
    """The incident and everything that it has started."""
    return [
        one.id
        async for one in world.client.list_workflows(
            f"WorkflowId STARTS_WITH '{response.handle.id}'"
        )
    ]


async def export(world: World, workflow: str) -> str:
    """A history as an operator would export it."""
    return await world.temporal("workflow", "show", "--workflow-id", workflow, "--output", "json")


async def test_the_keys_that_are_looked_for_are_those_that_the_stack_uses() -> None:
    known = str([registry.load(name).sandbox for name in registry.BUILT_IN])
    assert all(token in known for token in TOKENS)
