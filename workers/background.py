"""What a worker process does beside its task queues, for as long as it runs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Coroutine, Mapping
from typing import Any

from activities.calendars import CalendarReading
from activities.confirmations import Confirming, Sender
from activities.installation_sealing import keep_sealed
from activities.page_refresh import COMPARED_WITHIN, keep_page_fresh
from activities.page_source import PageFromLedger
from activities.samples import Sampling
from channels.contract import Channel, DirectChannel, WritesPage
from client.event_entry import EventEntry
from client.kept_back import keep_telling
from client.listening import keep_listening
from client.notifying import keep_testing
from client.page_words import page_words
from client.recovery.locks import lock_those_behind
from client.reply_desk import keep_replying
from client.surges import keep_watching
from domain.listening import source_name
from domain.playbook import PAGE_CHANNEL
from domain.sealing import RecordKey
from store.kernel.database import Database
from store.recovery.locks import all_locks
from workers.abilities import listening_channels, private_channels, replying_channels
from workers.links import subscriber_links
from workers.resources import Resources

_log = logging.getLogger("frontfoot.worker")


def start_background(stack: contextlib.AsyncExitStack, resources: Resources) -> None:
    """Start everything that runs beside the task queues; ``stack`` ends it."""
    chosen, channels, database = resources.chosen, resources.channels, resources.database
    comparing = asyncio.create_task(_lock_those_behind(resources))
    stack.callback(comparing.cancel)
    for refreshing in pages_kept(database, channels, resources.key, chosen, comparing):
        stack.push_async_callback(_ended, refreshing)
    if resources.inbox is not None:
        _keep(stack, EventEntry(database, resources.inbox, stands_by=True).run())
    confirming = _confirming(resources)
    if confirming is not None:
        _keep(stack, confirming.run())
    direct = {
        name: channel
        for name, channel in channels.items()
        if name in chosen and isinstance(channel, DirectChannel)
    }
    if direct:
        _keep(stack, Sampling(database, direct).run())
    if "main" in chosen:
        _start_for_all(stack, resources)


def _start_for_all(stack: contextlib.AsyncExitStack, resources: Resources) -> None:
    """What is done once for the installation, by those that work on the main queue."""
    settings, client, database = resources.settings, resources.client, resources.database
    _keep(stack, keep_telling(resources.engine()))
    _keep(stack, keep_sealed(database, resources.key))
    calendars = CalendarReading(database, settings.playbooks_dir, settings.contact_secrets)
    stack.push_async_callback(calendars.close)
    _keep(stack, calendars.run())
    _keep(stack, resources.outbox.keep_starting())
    _keep(stack, resources.people.keeping.run())
    _keep(stack, keep_testing(client, wanted=settings.contact_tests))
    heard = sorted(listening_channels(settings, resources.channels))
    private = sorted(private_channels(settings, resources.channels))
    named = [*heard, *(source_name(one, private=True) for one in private)]
    _keep(stack, keep_listening(client, database, named, settings.listen_every))
    _keep(stack, keep_watching(client, heard))
    _keep(stack, keep_replying(client, sorted(replying_channels(resources.channels))))


def pages_kept(
    database: Database,
    channels: Mapping[str, Channel],
    key: RecordKey,
    chosen: Collection[str],
    compared: asyncio.Task[None] | None = None,
) -> list[asyncio.Task[None]]:
    """Let every page be made from the ledger, and keep those of now whose queue this worker has.

    ``compared`` ends once the ledger has been compared with the open incidents.
    """
    kept = []
    for channel in channels.values():
        if isinstance(channel, WritesPage):
            channel.read_from(PageFromLedger(database, key, channel.name))
            if channel.name in chosen:
                kept.append(asyncio.create_task(keep_page_fresh(database, channel, compared)))
    return kept


def _confirming(resources: Resources) -> Confirming | None:
    """Sends the mails that ask for a confirmation, where this worker has the channel."""
    settings, database = resources.settings, resources.database
    name, links = settings.subscribers_channel, subscriber_links(settings)
    channel = resources.channels.get(name) if name in resources.chosen else None
    asks = PAGE_CHANNEL in settings.channels
    if links is None or not asks or not isinstance(channel, DirectChannel):
        return None

    async def sender() -> Sender:
        words = await page_words(database, settings)
        return Sender(company=words.company, voice=words.voice)

    return Confirming(database, channel, links, sender)


async def _lock_those_behind(resources: Resources) -> None:
    """Compare each open incident with the ledger, in case that is an earlier copy.

    At the start, until each has answered, or a minute has passed: they may have nobody but this
    worker. Whatever goes out is compared again before it does.
    """
    deadline = asyncio.get_running_loop().time() + COMPARED_WITHIN
    engine = resources.engine()
    try:
        while await lock_those_behind(engine):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(1)
        held = await all_locks(resources.database)
    except Exception as error:  # noqa: BLE001 - a worker that cannot compare still works
        _log.warning("the ledger was not compared at the start: %s", type(error).__name__)
        return
    for one in held:
        _log.error("%s is locked: %s", one.incident, one.why.what)


def _keep(stack: contextlib.AsyncExitStack, running: Coroutine[Any, Any, None]) -> None:
    stack.push_async_callback(_ended, asyncio.create_task(running))


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
