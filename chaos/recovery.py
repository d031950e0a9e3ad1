"""After the faults: wait until everything has settled, and settle the rest as a person would.

A person has one advantage over the product: they can look at the platform in peace. Here the
platform is the sandbox's own records.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta

import httpx
from temporalio.client import Client, WorkflowFailureError

from chaos.people import People
from chaos.record import Record
from chaos.signers import LEAD
from chaos.world import World, events_owed, look, read_page
from client import incidents, publications
from client.engine import Engine
from client.recovery.broadcasts import BatchInDoubt
from client.recovery.ledger import Answer, recover_ledger
from client.recovery.locks import why_locked
from domain.broadcasting import BroadcastAction
from domain.errors import DomainError
from domain.ids import MessageRef, batch_of, incident_workflow_id
from domain.message_state import MessagePhase
from domain.playbook import PAGE_CHANNEL
from domain.promise_clock import PromiseState
from domain.publication import Outcome, PublicationState
from domain.status import IncidentStatus, MessageStatus
from settings import Settings
from store.broadcasts import batch_outcomes, broadcasts
from store.events.inbox import EventsWaiting, Inbox
from store.kernel.database import Database
from store.record import messages

_LOOK_EVERY = 0.4
_WITHDRAWN = timedelta(minutes=2)
_MOST_RETRIES = 4
_ENDS_WITHIN = 45.0


class Recovery:
    """Settles and closes one incident."""

    def __init__(
        self,
        client: Client,
        database: Database,
        sandbox: httpx.AsyncClient,
        people: People,
        record: Record,
        slug: str,
        settings: Settings,
        page: str,
    ) -> None:
        self._page = page
        self._ledger_url = settings.database()
        self._client = client
        self._engine = Engine(settings, temporal=client, ledger=database)
        self._database = database
        self._sandbox = sandbox
        self._people = people
        self._record = record
        self._slug = slug
        self._retries: Counter[tuple[int, str, str | None]] = Counter()

    async def settle_and_close(self, deadline: float) -> tuple[IncidentStatus, list[str]]:
        """Wait, settle, retry, and close; returns the last status and what is stuck, in words."""
        stuck = await self._settle_all(deadline)
        await self._hear_events(deadline)
        status = await self._people.status()
        for message in status.messages:
            if message.phase in (MessagePhase.WAITING, MessagePhase.REJECTED):
                await self._withdraw(message)
        if stuck:
            return await self._people.status(), stuck
        # What was promised after the resolution is not waited for.
        promised = any(one.state is PromiseState.OPEN for one in status.promises)
        waive = "The round is over." if promised else ""
        try:
            status = await self._people.insist(
                lambda: incidents.close(self._engine, self._slug, actor=LEAD, waive=waive)
            )
        except DomainError as refusal:
            status = await self._people.status()
            if status.closed_at is None:
                return status, [f"the incident cannot be closed: {refusal.what}"]
        return await self._end(status)

    async def _end(self, status: IncidentStatus) -> tuple[IncidentStatus, list[str]]:
        """Wait until the closed incident has recorded its end."""
        handle = self._client.get_workflow_handle(incident_workflow_id(self._slug))
        try:
            async with asyncio.timeout(_ENDS_WITHIN):
                await handle.result()
        except TimeoutError:
            return status, ["the incident is closed, and its workflow does not end"]
        except WorkflowFailureError:
            return status, ["the incident's workflow failed"]
        return status, []

    async def _settle_all(self, deadline: float) -> list[str]:
        while True:
            waiting: list[str] = []
            status = await self._people.status()
            if await why_locked(self._engine, status) is not None:
                waiting += await self._reconcile()
            else:
                for message in status.messages:
                    waiting += await self._look_after(message)
            if not waiting:
                return []
            if time.monotonic() > deadline:
                return waiting
            await asyncio.sleep(_LOOK_EVERY)

    async def _reconcile(self) -> list[str]:
        """Compare an earlier ledger with what went out; returns what keeps it locked, in words."""
        await self._hear_events(time.monotonic() + 30)
        try:
            found = await self._compare_ledger(())
            if found:
                self._record.settled_by_hand += 1
                await self._compare_ledger(await self._answers(found))
        except DomainError as refusal:
            self._record.said.append(f"comparing the ledger was refused: {refusal.what}")
        return ["the ledger is being compared with what went out"]

    async def _compare_ledger(self, answers: Sequence[Answer]) -> tuple[BatchInDoubt, ...]:
        found = await self._people.insist(
            lambda: recover_ledger(self._engine, self._slug, actor=LEAD, answers=answers)
        )
        return found.in_doubt

    async def _answers(self, in_doubt: Sequence[BatchInDoubt]) -> list[Answer]:
        """What somebody sees who looks for each batch at the provider."""
        world = await look(self._sandbox)
        seen: defaultdict[tuple[int, str, str], dict[bool, list[int]]] = defaultdict(
            lambda: {True: [], False: []}
        )
        for one in in_doubt:
            there = self._arrived(world, one.key)
            seen[one.message, one.channel, one.audience][there].append(one.number)
        return [
            Answer(
                message=message,
                channel=channel,
                audience=audience,
                went_out=tuple(batches[True]),
                did_not=tuple(batches[False]),
            )
            for (message, channel, audience), batches in seen.items()
        ]

    async def _look_after(self, message: MessageStatus) -> list[str]:
        """Do what a person has to do; returns what is still under way, in words."""
        if message.phase in (MessagePhase.WAITING, MessagePhase.REJECTED):
            return []
        waiting = []
        for outcome in message.outcomes:
            where = f"message {message.number} on {outcome.destination}"
            never_approved = message.phase.called_off and message.approved_at is None
            retriable = outcome.state.retriable and not message.phase.called_off
            if not outcome.state.settled and not never_approved:
                if outcome.explanation is not None:
                    # It is paused: by one of our people, or by itself.
                    await self._resume(message, outcome)
                waiting.append(f"{where} is {outcome.state}")
            elif outcome.state is PublicationState.UNKNOWN:
                await self._settle(message, outcome)
                waiting.append(f"{where} was unknown and is being settled")
            elif retriable and await self._retry(message, outcome):
                waiting.append(f"{where} was {outcome.state} and is tried again")
        return waiting

    async def _resume(self, message: MessageStatus, outcome: Outcome) -> None:
        with contextlib.suppress(DomainError):
            await self._people.steer(
                message.number, BroadcastAction.RESUME, audience=outcome.audience
            )

    async def _settle(self, message: MessageStatus, outcome: Outcome) -> None:
        for went_out, batches in (await self._seen(message, outcome)).items():
            try:
                await self._people.insist(
                    lambda went_out=went_out, batches=batches: publications.settle(  # type: ignore[misc]
                        self._engine,
                        self._slug,
                        message.number,
                        outcome.channel,
                        actor=LEAD,
                        audience=outcome.audience,
                        went_out=went_out,
                        batches=batches,
                    )
                )
            except DomainError as refusal:
                self._record.said.append(f"settling {message.number} was refused: {refusal.what}")
            self._record.settled_by_hand += 1

    async def _seen(self, message: MessageStatus, outcome: Outcome) -> dict[bool, tuple[int, ...]]:
        """What somebody who looks at the platform sees: whether it is there, batch by batch."""
        # Whatever is on its way has arrived, or never will.
        await self._hear_events(time.monotonic() + 30)
        world = await look(self._sandbox)
        ref = MessageRef(incident=self._slug, number=message.number, revision=message.revision)
        channel = outcome.channel
        found = await broadcasts.find_broadcast(
            self._database, ref, channel, outcome.audience or ""
        )
        if found is None:
            document = await messages.load_revision(self._database, ref)
            text = document.copy_for(channel).text
            if channel == PAGE_CHANNEL:
                async with httpx.AsyncClient(base_url=self._page, trust_env=False) as website:
                    shown = [update.body for update in await read_page(website)]
                return {any(body.split() == text.split() for body in shown): ()}
            return {any(post.text == text for post in world.posts[channel]): ()}
        seen: dict[bool, tuple[int, ...]] = {}
        for row in await batch_outcomes.unknown_batches(self._database, found.id):
            there = self._arrived(world, row.key)
            seen[there] = (*seen.get(there, ()), row.number)
        # Events have proven all of them meanwhile, after the broadcast had ended.
        return seen or {True: ()}

    @staticmethod
    def _arrived(world: World, key: str) -> bool:
        broadcast, number, _ = batch_of(key)
        return any(mail.broadcast == broadcast and mail.batch == number for mail in world.mails)

    async def _retry(self, message: MessageStatus, outcome: Outcome) -> bool:
        place = (message.number, outcome.channel, outcome.audience)
        if self._retries[place] >= _MOST_RETRIES:
            return False
        self._retries[place] += 1
        self._record.retried += 1
        try:
            await self._people.insist(
                lambda: publications.retry_channel(
                    self._engine,
                    self._slug,
                    message.number,
                    outcome.channel,
                    actor=LEAD,
                    audience=outcome.audience,
                )
            )
        except DomainError as refusal:
            self._record.said.append(f"retrying {message.number} was refused: {refusal.what}")
        return True

    async def _withdraw(self, message: MessageStatus) -> None:
        await self._people.insist(
            lambda: publications.withdraw(self._engine, self._slug, message.number, actor=LEAD)
        )
        await self._people.insist(
            lambda: publications.withdrawn(self._engine, self._slug, message.number, _WITHDRAWN)
        )

    async def _hear_events(self, deadline: float) -> None:
        inbox = Inbox.of(self._ledger_url)
        try:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.HTTPError, EventsWaiting):
                    if not await events_owed(self._sandbox):
                        if inbox is not None:
                            await inbox.catch_up()
                        return
                await asyncio.sleep(_LOOK_EVERY)
        finally:
            if inbox is not None:
                await inbox.close()
