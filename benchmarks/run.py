"""One run: every contestant against the same sink, each between two measurements of the limit."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter

from benchmarks import (
    approvals,
    desk,
    frontfoot,
    job_queue,
    machine,
    postgres,
    relay,
    replying,
    rush_hour,
    status_page,
)
from benchmarks import sink as sinks
from benchmarks.children import Child
from benchmarks.limit import WAYS
from benchmarks.mail import Assignment, Timed
from benchmarks.others import HELPERS, ONE_BY_ONE
from benchmarks.plan import Plan
from benchmarks.results import (
    Bracket,
    ClaimRace,
    DeskRun,
    FrontfootRun,
    NewsOnPage,
    PageServed,
    QueueRun,
    RepliesRun,
    Results,
    RushHour,
    Sampled,
)
from benchmarks.stack import PYTHON, BenchmarkStack, running, sink
from benchmarks.summary import percentile_95
from benchmarks.summary import workers as in_words
from benchmarks.view import View
from client.stack.environment import for_python
from domain.message import Copy

Measured = TypeVar("Measured")
_TIMES = TypeAdapter(list[Timed])
_PATIENCE = 600.0


class Run:
    """Collects what is measured; ``results`` at the end has all of it."""

    def __init__(self, plan: Plan, folder: Path, view: View) -> None:
        self._plan = plan
        self._folder = folder
        self._view = view
        self._sink_url = ""
        self._copy: Copy
        self._fastest = ""
        self._trials: list[Timed] = []
        self._just_before: list[Timed] = []
        self._sampled: list[Sampled] = []
        self._queue: list[QueueRun] = []
        self._frontfoot: list[FrontfootRun] = []
        self._skipped: list[str] = []

    async def results(self) -> Results:
        """Measure everything."""
        began = datetime.now(UTC)
        async with AsyncExitStack() as stack:
            _, self._sink_url = await stack.enter_async_context(sink(self._folder))
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
        page_served, page_news = await self._status_page()
        rush_hours = await self._rush_hours()
        at_desk = await self._desk()
        replied, claimed = await self._replying()
        return Results(
            plan=self._plan,
            began=began,
            ended=datetime.now(UTC),
            machine=await asyncio.to_thread(machine.describe, self._folder),
            trials=tuple(self._trials),
            fastest=self._fastest,
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
        proposed = await frontfoot.propose(on, slug, size, self._plan.batch_size)
        self._copy = proposed.copy
        if not self._trials:
            await self._without_ledger()
        self._view.begin(name)
        # What the limit was before an audience was imported is too long ago.
        self._just_before = []
        received = sinks.Counts()

        async def approve() -> frontfoot.Broadcast:
            nonlocal received
            before = await sinks.counts(self._sink_url)
            tell = partial(self._view.accepted, of=size)
            send = relay.send if changing else frontfoot.approve
            told = await send(on, proposed, crew, tell)
            received = (await sinks.counts(self._sink_url)).since(before)
            return told

        broadcast, bracket = await self._bracketed(approve)
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
        self._trials = await self._post(WAYS, plan.limit_recipients)
        self._fastest = max(self._trials, key=lambda timed: timed.per_second).way
        for timed in self._trials:
            self._view.note(f"limit, {timed.way}: {timed.per_second:,.0f} recipients/s")
        samples = {HELPERS: plan.helper_recipients, ONE_BY_ONE: plan.single_recipients}
        for name, count in samples.items():
            self._view.begin(name)
            times, bracket = await self._bracketed(partial(self._post, (name,), count))
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
            self._just_before = []
            order = self._order((), self._plan.queue_recipients)
            send = partial(job_queue.send, interpreter, server, self._folder, order, workers)
            queued, bracket = await self._bracketed(send)
            self._queue.append(QueueRun(queued=queued, bracket=bracket))
            self._tell(name, queued.per_second, bracket)

    async def _status_page(self) -> tuple[tuple[PageServed, ...], NewsOnPage]:
        """How fast the page is served, and how soon it has what was approved."""
        folder = self._folder / "status-page"
        folder.mkdir()
        self._view.begin("reading the status page")
        served = await status_page.serve(folder, self._plan.page_seconds)
        slowest = min(one.per_second for one in served)
        self._view.measured(f"status page: {slowest:,.0f} requests/s or more")
        self._view.begin("approval to the public page")
        news = await status_page.news(folder, self._plan.page_approvals, self._view.note)
        self._view.measured(f"approval to the public page: p95 {percentile_95(news.seconds):.2f} s")
        return served, news

    async def _desk(self) -> DeskRun:
        """How soon a day's mentions are taken in, clustered and planned, and lists of very many."""
        folder = self._folder / "desk"
        folder.mkdir()
        self._view.begin("mentions on the desk")
        plan = self._plan
        found = await desk.measure(folder, plan.desk_mentions, plan.desk_many, plan.seed)
        self._view.measured(next(desk.lines(found)))
        return found

    async def _replying(self) -> tuple[RepliesRun, ClaimRace]:
        """Replies at an account's limit, with announcements beside them; and agents who race."""
        folder, plan = self._folder / "replying", self._plan
        folder.mkdir()
        self._view.begin("replies at the account's limit, and claims")
        claimed = await replying.race(folder, plan.claim_agents, plan.claim_mentions, plan.seed)
        replied = await replying.measure(
            folder,
            limit=plan.reply_limit,
            window=plan.reply_window,
            windows=plan.reply_windows,
            announcements=plan.reply_announcements,
        )
        self._view.measured(next(replying.lines(replied, claimed)))
        return replied, claimed

    async def _rush_hours(self) -> tuple[RushHour, ...]:
        """Approvals beside a broadcast and events, with priority and without, on each database."""
        measured: list[RushHour] = []
        plan = self._plan
        for database in plan.databases:
            for with_priority in plan.rush_priorities:
                how = "with" if with_priority else "without"
                name = f"approvals in the rush hour, {database}, {how} priority"
                self._view.begin(name)
                folder = self._folder / f"rush-{database}-{how}"
                folder.mkdir()
                async with rush_hour.ledger(database, folder) as url:
                    if url is None:
                        continue
                    measured.append(
                        await rush_hour.measure(
                            folder,
                            database,
                            url,
                            recipients=plan.rush_recipients,
                            samples=plan.rush_approvals,
                            events=plan.rush_events,
                            with_priority=with_priority,
                        )
                    )
                self._view.measured(f"{name}: p95 {percentile_95(measured[-1].seconds):.2f} s")
        return tuple(measured)

    # --- the limit around everything ------------------------------------------------------------

    async def _bracketed(
        self, measure: Callable[[], Awaitable[Measured]]
    ) -> tuple[Measured, Bracket]:
        """Measure the limit, then the thing itself, then the limit again.

        What follows at once has the limit after the one before it as its own.
        """
        before = self._just_before or await self._limit()
        measured = await measure()
        after = await self._limit()
        self._just_before = after
        return measured, Bracket(
            before=before[0],
            over_httpx_before=before[1],
            after=after[0],
            over_httpx_after=after[1],
        )

    async def _limit(self) -> list[Timed]:
        over_httpx = [one for one in self._trials if one.way.endswith("httpx")]
        best = max(over_httpx, key=lambda timed: timed.per_second).way
        return await self._post((self._fastest, best), self._plan.limit_recipients)

    async def _post(self, ways: tuple[str, ...], recipients: int) -> list[Timed]:
        """Run ways without a ledger in a process of their own; the sink must have it all."""
        orders = self._folder / "orders.json"
        order = self._order(ways, recipients)
        orders.write_text(order.model_dump_json(), encoding="utf-8")
        before = await sinks.counts(self._sink_url)
        command = [*PYTHON, "benchmarks.contestant", str(orders)]
        child = await Child.start(
            "contestant", command, self._folder, for_python(os.environ), stdout=PIPE
        )
        times = _TIMES.validate_json(await child.output(_PATIENCE))
        came = (await sinks.counts(self._sink_url)).since(before)
        if came.recipients != (recipients + order.warm_up) * len(ways):
            raise RuntimeError(f"The sink counted {came.recipients:,} recipients of {ways}.")
        return times

    def _order(self, ways: tuple[str, ...], recipients: int) -> Assignment:
        return Assignment(
            ways=ways,
            url=self._sink_url,
            copy_=self._copy,
            recipients=recipients,
            warm_up=0 if ways == (ONE_BY_ONE,) else self._plan.in_flight * self._plan.batch_size,
            batch_size=self._plan.batch_size,
            in_flight=self._plan.in_flight,
            seed=self._plan.seed,
        )

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
