"""What the workers of one process share: the ledger, Temporal, the channels, what sends for us."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from temporalio.client import Client

from activities.outbox_entering import OutboxEntering
from activities.webhook_request import WebhookRequests
from channels.contract import Channel
from client.engine import Engine
from client.metrics import measure_writes
from client.outbox import start_sending
from domain.sealing import RecordKey
from settings import Settings
from store.events.inbox import Inbox
from store.kernel.database import Database
from store.outbox import endpoints
from store.record import keys
from workers.notifying import Notifying, notifying


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What is opened once in a process.

    ``chosen`` are the task queues that it works on: ``main`` or a channel's name.
    """

    settings: Settings
    chosen: Sequence[str]
    channels: dict[str, Channel]
    key: RecordKey
    database: Database
    inbox: Inbox | None
    client: Client
    requests: WebhookRequests
    outbox: OutboxEntering
    people: Notifying

    def engine(self) -> Engine:
        """What functions of ``client`` ask for."""
        return Engine(self.settings, temporal=self.client, ledger=self.database)


async def open_resources(
    stack: contextlib.AsyncExitStack,
    client: Client,
    settings: Settings,
    channels: dict[str, Channel],
    key: RecordKey,
    chosen: Sequence[str],
) -> Resources:
    """Open everything, and have ``stack`` close it."""
    database = Database.open(settings.database())
    stack.push_async_callback(database.close)
    if settings.metrics_address:
        measure_writes(database)
    now = datetime.now(UTC)
    await keys.enter_first(database, key, now)
    await endpoints.enter_key(database, key, now)
    requests = WebhookRequests(private=settings.outbox_private_networks)
    stack.push_async_callback(requests.close)
    outbox = OutboxEntering(database, settings.console_url, partial(start_sending, client))
    people = await notifying(client, settings, database, key, requests, outbox)
    stack.push_async_callback(people.contacts.close)
    for channel in channels.values():
        stack.push_async_callback(channel.close)
    inbox = Inbox.of(settings.database())
    if inbox is not None:
        stack.push_async_callback(inbox.close)
    return Resources(
        settings=settings,
        chosen=chosen,
        channels=channels,
        key=key,
        database=database,
        inbox=inbox,
        client=client,
        requests=requests,
        outbox=outbox,
        people=people,
    )
