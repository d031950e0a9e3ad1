"""Leaving, on the real stack: what was in the mail works, and is heeded by the next mail."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import httpx
import orjson

from domain.message import CLASS_OF, MessageClass, MessageKind
from domain.message import MessageKind as Kind
from store import audiences
from tests.whole.response import Response
from tests.whole.world import World

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def headers_of_mail(world: World, address: str) -> list[dict[str, str]]:
    """The headers of every mail that the sandbox accepted for an address, in order."""

    def read() -> list[dict[str, str]]:
        with closing(sqlite3.connect(world.stack.state / "sandbox.db")) as book:
            rows = book.execute(
                "SELECT data FROM mail WHERE address = ? ORDER BY request_id", (address,)
            )
            return [orjson.loads(data or "{}").get("headers", {}) for (data,) in rows]

    return await asyncio.to_thread(read)


async def test_one_click_in_an_offer_stops_offers_and_not_warnings(
    calm: World, response: Response
) -> None:
    await response.open(recipients=60, mailed=[Kind.GOODWILL_OFFER, Kind.CORRECTION])
    for kind in (Kind.ANNOUNCEMENT, Kind.RESOLUTION_NOTE):
        message = await response.propose(kind)
        await response.approve(message, "noor", "ines")
        await response.settled(message.number)
    offer = await response.propose(Kind.GOODWILL_OFFER)
    await response.approve(offer, "noor", "ines", "tomas", "dana")
    await response.settled(offer.number)

    leaver, stayer = response.address(7), response.address(8)
    (headers,) = await headers_of_mail(calm, leaver)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>")
    assert link.startswith(calm.stack.addresses["webhooks"])
    async with httpx.AsyncClient(trust_env=False) as mail_program:
        looked = await mail_program.get(link)
        before = await cut_of(calm, response, Kind.GOODWILL_OFFER)
        clicked = await mail_program.post(link, data=ONE_CLICK)
    assert (looked.status_code, clicked.status_code) == (200, 200)

    # The next offer leaves them out and says so; a safety notice goes to everybody.
    assert (before, await cut_of(calm, response, Kind.GOODWILL_OFFER)) == (60, 59)
    warning = await response.propose(Kind.CORRECTION)
    await response.approve(warning, "noor", "ines", "tomas", "dana")
    await response.settled(warning.number)
    assert warning.audience_count == 60
    assert [len(one) for one in await headers_of_mail(calm, leaver)] == [2, 0]
    assert [len(one) for one in await headers_of_mail(calm, stayer)] == [2, 0]


async def cut_of(world: World, response: Response, kind: MessageKind) -> int:
    """How many a message of this kind would go to now, as its approvers would be shown."""
    of: MessageClass = CLASS_OF[kind]
    return (await audiences.cut(world.ledger, response.slug, of)).count
