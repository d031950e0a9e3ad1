"""Unsubscribing, on the real stack: what was in the mail works, and is heeded by the next mail."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import httpx
import orjson

from client.facts import record_facts
from domain.message import MessageKind
from domain.status import MessageStatus
from tests.whole.response import LEAD, Response
from tests.whole.world import World

EVERYBODY = ("noor", "ines", "lee")


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
    leaver, stayer = response.address(7), response.address(8)
    await response.open(recipients=60, mailed=[MessageKind.GOODWILL_OFFER, MessageKind.CORRECTION])
    for kind in (MessageKind.ANNOUNCEMENT, MessageKind.RESOLUTION_NOTE):
        await published(response, kind)
    await published(response, MessageKind.GOODWILL_OFFER)

    (headers,) = await headers_of_mail(calm, leaver)
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].strip("<>")
    assert link.startswith(f"{calm.stack.addresses['webhooks']}/unsubscribe/")
    async with httpx.AsyncClient(trust_env=False) as mail_program:
        assert (await mail_program.get(link)).status_code == 200
        unmoved = await response.propose(MessageKind.GOODWILL_OFFER)
        assert (await mail_program.post(link, data=ONE_CLICK)).status_code == 200
    # Opening the page did nothing; the click counts, though they were in what was signed.
    assert unmoved.audience_count == 60
    await signed(response, unmoved)
    mail = await response.mail(unmoved.number)
    assert mail is not None
    assert (mail.suppressed, mail.went_out) == (1, 59)

    next_offer = await response.propose(MessageKind.GOODWILL_OFFER)
    facts = {"wrong": "that no account was read", "right": "that twelve accounts were"}
    await record_facts(calm.engine, response.slug, actor=LEAD, facts=facts)
    warning = await published(response, MessageKind.CORRECTION)
    assert (next_offer.audience_count, warning.audience_count) == (59, 60)
    # One offer and one warning for who left, two offers and one warning for who stayed.
    assert [len(one) for one in await headers_of_mail(calm, leaver)] == [2, 0]
    assert [len(one) for one in await headers_of_mail(calm, stayer)] == [2, 2, 0]


async def published(response: Response, kind: MessageKind) -> MessageStatus:
    """A message that was proposed, signed by everybody and sent."""
    return await signed(response, await response.propose(kind))


async def signed(response: Response, message: MessageStatus) -> MessageStatus:
    await response.approve(message, *EVERYBODY)
    return await response.settled(message.number)
