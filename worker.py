"""The worker process: settings, ledger, channels and activities, put together.

``python worker.py`` runs everything; ``--queues main,email`` only those task queues, so that each
channel can have machines of its own. Nothing imports this module.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.worker import Worker, WorkerDeploymentConfig

import wiring
from activities.approved import OpenedGates
from activities.broadcasts import BroadcastActivities
from activities.calendars import CalendarReading
from activities.confirmations import Confirming, Sender
from activities.contacts import Contacts, ContactSecrets
from activities.deadlines import DeadlineActivities
from activities.defined import Bound
from activities.follow_up import FollowUpActivities
from activities.heartbeat import TOLD_WITHIN
from activities.installation_sealing import keep_sealed
from activities.listening import ListeningActivities
from activities.log_lines import FailureLines, leave_failures_to_us
from activities.notification_keeping import NotificationKeeping
from activities.notifications import NotificationActivities, People
from activities.on_call import OnCallActivities
from activities.opened_replies import OpenedReplies
from activities.outbox import OutboxActivities
from activities.outbox_entering import OutboxEntering
from activities.outcomes import OutcomeActivities
from activities.page_refresh import COMPARED_WITHIN, keep_page_fresh
from activities.page_source import PageFromLedger
from activities.posts import PostActivities
from activities.proofs import ProofActivities
from activities.proposals import ProposalActivities
from activities.record import RecordActivities
from activities.replying import ReplyingActivities
from activities.room_lines import RoomLines
from activities.samples import Sampling
from activities.settling import SettlingActivities
from activities.surges import SurgeActivities
from activities.webhook_request import WebhookRequests
from channels import registry
from channels.configured import ChannelMisconfigured
from channels.contract import Channel, DirectChannel, WritesPage
from channels.listening import Listens, ReadsPrivateMessages
from channels.notifying.own_mail import OwnMail
from channels.notifying.push import Push
from channels.notifying.services import Services
from channels.replying import Replies
from client.configuration import load_settings, prepare_environment
from client.deadlines import start_watching
from client.engine import Engine
from client.errors import WrongInput, explanation_of
from client.event_entry import EventEntry
from client.kept_back import keep_telling
from client.listening import keep_listening
from client.logs import log_as_json
from client.metrics import measure_writes, runtime
from client.notifying import GatheredStarts, keep_testing, start_notifying, tell_incident
from client.outbox import start_sending
from client.page_words import page_words
from client.people import KnownPeople
from client.record_key import read_key
from client.recovery.locks import lock_those_behind
from client.reply_desk import keep_replying
from client.surges import keep_watching
from domain.ids import MAIN_QUEUE, OUTBOX_QUEUE, channel_queue
from domain.listening import source_name
from domain.playbook import PAGE_CHANNEL
from domain.sealing import RecordKey
from domain.subscribers import SubscriberLinks
from domain.surge import SurgeRule
from domain.unsubscribe import UnsubscribeLinks
from settings import Settings
from store import migrate
from store.events.inbox import Inbox
from store.kernel.database import Database
from store.notifications import devices
from store.outbox import endpoints
from store.record import keys
from store.recovery.locks import all_locks
from store.recovery.witness import Witness
from wiring import TemporalUnreachable, connect
from workflows.broadcast import BroadcastWorkflow
from workflows.deadlines import DeadlinesWorkflow
from workflows.follow_up import FollowUpWorkflow
from workflows.incident import IncidentWorkflow
from workflows.listening import ListeningWorkflow
from workflows.notifications import ContactTestWorkflow, NotificationsWorkflow
from workflows.outbox import OutboxWorkflow
from workflows.publication import PublicationWorkflow
from workflows.reply_desk import ReplyDeskWorkflow
from workflows.surges import SurgeWorkflow

GRACE = timedelta(seconds=15)
"""How long a stopping worker waits for its activities: longer than one provider request."""

MOST_CACHED = 200
"""Workflows that are kept in memory between their tasks: each takes almost a MiB, and any other is
gone through again from its history. By its own default the SDK keeps 1,000."""

STICKY = timedelta(seconds=2)
"""How long Temporal waits for a worker that has an incident in its memory before it asks another.
After a crash, an approver waits exactly that long; the default is ten seconds."""


_log = logging.getLogger("frontfoot.worker")


def deployment(settings: Settings) -> WorkerDeploymentConfig | None:
    """The name of this build for Temporal, or None for an unversioned worker.

    Set here and nowhere else: a versioning behaviour on a workflow's definition makes an
    unversioned worker fail its tasks for ever. Open incidents move to a new build as soon as it is
    made current, which replayed histories and ``workflow.patched`` keep safe.
    """
    if not settings.build_id:
        return None
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion("frontfoot", settings.build_id),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.AUTO_UPGRADE,
    )


class Notifying(NamedTuple):
    """What notifies our own people."""

    contacts: Contacts
    activities: NotificationActivities
    keeping: NotificationKeeping


async def notifying(
    client: Client,
    settings: Settings,
    database: Database,
    key: RecordKey,
    requests: WebhookRequests,
    outbox: OutboxEntering,
) -> Notifying:
    """Put together what notifies our own people, with the key that browsers know us by."""
    secret = await devices.private_key(database, key, datetime.now(UTC))
    contacts = Contacts(
        database,
        ContactSecrets(settings.contact_secrets),
        Services(),
        OwnMail.from_environment(".env"),
        Push(requests.post, secret, settings.push_contact or settings.console_url),
        secret,
    )
    people: People = KnownPeople(settings)
    start, url = GatheredStarts(partial(start_notifying, client)), settings.console_url
    lines = RoomLines(database, url, outbox.start)
    activities = NotificationActivities(
        database, contacts, people, url, start, partial(tell_incident, client), lines
    )
    keeping = NotificationKeeping(database, contacts, people, start, lines, settings.team_rooms)
    return Notifying(contacts, activities, keeping)


def workers(
    client: Client,
    settings: Settings,
    database: Database,
    channels: dict[str, Channel],
    key: RecordKey,
    queues: Sequence[str],
    outbox: OutboxEntering,
    requests: WebhookRequests,
    ours: Notifying,
    inbox: Inbox | None = None,
) -> list[Worker]:
    """One worker for each task queue in ``queues``: ``main`` or a channel's name.

    Who has ``main`` has the queue of the outbox, too.
    """
    secret = settings.code_secret.get_secret_value().encode() if settings.code_secret else None
    gates = OpenedGates(database, key.public, settings.proof_required, channels)
    record = RecordActivities(database, key, outbox)
    settling = SettlingActivities(database, gates)
    links = _links(settings)
    proposals = ProposalActivities(database, channels, links=links is not None)
    witness = Witness.beside(settings.database())
    posts = PostActivities(database, channels, gates, witness)
    broadcasts = BroadcastActivities(
        database, channels, gates, secret, links, inbox, witness, subscriber_links(settings)
    )
    listening = ListeningActivities(
        database,
        listening_channels(settings, channels),
        timedelta(seconds=settings.listen_every),
        private=private_channels(settings, channels),
    )
    answering = replying_channels(channels)
    terms = {name: one for name in answering if (one := channels[name].capabilities.replies)}
    replying = ReplyingActivities(
        database, answering, terms, OpenedReplies(database, key.public, settings.proof_required)
    )
    surges = SurgeActivities(
        database, SurgeRule(fold=settings.surge_fold, least=settings.surge_least)
    )
    made: list[Worker] = []
    for queue in queues:
        if queue == "main":
            main = Worker(
                client,
                task_queue=MAIN_QUEUE,
                workflows=[
                    IncidentWorkflow,
                    PublicationWorkflow,
                    BroadcastWorkflow,
                    OutboxWorkflow,
                    ListeningWorkflow,
                    ReplyDeskWorkflow,
                    SurgeWorkflow,
                    DeadlinesWorkflow,
                    FollowUpWorkflow,
                    NotificationsWorkflow,
                    ContactTestWorkflow,
                ],
                activities=[
                    *record.all(),
                    *ProofActivities(database, key).all(),
                    *settling.all(),
                    *OutcomeActivities(database).all(),
                    *proposals.all(),
                    *surges.all(),
                    *DeadlineActivities(database, partial(start_watching, client)).all(),
                    *OnCallActivities(
                        database, settings.playbooks_dir, settings.contact_secrets
                    ).all(),
                    *FollowUpActivities(database).all(),
                    *ours.activities.ledger_only(),
                    *posts.ledger_only(),
                    *broadcasts.ledger_only(),
                ],
                graceful_shutdown_timeout=GRACE,
                deployment_config=deployment(settings),
                interceptors=[FailureLines()],
                sticky_queue_schedule_to_start_timeout=STICKY,
                max_cached_workflows=MOST_CACHED,
            )
            wiring.allow_long_tasks(main)
            sending = OutboxActivities(database, key, requests, tell_room=ours.contacts.tell_room)
            outside = [*sending.all(), *ours.activities.on_the_wire()]
            made += [main, _wire(client, settings, OUTBOX_QUEUE, outside)]
        else:
            on_the_wire = [
                *posts.on_the_wire(),
                *broadcasts.on_the_wire(),
                *listening.all(),
                *replying.all(),
            ]
            made.append(_wire(client, settings, channel_queue(queue), on_the_wire))
    return made


def _wire(client: Client, settings: Settings, queue: str, activities: Sequence[Bound]) -> Worker:
    """A worker for activities that wait for somebody outside."""
    return Worker(
        client,
        task_queue=queue,
        activities=activities,
        graceful_shutdown_timeout=GRACE,
        deployment_config=deployment(settings),
        interceptors=[FailureLines()],
        max_heartbeat_throttle_interval=TOLD_WITHIN,
    )


async def _lock_those_behind(client: Client, settings: Settings, database: Database) -> None:
    """Compare each open incident with the ledger, in case that is an earlier copy.

    At the start, until each has answered, or a minute has passed: they may have nobody but this
    worker. Whatever goes out is compared again before it does.
    """
    deadline = asyncio.get_running_loop().time() + COMPARED_WITHIN
    engine = Engine(settings, temporal=client, ledger=database)
    try:
        while await lock_those_behind(engine):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(1)
        held = await all_locks(database)
    except Exception as error:  # noqa: BLE001 - a worker that cannot compare still works
        _log.warning("the ledger was not compared at the start: %s", type(error).__name__)
        return
    for one in held:
        _log.error("%s is locked: %s", one.incident, one.why.what)


def spare_the_garbage_collector() -> None:
    """Collect garbage rarely, and never look again at what was loaded at the start.

    A broadcast makes thousands of tuples and strings for each request and drops them all. At the
    default thresholds a profile showed full collections of some 80 ms each, in which the event
    loop is blocked.

    Not never: a workflow that is put out of memory is garbage that refers to itself, about 700
    objects and a third of a MiB, and beside thousands of open incidents nothing else frees it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 5, 2)


def _links(settings: Settings) -> UnsubscribeLinks | None:
    """Makes unsubscribe links; without both settings goodwill mail goes out without them."""
    if not settings.public_url or settings.link_secret is None:
        return None
    return UnsubscribeLinks(settings.public_url, settings.link_secret.get_secret_value().encode())


def subscriber_links(settings: Settings) -> SubscriberLinks | None:
    """Makes the links of subscribers; without both settings no message goes to them."""
    if not settings.public_url or settings.link_secret is None:
        return None
    return SubscriberLinks(settings.public_url, settings.link_secret.get_secret_value().encode())


def _confirming(
    settings: Settings, database: Database, channels: dict[str, Channel], queues: Sequence[str]
) -> Confirming | None:
    """Sends the mails that ask for a confirmation, where this worker has the channel."""
    name, links = settings.subscribers_channel, subscriber_links(settings)
    channel = channels.get(name) if name in queues else None
    asks = PAGE_CHANNEL in settings.channels
    if links is None or not asks or not isinstance(channel, DirectChannel):
        return None

    async def sender() -> Sender:
        words = await page_words(database, settings)
        return Sender(company=words.company, voice=words.voice)

    return Confirming(database, channel, links, sender)


async def run(queues: Sequence[str]) -> None:
    """Work until SIGINT or SIGTERM, then let what is under way finish."""
    settings = load_settings()
    Runtime.set_default(runtime(settings.metrics_address))
    channels = registry.build(settings.channels, env_file=".env")
    chosen = list(queues) or ["main", *channels]
    strangers = sorted(set(chosen) - {"main", *channels})
    if strangers:
        raise ChannelMisconfigured(
            f"No task queue for {', '.join(strangers)}: choose from main, {', '.join(channels)}."
        )
    await migrate.upgrade_ledger(settings.database())
    # Every worker needs it: those that send verify with it that a gate was opened.
    key = await asyncio.to_thread(read_key, settings.record_key())
    database = Database.open(settings.database())
    inbox = Inbox.of(settings.database())
    if settings.metrics_address:
        measure_writes(database)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await connect()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        await keys.enter_first(database, key, datetime.now(UTC))
        await endpoints.enter_key(database, key, datetime.now(UTC))
        requests = WebhookRequests(private=settings.outbox_private_networks)
        stack.push_async_callback(requests.close)
        outbox = OutboxEntering(database, settings.console_url, partial(start_sending, client))
        ours = await notifying(client, settings, database, key, requests, outbox)
        stack.push_async_callback(ours.contacts.close)
        for channel in channels.values():
            stack.push_async_callback(channel.close)
        comparing = asyncio.create_task(_lock_those_behind(client, settings, database))
        stack.callback(comparing.cancel)
        for refreshing in pages_kept(database, channels, key, chosen, comparing):
            stack.push_async_callback(_ended, refreshing)
        if inbox is not None:
            stack.push_async_callback(inbox.close)
            entering = asyncio.create_task(EventEntry(database, inbox, stands_by=True).run())
            stack.push_async_callback(_ended, entering)
        confirming = _confirming(settings, database, channels, chosen)
        if confirming is not None:
            sending = asyncio.create_task(confirming.run())
            stack.push_async_callback(_ended, sending)
        direct = {
            name: channel
            for name, channel in channels.items()
            if name in chosen and isinstance(channel, DirectChannel)
        }
        if direct:
            sampling = asyncio.create_task(Sampling(database, direct).run())
            stack.push_async_callback(_ended, sampling)
        if "main" in chosen:
            engine = Engine(settings, temporal=client, ledger=database)
            telling = asyncio.create_task(keep_telling(engine))
            stack.push_async_callback(_ended, telling)
            sealing = asyncio.create_task(keep_sealed(database, key))
            stack.push_async_callback(_ended, sealing)
            calendars = CalendarReading(database, settings.playbooks_dir, settings.contact_secrets)
            stack.push_async_callback(calendars.close)
            stack.push_async_callback(_ended, asyncio.create_task(calendars.run()))
            starting = asyncio.create_task(outbox.keep_starting())
            stack.push_async_callback(_ended, starting)
            seeing_to_it = asyncio.create_task(ours.keeping.run())
            stack.push_async_callback(_ended, seeing_to_it)
            testing = asyncio.create_task(keep_testing(client, wanted=settings.contact_tests))
            stack.push_async_callback(_ended, testing)
            heard = sorted(listening_channels(settings, channels))
            private = sorted(private_channels(settings, channels))
            named = [*heard, *(source_name(one, private=True) for one in private)]
            listening = asyncio.create_task(
                keep_listening(client, database, named, settings.listen_every)
            )
            stack.push_async_callback(_ended, listening)
            watching = asyncio.create_task(keep_watching(client, heard))
            stack.push_async_callback(_ended, watching)
            replying = asyncio.create_task(
                keep_replying(client, sorted(replying_channels(channels)))
            )
            stack.push_async_callback(_ended, replying)
        made = workers(
            client, settings, database, channels, key, chosen, outbox, requests, ours, inbox
        )
        for worker in made:
            await stack.enter_async_context(worker)
        spare_the_garbage_collector()
        print(f"worker ready: {', '.join(chosen)}", flush=True)
        await stop.wait()
        print("worker stopping: letting what is under way finish", flush=True)
        # All at once: one after the other, each would wait in turn.
        await asyncio.gather(*(worker.shutdown() for worker in made))


def listening_channels(settings: Settings, channels: Mapping[str, Channel]) -> dict[str, Listens]:
    """The channels that are to be listened to, of those that can."""
    return {
        name: channel
        for name, channel in channels.items()
        if settings.listens_to(name) and isinstance(channel, Listens)
    }


def private_channels(
    settings: Settings, channels: Mapping[str, Channel]
) -> dict[str, ReadsPrivateMessages]:
    """The channels whose private messages are to be read, of those that can."""
    return {
        name: channel
        for name, channel in channels.items()
        if settings.reads_private(name) and isinstance(channel, ReadsPrivateMessages)
    }


def replying_channels(channels: Mapping[str, Channel]) -> dict[str, Replies]:
    """The channels that can answer what people say."""
    return {name: one for name, one in channels.items() if isinstance(one, Replies)}


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


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def main() -> int:
    """Run the worker; return an exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--queues", default="", help="task queues, separated by commas: main, email, twitter, …"
    )
    arguments = parser.parse_args()
    log_as_json()
    leave_failures_to_us()
    queues = [name.strip() for name in arguments.queues.split(",") if name.strip()]
    try:
        prepare_environment()
        asyncio.run(run(queues))
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        print(explanation, file=sys.stderr)
        return (
            2 if isinstance(error, ChannelMisconfigured | TemporalUnreachable | WrongInput) else 1
        )
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # The SDK's threads can crash an interpreter before 3.14 while it exits.
    os._exit(code)
