"""One run: every contestant against the same sink, each between two measurements of the limit."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks import approvals, frontfoot, job_queue, machine, postgres, relay
from benchmarks import sink as sinks
from benchmarks.alone import Alone
from benchmarks.bracketing import Bracketing
from benchmarks.children import Child
from benchmarks.others import HELPERS, ONE_BY_ONE
from benchmarks.plan import Plan
from benchmarks.results import Bracket, FrontfootRun, QueueRun, Results, Sampled
from benchmarks.stack import BenchmarkStack, running, sink
from benchmarks.summary import workers as in_words
from benchmarks.view import View


class Run:
    """Collects what is measured; ``results`` at the end has all of it."""

    def __init__(self, plan: Plan, folder: Path, view: View) -> None:
        self._plan = plan
        self._folder = folder
        self._view = view
        self._sink_url = ""
        self._limit: Bracketing
        self._sampled: list[Sampled] = []
        self._queue: list[QueueRun] = []
        self._frontfoot: list[FrontfootRun] = []
        self._skipped: list[str] = []

    async def results(self) -> Results:
        """Measure everything."""
        began = datetime.now(UTC)
        async with AsyncExitStack() as stack:
            _, self._sink_url = await stack.enter_async_context(sink(self._folder))
            self._limit = Bracketing(self._plan, self._folder, self._sink_url)
            server = await self._postgres(stack)
            for database in self._plan.databases:
                if database == "sqlite":
                    url = f"sqlite:///{self._folder / 'ledger.db'}"
                elif server is not None:
                    await server.create("ledger")
                    url = server.url("ledger")
                else:
                    continue
                await self._broadcasts(database, url)
            if server is not None and self._plan.queue_recipients:
                await self._job_queue(server)
        self._view.begin("approval to first acceptance, against the sandbox")
        waits = await approvals.measure(self._folder, self._plan.approvals, self._view.note)
        self._view.measured(f"approvals: {self._plan.approvals} incidents")
        alone = Alone(self._plan, self._folder, self._view)
        page_served, page_news = await alone.status_page()
        rush_hours = await alone.rush_hours()
        at_desk = await alone.desk()
        replied, claimed = await alone.replying()
        return Results(
            plan=self._plan,
            began=began,
            ended=datetime.now(UTC),
            machine=await asyncio.to_thread(machine.describe, self._folder),
            trials=tuple(self._limit.trials),
            fastest=self._limit.fastest,
            sampled=tuple(self._sampled),
            queue=tuple(self._queue),
            frontfoot=tuple(self._frontfoot),
            approvals=waits,
            rush_hours=rush_hours,
            skipped=tuple(self._skipped),
            page_served=page_served,
            page_news=page_news,
            desk=at_desk,
            replies=replied,
            claims=claimed,
        )

    # --- contestants --------------------------------------------------------------------------

    async def _broadcasts(self, database: str, url: str) -> None:
        folder = self._folder / database
        folder.mkdir()
        async with running(folder, url, self._sink_url) as on:
            for workers in self._plan.crews(database):
                async with on.workers(workers) as crew:
                    for size in self._plan.sizes:
                        for repeat in range(1, self._plan.repeats(size) + 1):
                            await self._broadcast(on, database, crew, size, repeat)
            if database == "postgres" and not self._plan.quick:
                await self._relay(on, database)

    async def _relay(self, on: BenchmarkStack, database: str) -> None:
        crew = [await on.start_worker()]
        try:
            await self._broadcast(on, database, crew, max(self._plan.sizes), 1, changing=True)
        finally:
            await asyncio.gather(*(worker.end() for worker in crew))

    async def _broadcast(
        self,
        on: BenchmarkStack,
        database: str,
        crew: list[Child],
        size: int,
        repeat: int,
        *,
        changing: bool = False,
    ) -> None:
        workers = 0 if changing else len(crew)
        name = f"Frontfoot, {database}, {in_words(workers)}, {size:,} recipients"
        self._view.begin(f"{name}: getting ready")
        slug = f"{database}-{workers}-{size}-{repeat}"
        in_flight = self._plan.in_flight if len(crew) < 2 else self._plan.shared_in_flight
        proposed = await frontfoot.propose(on, slug, size, self._plan.batch_size, in_flight)
        self._limit.copy = proposed.copy
        if not self._limit.trials:
            await self._without_ledger()
        self._view.begin(name)
        # An audience was imported meanwhile.
        self._limit.forget()
        received = sinks.Counts()

        async def approve() -> frontfoot.Broadcast:
            nonlocal received
            before = await sinks.counts(self._sink_url)
            tell = partial(self._view.accepted, of=size)
            send = relay.send if changing else frontfoot.approve
            told = await send(on, proposed, crew, tell)
            received = (await sinks.counts(self._sink_url)).since(before)
            return told

        broadcast, bracket = await self._limit.bracketed(approve)
        if received.recipients != size:
            raise RuntimeError(f"{name}: the sink was sent {received.recipients:,} mails.")
        self._frontfoot.append(
            FrontfootRun(
                database=database,
                workers=workers,
                repeat=repeat,
                broadcast=broadcast,
                received=received.recipients,
                bracket=bracket,
            )
        )
        self._tell(name, broadcast.per_second, bracket)

    async def _without_ledger(self) -> None:
        """The limit's four ways, then the two ordinary ones."""
        plan = self._plan
        self._view.begin("the physical limit")
        await self._limit.try_ways()
        for timed in self._limit.trials:
            self._view.note(f"limit, {timed.way}: {timed.per_second:,.0f} recipients/s")
        samples = {HELPERS: plan.helper_recipients, ONE_BY_ONE: plan.single_recipients}
        for name, count in samples.items():
            self._view.begin(name)
            times, bracket = await self._limit.bracketed(partial(self._limit.post, (name,), count))
            [timed] = times
            self._sampled.append(Sampled(name=name, timed=timed, bracket=bracket))
            self._tell(name, timed.per_second, bracket)

    async def _job_queue(self, server: postgres.Server) -> None:
        self._view.begin("installing procrastinate")
        try:
            interpreter = await asyncio.to_thread(job_queue.python_with_procrastinate)
        except job_queue.NoJobQueue as reason:
            self._skip(f"The job queue is left out: {reason}.")
            return
        for workers in self._plan.crews("postgres"):
            name = f"procrastinate, {in_words(workers)}"
            self._view.begin(name)
            self._limit.forget()
            order = self._limit.order((), self._plan.queue_recipients)
            send = partial(job_queue.send, interpreter, server, self._folder, order, workers)
            queued, bracket = await self._limit.bracketed(send)
            self._queue.append(QueueRun(queued=queued, bracket=bracket))
            self._tell(name, queued.per_second, bracket)

    async def _postgres(self, stack: AsyncExitStack) -> postgres.Server | None:
        if "postgres" not in self._plan.databases:
            return None
        folder = postgres.binaries()
        if folder is None:
            self._skip("PostgreSQL is left out, and the job queue: no server is installed here.")
            return None
        self._view.begin("starting PostgreSQL")
        return await stack.enter_async_context(postgres.running(folder))

    def _skip(self, why: str) -> None:
        self._skipped.append(why)
        self._view.note(why)

    def _tell(self, name: str, per_second: float, bracket: Bracket) -> None:
        self._view.measured(
            f"{name}: {per_second:,.0f} recipients/s, {per_second / bracket.limit:.3f} of the limit"
            f" ({per_second / bracket.limit_over_httpx:.3f} over httpx)"
        )


def steps(plan: Plan) -> int:
    """How many measurements a run makes."""
    crews = sum(len(plan.crews(database)) for database in plan.databases)
    broadcasts = crews * sum(map(plan.repeats, plan.sizes))
    if "postgres" in plan.databases:
        broadcasts += 1
        broadcasts += len(plan.crews("postgres")) if plan.queue_recipients else 0
    return broadcasts + 7 + len(plan.rush_priorities) * len(plan.databases)
