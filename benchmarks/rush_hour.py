"""``python -m benchmarks.rush_hour``: how long the second, urgent word waits behind a mailing.

One broadcast of a million recipients after the other, thousands of signed events a second, and
beside them one small incident after the other whose announcement goes out as posts. Measured is the
time from the call of ``decide`` to the moment at which the sandbox's own records say that they
received the first post. Mail goes to a sink, which never is what is waited for.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import httpx
import yaml

from benchmarks.children import LOOPBACK, Child, free_port
from benchmarks.event_source import Telling, Told, new_key
from benchmarks.frontfoot import CHANNEL, LEAD
from benchmarks.ledgers import needed_ledger
from benchmarks.mail import address
from benchmarks.mailings import AUDIENCE, BATCH, LONGEST, NOOR, Load
from benchmarks.parts import POSTS, channels, sandbox, worker
from benchmarks.results import RushHour
from benchmarks.stack import PYTHON, BenchmarkStack, running, sink
from benchmarks.summary import percentile_95
from client import incidents, messages
from client.asking import incident_status
from client.leaving import leave
from client.stack.environment import for_python
from domain.message import MessageKind
from domain.people import PEOPLE_FILE
from embedded.readiness import listens
from settings import HERE
from store.files.playbook_folder import read_playbook
from store.people import audiences

_LOOK_EVERY = 0.02
_WITHIN = 60.0


async def measure(
    folder: Path,
    database: str,
    url: str,
    *,
    recipients: int,
    samples: int,
    events: int,
    with_priority: bool = True,
) -> RushHour:
    """Play ``samples`` incidents beside a broadcast and ``events`` signed events a second.

    Without events the receiver is told none. ``with_priority`` false: whoever waits longest for the
    ledger is served first.
    """
    run = PYTHON if with_priority else (*PYTHON, "benchmarks.without_priority")
    private, public = new_key()
    async with AsyncExitStack() as stack:
        sink_process, sink_url = await stack.enter_async_context(sink(folder))
        provider, sandbox_url = await stack.enter_async_context(sandbox(folder))
        on = await stack.enter_async_context(running(folder, url, sink_url))
        on.environment = {**on.environment, **channels(sink_url, sandbox_url)}
        on.environment["FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY"] = public
        mailer = await stack.enter_async_context(worker(folder, on, run))
        receiver, port = await stack.enter_async_context(_receiver(folder, on, run))
        rows = (audiences.AudienceRow(address(n), {}) for n in range(1, recipients + 1))
        await audiences.import_rows(on.database, AUDIENCE, rows)
        load = Load(on, recipients)
        first = await load.propose()
        order = Telling(
            url=f"http://{LOOPBACK}:{port}/webhooks/{CHANNEL}",
            private_key=private,
            broadcast=first,
            recipients=recipients,
            batch_size=BATCH,
            per_second=max(events, 1),
            seconds=LONGEST,
        )
        parts = {"worker": mailer, "receiver": receiver, "sandbox": provider, "sink": sink_process}
        parts["temporal"] = on.temporal
        before, began = {name: one.cpu() for name, one in parts.items()}, time.monotonic()
        source = await _source(folder, order) if events else None
        if source is not None:
            parts["events"] = source
            before["events"] = 0.0
        running_load = asyncio.create_task(load.run())
        try:
            await load.begun.wait()
            waits, proposed = [], []
            async with httpx.AsyncClient(timeout=10, trust_env=False) as http:
                for number in range(1, samples + 1):
                    if running_load.done():
                        running_load.result()
                    asked, waited = await _one(on, http, sandbox_url, number)
                    proposed.append(asked)
                    waits.append(waited)
            await load.complete()
            passed = time.monotonic() - began
            used = {name: (one.cpu() - before[name]) / passed for name, one in parts.items()}
            rate = load.rate()
        finally:
            load.stop()
            running_load.cancel()
            # What it was asking for when it was cancelled says that no answer came.
            await asyncio.wait([running_load])
            told = None
            if source is not None:
                os.kill(source.pid, 15)
                told = Told.model_validate_json(await source.output(30))
    return RushHour(
        database=database,
        with_priority=with_priority,
        seconds=tuple(waits),
        proposed=tuple(proposed),
        per_second=rate,
        told=told,
        processors=used,
        load=os.getloadavg()[0],
    )


async def _one(
    on: BenchmarkStack, http: httpx.AsyncClient, sandbox_url: str, number: int
) -> tuple[float, float]:
    """One urgent incident: seconds of ``propose``, and from ``decide`` to the first post."""
    title = f"Outage number {number:04}"
    slug = f"urgent-{number}"
    await incidents.open_incident(on.engine, slug=slug, title=title, files=posts_only(), actor=LEAD)
    began = time.time()
    message = await messages.propose(on.engine, slug, MessageKind.ANNOUNCEMENT, actor=LEAD)
    approved = time.time()
    await messages.decide(on.engine, slug, actor=NOOR, digest=message.digest)
    deadline = time.monotonic() + _WITHIN
    while time.monotonic() < deadline:
        books = (await http.get(f"{sandbox_url}/_sandbox/books")).raise_for_status().json()
        received = [
            post["at"] for name in POSTS for post in books[name]["posts"] if title in post["text"]
        ]
        if received:
            return approved - began, min(received) - approved
        await asyncio.sleep(_LOOK_EVERY)
    status = await incident_status(on.engine, slug)
    raise RuntimeError(f"{slug} was not out after {_WITHIN:.0f} s: {status.messages}")


def posts_only() -> dict[str, str]:
    """A playbook whose announcement goes out as posts."""
    files = dict(read_playbook(HERE / "playbooks" / "site-compromised"))
    plan = yaml.safe_load(files["playbook.yaml"])
    announcement = {**plan["messages"]["announcement"], "channels": list(POSTS), "must_reach": []}
    plan["messages"] = {"announcement": {**announcement, "quorum": 1}}
    plan["voices"] = {name: plan["voices"][name] for name in POSTS}
    templates = {f"announcement.{name}.j2": files[f"announcement.{name}.j2"] for name in POSTS}
    people = {PEOPLE_FILE: files[PEOPLE_FILE]}
    return {**templates, **people, "playbook.yaml": yaml.safe_dump(plan, sort_keys=False)}


@asynccontextmanager
async def _receiver(
    folder: Path, on: BenchmarkStack, run: Sequence[str]
) -> AsyncIterator[tuple[Child, int]]:
    port = free_port()
    environment = {**on.environment, "FRONTFOOT_WEBHOOK_PORT": str(port)}
    child = await Child.start("receiver", [*run, "surfaces.public.app"], folder, environment)
    try:
        await child.ready(lambda: listens(port))
        yield child, port
    finally:
        await child.end()


async def _source(folder: Path, order: Telling) -> Child:
    path = folder / "telling.json"
    path.write_text(order.model_dump_json(), encoding="utf-8")
    command = [*PYTHON, "benchmarks.event_source", str(path)]
    return await Child.start("events", command, folder, for_python(os.environ), stdout=PIPE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rush_hour")
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--events", type=int, default=5_000, help="signed events a second")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument(
        "--without-priority", action="store_true", help="serve whoever waits longest first"
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-rush-") as folder:
        return asyncio.run(_print(given, Path(folder)))


async def _print(given: argparse.Namespace, folder: Path) -> int:
    async with needed_ledger(given.database, folder) as url:
        found = await measure(
            folder,
            given.database,
            url,
            recipients=given.recipients,
            samples=given.samples,
            events=given.events,
            with_priority=not given.without_priority,
        )
    for name, seconds in (("approval to first post", found.seconds), ("propose", found.proposed)):
        print(
            f"{name}: half within {median(seconds):.2f} s, 95 % within "
            f"{percentile_95(seconds):.2f} s, longest {max(seconds):.2f} s"
        )
    print(f"broadcast: {found.per_second:,.0f} recipients/s\nevents: {found.told}")
    print(f"processors: {found.processors}; load of the machine {found.load:.1f}")
    return 0


if __name__ == "__main__":
    leave(main())
