"""The demo's subscribers of the status page: one who signs up there, and a file of the others."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx

from client.errors import ClientError
from client.stack.state_folder import open_to_write
from embedded.demo.audience import BOUNCING_EVERY, address_of

BOTH_EVERY = 10
"""One subscriber in so many is a customer as well."""

READER = "reader@example.net"
"""Who signs up on the page by hand."""

PATIENCE = 60.0
"""Seconds until the mail with the link has to be there."""

_LINK = re.compile(r"http://[^\s\"'<>&]+/subscribe/confirm/[^\s\"'<>&]+")


def write_subscribers(path: Path, many: int) -> list[str]:
    """Write a file of ``many`` confirmed subscribers; return those who are customers as well."""
    both: list[str] = []
    with open_to_write(path) as file:
        file.write("email\n")
        for number in range(1, many + 1):
            address = f"subscriber{number:07d}@example.net"
            if number % BOTH_EVERY == 0 and number % BOUNCING_EVERY:
                address = address_of(number)
                both.append(address)
            file.write(f"{address}\n")
    return both


async def sign_up(website: httpx.AsyncClient, sandbox: httpx.AsyncClient, address: str) -> None:
    """Subscribe as a person does: the form, the mail with the link, and the button behind it."""
    answer = await website.post("/subscribe/", data={"address": address})
    answer.raise_for_status()
    link = await _link_for(sandbox, address)
    (await website.get(link)).raise_for_status()
    (await website.post(link)).raise_for_status()


async def _link_for(sandbox: httpx.AsyncClient, address: str) -> str:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while asyncio.get_running_loop().time() < deadline:
        inbox = await sandbox.get(f"/inbox/{address}")
        found = _LINK.search(inbox.text) if inbox.is_success else None
        if found is not None:
            return found[0]
        await asyncio.sleep(0.2)
    raise ClientError(
        "The mail that asks for a confirmation did not come.", "Look at the worker's log."
    )
