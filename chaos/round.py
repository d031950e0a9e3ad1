"""One round: a fresh stack, an incident played on it under faults, recovery, the comparison."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from temporalio.client import Client

from chaos.answers import compare_answers
from chaos.attacks import Attacker
from chaos.comparison import Comparison
from chaos.desk import Desk
from chaos.disasters import Disasters
from chaos.fault_injector import FaultInjector
from chaos.fault_points import FaultPoints
from chaos.insisting import GaveUp
from chaos.ledger_faults import LedgerFaults
from chaos.ledgers import DatabaseName, LedgerPlace, a_ledger
from chaos.people import AUDIENCE, People
from chaos.plan import RoundPlan
from chaos.record import Record
from chaos.recovery import Recovery
from chaos.speaking import Crowd
from chaos.stack import ChaosStack, shortened
from chaos.trials import Trials
from chaos.verdict import RoundVerdict
from chaos.world import ShownUpdate, bodies, look, read_page
from client.engine import Engine
from domain.playbook import PAGE_CHANNEL
from domain.publication import PublicationState
from embedded.demo.audience import address_of, write_audience
from store.files.audience_csv import read_rows
from store.kernel.database import Database
from store.kernel.private_files import make_folder
from store.people import audiences, subscriber_list
from store.people.audiences import AudienceRow
from store.record import publication_rows

_WORKS_FOR = 6.0
_LONGEST_WAIT = 40.0
"""Seconds for which faults go on once the people are done: until all is published, or so long.
Longer while a worker sleeps past its time-outs: it is to wake up under faults."""


def subscribers_of(recipients: int) -> Iterator[str]:
    """The addresses of the page's subscribers: every tenth customer, and as many others."""
    for number in range(1, recipients + 1, 10):
        yield address_of(number)
        yield f"subscriber{number:07d}@example.net"


_PAGE_WITHIN = 90.0
"""Seconds: a worker writes the page every minute."""


@dataclass
class RoundResult:
    """How a round went; ``seconds`` is how long it took, stack and all."""

    plan: RoundPlan
    verdict: RoundVerdict
    struck: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    refused: int = 0
    settled_by_hand: int = 0
    retried: int = 0
    said: list[str] = field(default_factory=list)


async def play_round(
    plan: RoundPlan,
    state: Path,
    database: DatabaseName,
    watch: Callable[[FaultInjector], None] = lambda _: None,
) -> RoundResult:
    """Play one round with its files in ``state``; whatever it started has ended afterwards.

    ``watch`` is given the injector, for a display of how far it is.
    """
    began = time.monotonic()
    record = Record()
    await asyncio.to_thread(make_folder, state)
    with (state / "round.log").open("a", encoding="utf-8", buffering=1) as log:

        def say(text: str) -> None:
            log.write(f"{time.monotonic() - began:7.1f}s  {text}\n")

        async with a_ledger(database, state, plan.recipients) as place:
            fault_points = FaultPoints(state / "fault_points")
            stack = ChaosStack(state, plan, fault_points, place.url, say)
            await stack.start()
            ledger = Database.open(place.url)
            try:
                scene = _Scene(plan, stack, ledger, place, fault_points, record, say)
                verdict = await scene.play(watch)
            finally:
                await ledger.close()
                await stack.stop()
        for finding in verdict.findings:
            say(finding)
    return RoundResult(
        plan=plan,
        verdict=verdict,
        struck=record.struck,
        skipped=record.skipped,
        seconds=time.monotonic() - began,
        refused=record.refused,
        settled_by_hand=record.settled_by_hand,
        retried=record.retried,
        said=record.said,
    )


class _Scene:
    """A started stack, and what happens on it."""

    def __init__(
        self,
        plan: RoundPlan,
        stack: ChaosStack,
        database: Database,
        place: LedgerPlace,
        fault_points: FaultPoints,
        record: Record,
        say: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._stack = stack
        self._database = database
        self._place = place
        self._fault_points = fault_points
        self._record = record
        self._say = say

    async def play(self, watch: Callable[[FaultInjector], None]) -> RoundVerdict:
        await self._import()
        deadline = time.monotonic() + self._plan.deadline.total_seconds()
        client = await self._stack.client()
        people = People(client, self._database, self._plan, self._record, deadline)
        address = self._stack.addresses["sandbox"]
        async with httpx.AsyncClient(base_url=address, timeout=5, trust_env=False) as sandbox:
            ledger = LedgerFaults(self._database, self._place.file, self._place.disk)
            attacker = Attacker(client, self._plan.incident, self._stack.ports.webhooks)
            disasters = Disasters(
                self._stack,
                client,
                self._database,
                self._place.file,
                self._plan.incident,
                self._say,
            )
            injector = FaultInjector(
                self._stack,
                sandbox,
                self._fault_points,
                ledger,
                attacker,
                disasters,
                self._record,
                self._say,
            )
            watch(injector)
            gave_up = ""
            desk = self._desk(client, sandbox, people)
            answering = asyncio.create_task(desk.play()) if desk else None
            try:
                await people.play(shortened(self._plan), injector)
                await self._let_it_work(people, injector, deadline)
            except GaveUp as error:
                gave_up = str(error)
            finally:
                await injector.lift()
                if answering is not None:
                    answering.cancel()
                    await asyncio.wait([answering])
            self._say("recovery: every fault is lifted")
            recovery = Recovery(
                client,
                self._database,
                sandbox,
                people,
                self._record,
                self._plan.incident,
                self._stack.settings(),
                self._stack.addresses["webhooks"],
            )
            # Whoever gave up while faults struck gets an answer now, or it is stuck.
            people.be_patient_until(deadline + 60)
            late: list[str] = []
            try:
                if desk is not None:
                    late = await desk.finish(deadline + 60)
                    self._say("recovery: the desk has finished")
                status, stuck = await recovery.settle_and_close(
                    max(deadline, time.monotonic()) + 30
                )
            except GaveUp as error:
                return RoundVerdict(stuck=1, findings=[f"stuck: {gave_up or error}"])
            self._say("recovery: comparing the records")
            world = await look(sandbox)
            page = self._stack.addresses["webhooks"]
            async with httpx.AsyncClient(base_url=page, timeout=20, trust_env=False) as website:
                updates = await self._updates(website)
            comparison = Comparison(self._plan, self._record, status, world, updates)
            for detail in (*late, *stuck):
                comparison.verdict.find("stuck", detail)
            copies = await asyncio.to_thread(bodies, self._stack.state / "sandbox.db")
            verdict = await comparison.compare(self._database, sandbox, copies)
            if desk is not None:
                engine = Engine(ledger=self._database)
                await compare_answers(
                    engine,
                    self._plan.incident,
                    status,
                    people,
                    sandbox,
                    self._record,
                    world,
                    verdict,
                )
            if status.closed_at is not None and not verdict.stuck:
                trials = Trials(client, self._database, self._plan.incident)
                await trials.play(shortened(self._plan), verdict)
            return verdict

    def _desk(self, client: Client, sandbox: httpx.AsyncClient, people: People) -> Desk | None:
        """Who answers the crowd of this round, if it has one."""
        if self._plan.crowd is None:
            return None
        crowd = Crowd(sandbox, self._plan.crowd, self._plan.seed)
        engine = Engine(self._stack.settings(), temporal=client, ledger=self._database)
        return Desk(engine, self._database, crowd, sandbox, self._plan, self._record, people)

    async def _updates(self, website: httpx.AsyncClient) -> list[ShownUpdate]:
        """What the page shows, once it has been written after everything was brought back."""
        rows = await publication_rows.rows(self._database, self._plan.incident)
        accepted = {
            row.key
            for row in rows
            if row.channel == PAGE_CHANNEL and row.state is PublicationState.ACCEPTED
        }
        until = time.monotonic() + _PAGE_WITHIN
        while True:
            late = time.monotonic() > until
            try:
                updates = await read_page(website)
            except httpx.HTTPError:
                # What was attacked a moment ago may need one to be back.
                if late:
                    raise
            else:
                if late or {update.id for update in updates} >= accepted:
                    return updates
            await asyncio.sleep(1)

    async def _import(self) -> None:
        path = self._stack.state / "customers.csv"
        await asyncio.to_thread(write_audience, path, self._plan.recipients)
        rows = read_rows(path, path.with_suffix(".rejects.csv"))
        await audiences.import_rows(self._database, AUDIENCE, rows)
        await subscriber_list.import_confirmed(
            self._database,
            (AudienceRow(address, {}) for address in subscribers_of(self._plan.recipients)),
            who="maya",
            why="chaos",
            at=datetime.now(UTC),
        )

    async def _let_it_work(self, people: People, injector: FaultInjector, deadline: float) -> None:
        """Let faults go on while something is being published, or a process is frozen."""
        began = time.monotonic()
        while time.monotonic() < min(began + _LONGEST_WAIT, deadline):
            waited = time.monotonic() - began
            if not injector.is_delaying():
                status = await people.status()
                busy = any(message.phase == "publishing" for message in status.messages)
                if not busy or waited > _WORKS_FOR:
                    return
            await asyncio.sleep(0.3)
