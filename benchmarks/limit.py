"""The physical limit: a bare loop that only builds the requests and posts them.

No ledger, no retry, no suppression, nothing remembered: who does any of that can only be slower.
Two ways to build a body and two to post it are tried, and the fastest pair is the limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol
from urllib.parse import urlsplit

import orjson

from benchmarks.mail import BROADCAST, Mail, Recipient
from channels.batch import Addressees, Batch
from channels.http import new_client
from channels.sendgrid.body import BATCH_ARG, BROADCAST_ARG, DELIVERY_ARG, body_of_batch
from domain.message import Copy

WAYS = ("orjson/streams", "orjson/httpx", "adapter/streams", "adapter/httpx")
"""How the body is built / how it is posted."""

Build = Callable[[Copy, str, list[Recipient]], bytes]


class Posting(Protocol):
    """One connection's way to post a body and to wait for the answer."""

    async def __call__(self, body: bytes) -> None: ...


async def send_all(way: str, url: str, copy: Copy, batches: Iterator[Mail], in_flight: int) -> int:
    """Build and post every batch, ``in_flight`` at once; return how many requests that were."""
    building, _, posting = way.partition("/")
    build = {"orjson": build_barely(copy), "adapter": build_as_the_adapter}[building]
    opened = {"streams": _streams, "httpx": _httpx}[posting]
    posted = 0

    async def keep_posting(post: Posting) -> None:
        nonlocal posted
        for key, people in batches:
            await post(build(copy, key, people))
            posted += 1

    async with opened(url, in_flight) as connections, asyncio.TaskGroup() as group:
        for post in connections:
            group.create_task(keep_posting(post))
    return posted


def build_barely(copy: Copy) -> Build:
    """The adapter's request for this copy, from plain dictionaries and without any check."""
    before = orjson.dumps(shared_part(copy))[:-1] + b',"personalizations":'
    field = "[[code]]"

    def build(_: Copy, key: str, people: list[Recipient]) -> bytes:
        personal = orjson.dumps(
            [
                {
                    "to": [{"email": address}],
                    "custom_args": {DELIVERY_ARG: delivery},
                    "substitutions": {field: code},
                }
                for address, delivery, code in people
            ]
        )
        marks = orjson.dumps({BATCH_ARG: key, BROADCAST_ARG: BROADCAST})
        return b"".join((before, personal, b',"custom_args":', marks, b"}"))

    return build


def shared_part(copy: Copy) -> dict[str, object]:
    """What all requests of a broadcast have in common, as the adapter writes it."""
    somebody = Recipient("x@example.org", "x", "X")
    body: dict[str, object] = orjson.loads(build_as_the_adapter(copy, "key", [somebody]))
    return {
        name: value
        for name, value in body.items()
        if name not in ("personalizations", "custom_args")
    }


def build_as_the_adapter(copy: Copy, key: str, people: list[Recipient]) -> bytes:
    """The request as the e-mail adapter builds it, with its checks."""
    addresses, deliveries, made = zip(*people, strict=True)
    addressees = Addressees(deliveries, addresses, {"code": made})
    batch = Batch(key=key, broadcast=BROADCAST, copy=copy, addressees=addressees)
    return body_of_batch(batch, asm_group_id=None)


@asynccontextmanager
async def _httpx(url: str, in_flight: int) -> AsyncIterator[list[Posting]]:
    # The adapter's own client: it is faster than one with httpx's defaults. One for all, because
    # each reads the certificates of the machine first.
    headers = {"Authorization": "Bearer SG.benchmark", "Content-Type": "application/json"}
    async with new_client(connect=10, read=60, pool=in_flight) as http:

        async def post(body: bytes) -> None:
            answer = await http.post(f"{url}/v3/mail/send", content=body, headers=headers)
            answer.raise_for_status()

        yield [post] * in_flight


@asynccontextmanager
async def _streams(url: str, in_flight: int) -> AsyncIterator[list[Posting]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_stream(url)) for _ in range(in_flight)]


@asynccontextmanager
async def _stream(url: str) -> AsyncIterator[Posting]:
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    head = (
        f"POST /v3/mail/send HTTP/1.1\r\nHost: {where.netloc}\r\n"
        "Authorization: Bearer SG.benchmark\r\nContent-Type: application/json\r\n"
    )

    async def post(body: bytes) -> None:
        writer.writelines((f"{head}Content-Length: {len(body)}\r\n\r\n".encode(), body))
        await writer.drain()
        # The sink's answers have no body, so an answer ends with its head.
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 202 "):
            raise ConnectionError(answer[:60])

    try:
        yield post
    finally:
        writer.close()
        await writer.wait_closed()
