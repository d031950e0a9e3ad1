"""One round: a fresh stack, an incident played on it while it is tormented, calm, the books."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from chaos.accounts import Accounts
from chaos.arms import Arms
from chaos.calm import Calm
from chaos.ground import ChaosStack, quickened
from chaos.ledger_torments import LedgerTorments
from chaos.ledgers import DatabaseName, LedgerPlace, a_ledger
from chaos.people import AUDIENCE, GaveUp, People
from chaos.plan import RoundPlan
from chaos.record import Record
from chaos.torments import Tormentor
from chaos.verdict import Verdict
from chaos.world import bodies, look
from embedded.demo.audience import write_audience
from store.files.audience_csv import read_rows
from store.kernel.database import Database
from store.people import audiences

_WORKS_FOR = 6.0
_LONGEST_WAIT = 40.0
"""Seconds for which the storm goes on once the people are done: until all is published, or so
long, and longer while a worker sleeps past its time-outs, which is to wake up in the storm."""


@dataclass
class RoundResult:
    """How a round went; ``seconds`` is how long it took, stack and all."""

    plan: RoundPlan
    verdict: Verdict
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
    watch: Callable[[Tormentor], None] = lambda _: None,
) -> RoundResult:
    """Play one round with its files in ``state``; whatever it started has ended afterwards.

    ``watch`` is given the tormentor, for a display of how far it is.
    """
    began = time.monotonic()
    record = Record()
    await asyncio.to_thread(state.mkdir, mode=0o700, parents=True, exist_ok=True)
    with (state / "round.log").open("a", encoding="utf-8", buffering=1) as log:

        def say(text: str) -> None:
            log.write(f"{time.monotonic() - began:7.1f}s  {text}\n")

        async with a_ledger(database, state, plan.recipients) as place:
            arms = Arms(state / "arms")
            stack = ChaosStack(state, plan, arms, place.url, say)
            await stack.start()
            ledger = Database.open(place.url)
            try:
                scene = _Scene(plan, stack, ledger, place, arms, record, say)
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
        arms: Arms,
        record: Record,
        say: Callable[[str], None],
    ) -> None:
        self._plan = plan
        self._stack = stack
        self._database = database
        self._place = place
        self._arms = arms
        self._record = record
        self._say = say

    async def play(self, watch: Callable[[Tormentor], None]) -> Verdict:
        await self._import()
        deadline = time.monotonic() + self._plan.deadline.total_seconds()
        client = await self._stack.client()
        people = People(client, self._database, self._plan, self._record, deadline)
        address = self._stack.addresses["sandbox"]
        async with httpx.AsyncClient(base_url=address, timeout=5, trust_env=False) as sandbox:
            ledger = LedgerTorments(self._database, self._place.file, self._place.disk)
            tormentor = Tormentor(self._stack, sandbox, self._arms, ledger, self._record, self._say)
            watch(tormentor)
            gave_up = ""
            try:
                await people.play(quickened(self._plan), tormentor)
                await self._let_it_work(people, tormentor, deadline)
            except GaveUp as error:
                gave_up = str(error)
            finally:
                await tormentor.lift()
            self._say("calm: everything is lifted")
            calm = Calm(client, self._database, sandbox, people, self._record, self._plan.incident)
            # Whoever gave up in the storm gets an answer in the calm, or it is stuck.
            people.be_patient_until(deadline + 60)
            try:
                status, stuck = await calm.bring(deadline + 30)
            except GaveUp as error:
                return Verdict(stuck=1, findings=[f"stuck: {gave_up or error}"])
            self._say("calm: the books")
            world = await look(sandbox)
            accounts = Accounts(self._plan, self._record, status, world)
            for says in stuck:
                accounts.verdict.find("stuck", says)
            copies = await asyncio.to_thread(bodies, self._stack.state / "sandbox.db")
            return await accounts.add_up(self._database, sandbox, copies)

    async def _import(self) -> None:
        path = self._stack.state / "customers.csv"
        await asyncio.to_thread(write_audience, path, self._plan.recipients)
        rows = read_rows(path, path.with_suffix(".rejects.csv"))
        await audiences.import_rows(self._database, AUDIENCE, rows)

    async def _let_it_work(self, people: People, tormentor: Tormentor, deadline: float) -> None:
        """Go on tormenting for as long as something is being published, or somebody is frozen."""
        began = time.monotonic()
        while time.monotonic() < min(began + _LONGEST_WAIT, deadline):
            waited = time.monotonic() - began
            if not tormentor.holds_somebody():
                status = await people.status()
                busy = any(message.phase == "publishing" for message in status.messages)
                if not busy or waited > _WORKS_FOR:
                    return
            await asyncio.sleep(0.3)
