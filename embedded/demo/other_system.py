"""Another system that is told what happens, and its own books: the sandbox plays it."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson

from client.engine import Engine
from client.webhook_state import SeenEndpoint
from client.webhooks import add_endpoint, list_endpoints
from domain.model import Value
from domain.webhook_events import EventType
from embedded.demo.story import INCIDENT, LEAD

NAME = "helpdesk"
_TAKES_AT = "/_sandbox/webhooks"
_TOLD_WITHIN = 60


class Told(Value):
    """What it has heard of the incident: ``types`` in the order of their first arrival.

    ``entries`` are the numbers of the entries that they tell of, ``repeated`` counts what came
    again, and ``left`` what waits or was set aside.
    """

    types: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    repeated: int = 0
    left: int = 0

    @property
    def ended(self) -> bool:
        """Whether it has heard that the incident was closed."""
        return bool(self.types) and self.types[-1] == EventType.INCIDENT_CLOSED

    def wrong(self) -> list[str]:
        """Why it has not heard everything in order, in words."""
        found = []
        if not self.types or self.types[0] != EventType.INCIDENT_OPENED or not self.ended:
            found.append(f"{NAME} has not heard of the incident from its opening to its closing")
        if list(self.entries) != sorted(self.entries):
            found.append(f"{NAME} has heard of things in another order than they happened in")
        if self.left:
            found.append(f"{self.left:,} webhooks for {NAME} wait or were set aside")
        return found


async def introduce(engine: Engine, sandbox: httpx.AsyncClient) -> None:
    """Have it be told from now on."""
    url = str(sandbox.base_url).rstrip("/") + _TAKES_AT
    await add_endpoint(engine, url, name=NAME, by=LEAD)


async def heard(engine: Engine, sandbox: httpx.AsyncClient) -> Told:
    """What it has heard, once it has heard of the closing; that may still be on its way."""
    told = Told()
    if await _endpoint(engine) is None:
        return told
    for _ in range(_TOLD_WITHIN):
        told = await _look(engine, sandbox)
        if told.ended and not told.left:
            break
        await asyncio.sleep(1)
    return told


async def _look(engine: Engine, sandbox: httpx.AsyncClient) -> Told:
    answer = (await sandbox.get(_TAKES_AT)).raise_for_status().json()
    first: dict[str, dict[str, Any]] = {}
    for one in answer["webhooks"]:
        first.setdefault(one["id"], orjson.loads(one["body"]))
    mine = [one for one in first.values() if one["data"].get("incident") == INCIDENT]
    endpoint = await _endpoint(engine)
    return Told(
        types=tuple(one["type"] for one in mine),
        entries=tuple(one["data"]["entry"] for one in mine),
        repeated=len(answer["webhooks"]) - len(first),
        left=endpoint.waiting + endpoint.set_aside if endpoint else 0,
    )


async def _endpoint(engine: Engine) -> SeenEndpoint | None:
    return next((one for one in await list_endpoints(engine) if one.name == NAME), None)
