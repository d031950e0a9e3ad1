"""The browsers in which somebody receives notifications."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from client.engine import Engine
from client.errors import WrongInput
from domain.endpoint import LOCAL_HOSTS, check_url, host_of, is_here
from domain.errors import DomainError
from domain.explanation import Action, NextStep
from domain.model import Value
from domain.printable import in_one_line
from domain.times import UtcTime
from domain.web_push import UnfitKeys, check_keys
from store.notifications import devices
from store.notifications.devices import Device

MOST = 10
"""Browsers of one person."""

_NAME_LIMIT = 60


class SeenDevice(Value):
    """A browser of somebody; ``current`` is false if it was subscribed for a key of before."""

    id: str
    name: str
    added_at: UtcTime
    succeeded_at: UtcTime | None
    failed_at: UtcTime | None
    current: bool


async def push_key(engine: Engine) -> str:
    """What a browser subscribes with, Base64 for URLs; empty before a worker has run."""
    return await devices.public_key(await engine.ledger())


async def devices_of(engine: Engine, person: str) -> list[SeenDevice]:
    """A person's browsers, the oldest first."""
    ledger = await engine.ledger()
    key = await devices.public_key(ledger)
    return [
        SeenDevice(
            id=one.id,
            name=one.name,
            added_at=one.added_at,
            succeeded_at=one.succeeded_at,
            failed_at=one.failed_at,
            current=one.public == key,
        )
        for one in await devices.of_people(ledger, [person])
    ]


async def add_device(
    engine: Engine, person: str, *, endpoint: str, p256dh: str, auth: str, name: str
) -> None:
    """Have a browser receive a person's notifications from now on.

    ``WrongInput`` for what no browser would send, and if there are too many.
    """
    ledger, url = await engine.ledger(), _checked(engine, endpoint)
    try:
        check_keys(p256dh, auth)
    except UnfitKeys as error:
        raise _unusable() from error
    key = await devices.public_key(ledger)
    if not key:
        raise WrongInput(
            "No worker has run on this ledger yet, so nothing could be sent.",
            NextStep(action=Action.START, advice="Start a worker first."),
        )
    others = await devices.of_people(ledger, [person])
    if len([one for one in others if one.endpoint != url]) >= MOST:
        raise WrongInput(
            f"You receive notifications in {MOST} browsers already.",
            "Remove one that you do not use.",
        )
    device = Device(
        id=uuid.uuid4().hex,
        person=person,
        name=in_one_line(name.strip(), _NAME_LIMIT) or "Browser",
        endpoint=url,
        p256dh=p256dh,
        auth=auth,
        public=key,
        added_at=datetime.now(UTC),
    )
    await devices.add(ledger, device)


async def remove_device(engine: Engine, person: str, device: str) -> None:
    """Send nothing to a browser any more; ``WrongInput`` if it is none of this person's."""
    if not await devices.remove(await engine.ledger(), person, device):
        raise WrongInput("There is no such browser of yours.", "Look at the list again.")


def _checked(engine: Engine, endpoint: str) -> str:
    try:
        url = check_url(endpoint)
    except DomainError as error:
        raise _unusable() from error
    here = is_here(url) or host_of(url) in LOCAL_HOSTS
    if here and not engine.settings.outbox_private_networks:
        raise WrongInput(
            "The browser's push service is in a private network, where nothing is sent.",
            "Use a browser with a push service of the internet, or set "
            "FRONTFOOT_OUTBOX_PRIVATE_NETWORKS=true for the workers and here.",
        )
    return url


def _unusable() -> WrongInput:
    return WrongInput(
        "The browser sent something that nothing can be pushed with.",
        "Try again, or use another browser.",
    )
