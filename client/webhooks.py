"""Webhooks: which other systems are told what happened, and whether they take it."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from client.engine import Engine
from client.errors import WrongInput
from client.outbox import start_sending
from client.webhook_state import SOME_MINUTES, EndpointHealth, SeenEndpoint, seen
from domain.actor import Surface
from domain.endpoint import check_endpoint_name, check_url, is_here, name_from
from domain.endpoint_secret import SECRET_BYTES, encrypted, written
from domain.explanation import Action, Explanation, NextStep
from domain.model import Value
from domain.outbox import ItemState
from domain.webhook_events import CHOICES, EventType
from domain.webhook_events import written as event_text
from store.kernel.database import Database
from store.outbox import endpoints, items, reading
from store.outbox.endpoints import Endpoint, EndpointKey
from store.outbox.reading import ItemRow
from wiring import TemporalUnreachable

__all__ = [
    "ItemRow",
    "Looked",
    "MadeSecret",
    "Sent",
    "add_endpoint",
    "disable_endpoint",
    "enable_endpoint",
    "list_endpoints",
    "look_at_endpoint",
    "ping",
    "pressing",
    "remove_endpoint",
    "replay",
    "rotate_secret",
]

PINGED_WITHIN = timedelta(seconds=25)
"""Longer than an endpoint may take to answer."""

_NEWEST = 20
_LOOK_EVERY = 0.2


class MadeSecret(Value):
    """The secret of an endpoint as its other side needs it: shown once, and kept by nobody here."""

    endpoint: str
    secret: str


class Looked(Value):
    """An endpoint with its newest items."""

    endpoint: SeenEndpoint
    items: tuple[ItemRow, ...]


class Sent(Value):
    """How many items are to be sent; ``started``: Temporal was told, which is not needed."""

    items: int
    started: bool = True


async def add_endpoint(
    engine: Engine,
    url: str,
    *,
    name: str = "",
    events: Sequence[str] = (),
    by: str,
    surface: Surface = Surface.TERMINAL,
) -> MadeSecret:
    """Have another system be told from now on; nothing of what was before.

    ``events`` are the types that it wants, none for all. ``WrongInput`` for a type that there is
    not, and ``DomainError`` for an address or a name that cannot be used, or a name that is.
    """
    url = check_url(url)
    if is_here(url) and not engine.settings.outbox_private_networks:
        raise WrongInput(
            "The address is on this machine or in a private network, where nothing is sent.",
            "If it is meant to be, set FRONTFOOT_OUTBOX_PRIVATE_NETWORKS=true for the workers and "
            "here.",
        )
    name = check_endpoint_name(name or name_from(url))
    types = _types(events)
    ledger = await engine.ledger()
    key, secret = await _key(ledger), secrets.token_bytes(SECRET_BYTES)
    kept = encrypted(secret, name, key.public)
    now = datetime.now(UTC)
    await endpoints.add(ledger, name, url, types, kept, key.key_id, by, now, surface)
    return MadeSecret(endpoint=name, secret=written(secret))


async def rotate_secret(
    engine: Engine, name: str, *, by: str, surface: Surface = Surface.TERMINAL
) -> MadeSecret:
    """Sign with a new secret from now on, and with the present one for 24 hours longer."""
    ledger = await engine.ledger()
    key, secret = await _key(ledger), secrets.token_bytes(SECRET_BYTES)
    kept = encrypted(secret, name, key.public)
    await endpoints.rotate(ledger, name, kept, key.key_id, by, datetime.now(UTC), surface)
    return MadeSecret(endpoint=name, secret=written(secret))


async def list_endpoints(engine: Engine) -> list[SeenEndpoint]:
    """Every endpoint as it is now, by name."""
    ledger = await engine.ledger()
    waiting = await reading.backlogs(ledger)
    return [seen(one, waiting.get(one.name)) for one in await endpoints.all_of_them(ledger)]


def pressing(found: Sequence[SeenEndpoint]) -> list[Explanation]:
    """What somebody should do something about now, of all endpoints."""
    late = datetime.now(UTC) - SOME_MINUTES
    return [
        problem
        for one in found
        if one.health is not EndpointHealth.FAILS or (one.oldest is not None and one.oldest < late)
        for problem in one.problems
    ]


async def look_at_endpoint(engine: Engine, name: str) -> Looked:
    """One endpoint with its newest items; ``DomainError`` if there is none of that name."""
    ledger = await engine.ledger()
    found = await endpoints.load(ledger, name)
    waiting = (await reading.backlogs(ledger)).get(name)
    newest = await reading.newest(ledger, name, _NEWEST)
    return Looked(endpoint=seen(found, waiting), items=tuple(newest))


async def remove_endpoint(
    engine: Engine, name: str, *, by: str, surface: Surface = Surface.TERMINAL
) -> int:
    """Tell it nothing more, and forget what waits for it; how many items that were."""
    return await endpoints.remove(await engine.ledger(), name, by, datetime.now(UTC), surface)


async def disable_endpoint(
    engine: Engine, name: str, *, by: str, surface: Surface = Surface.TERMINAL
) -> None:
    """Send it nothing until it is enabled, and keep what waits; ``WrongInput`` if it was disabled.

    What is being sent at this moment ends by itself.
    """
    ledger = await engine.ledger()
    if not await endpoints.disable(ledger, name, by, datetime.now(UTC), surface):
        raise WrongInput(
            f"{name} is disabled already.",
            NextStep(action=Action.LIST_WEBHOOKS, advice="See how it is."),
        )


async def enable_endpoint(
    engine: Engine, name: str, *, by: str, surface: Surface = Surface.TERMINAL
) -> Sent:
    """Let it be told again, first of what has waited; ``WrongInput`` if it was not disabled."""
    ledger = await engine.ledger()
    if not await endpoints.enable(ledger, name, by, datetime.now(UTC), surface):
        raise WrongInput(
            f"{name} is not disabled.",
            NextStep(action=Action.LIST_WEBHOOKS, advice="See how it is."),
        )
    waiting = (await reading.backlogs(ledger)).get(name)
    return Sent(items=waiting.waiting if waiting else 0, started=await _start(engine, name))


async def replay(
    engine: Engine, name: str, *, since: datetime | None = None, event_id: str = ""
) -> Sent:
    """Send an endpoint again what was accepted or set aside, with the same ids and in order.

    What was entered ``since`` then, or the event of that id; with neither, what was set aside. What
    waits for its next attempt is sent at once. ``WrongInput`` if the endpoint is disabled.
    """
    ledger, now = await engine.ledger(), datetime.now(UTC)
    await _enabled(ledger, name)
    many = await items.replay(ledger, name, now, since=since, event_id=event_id)
    return Sent(items=many, started=bool(many) and await _start(engine, name))


async def ping(engine: Engine, name: str, within: timedelta = PINGED_WITHIN) -> ItemRow:
    """Send an endpoint an event that tells of nothing, once, and wait for how that ended.

    It still waits if no worker has sent it ``within`` that time.
    """
    ledger, now = await engine.ledger(), datetime.now(UTC)
    found = await _enabled(ledger, name)
    event_id = f"evt_{uuid.uuid4().hex}"
    row = {
        "endpoint_id": found.id,
        "event_id": event_id,
        "event_type": EventType.PING.value,
        "incident": "",
        "payload": event_text(EventType.PING, now, {"endpoint": name}),
    }
    async with ledger.write() as connection:
        await items.enter(ledger, connection, [row], now)
    await _start(engine, name)
    until = asyncio.get_running_loop().time() + within.total_seconds()
    while True:
        newest = await reading.newest(ledger, name, 1, event_id)
        if not newest:
            raise WrongInput(
                f"{name} was removed while it was being tried.",
                NextStep(action=Action.LIST_WEBHOOKS, advice="See which there are."),
            )
        item = newest[0]
        if item.state is not ItemState.WAITING or asyncio.get_running_loop().time() > until:
            return item
        await asyncio.sleep(_LOOK_EVERY)


async def _enabled(ledger: Database, name: str) -> Endpoint:
    """An endpoint that is sent what is entered for it; ``WrongInput`` if it is disabled."""
    found = await endpoints.load(ledger, name)
    if found.disabled_at is not None:
        raise WrongInput(
            f"{name} is disabled, so it is sent nothing.",
            NextStep(action=Action.ENABLE_WEBHOOK, about=name, advice="Enable it first."),
        )
    return found


async def _start(engine: Engine, name: str) -> bool:
    try:
        return await start_sending(await engine.temporal(), name)
    except TemporalUnreachable:
        return False


async def _key(ledger: Database) -> EndpointKey:
    key = await endpoints.newest_key(ledger)
    if key is None:
        raise WrongInput(
            "No worker has run on this ledger yet, so no secret can be made that one can read.",
            NextStep(action=Action.START, advice="Start a worker first."),
        )
    return key


def _types(named: Sequence[str]) -> list[EventType]:
    known = {one.value: one for one in CHOICES}
    strangers = [one for one in named if one not in known]
    if strangers:
        raise WrongInput(
            f"There is no event {strangers[0][:40]!r}.", f"There are {', '.join(known)}."
        )
    return [one for one in CHOICES if one.value in named]
