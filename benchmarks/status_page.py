"""``python -m benchmarks.status_page``: how fast the page is served, and how soon it has the news.

Serving: our own public process shows a folder that was written before, on one processor of its own,
to readers on another. News: a whole stack, one incident after the other whose announcement goes to
the page alone; from the call of ``decide`` to the moment at which the public address shows it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import httpx
import yaml

from benchmarks.children import LOOPBACK, Child, free_port
from benchmarks.page_readers import Reading, WasRead
from benchmarks.results import NewsOnPage, PageServed
from benchmarks.stack import PYTHON
from benchmarks.summary import percentile_95
from channels.website.markdown import html_of
from channels.website.site import compose
from channels.website.targets.folder import FolderTarget
from client import incidents, messages
from client.engine import Engine
from client.leaving import leave
from client.stack.environment import for_python
from client.stack.ports import Ports
from domain.actor import Actor
from domain.gate import Verdict
from domain.ids import MessageRef, publication_key
from domain.message import MessageKind
from domain.page_entry import Impact, PageEntry, PageStatus
from domain.people import PEOPLE_FILE
from domain.status_page import (
    Component,
    PageIncident,
    PageUpdate,
    StatusPage,
    component_id,
    incident_id,
)
from embedded.readiness import listens
from embedded.stack import Stack
from settings import HERE
from store.files.playbook_folder import read_playbook

CHANNEL, CHANNELS = "website", "FRONTFOOT_CHANNELS"
MAYA, NOOR = Actor.at_terminal("maya"), Actor.at_terminal("noor")
PATHS = ("/", "/api/v2/summary.json")
_WORDS = "We see that **posts** do not go out, and are on it. What you scheduled is kept. " * 3
_LOOK_EVERY = 0.01
_WITHIN = 60.0


# --- serving ------------------------------------------------------------------------------------


async def serve(folder: Path, seconds: float) -> tuple[PageServed, ...]:
    """Read each address for so long, with and without a copy that is still the newest."""
    page = folder / "page"
    await FolderTarget(page).write(compose(_page(), subscribe=True))
    port = free_port()
    environment = {
        **{name: one for name, one in for_python(os.environ).items() if not _is_ours(name)},
        "FRONTFOOT_STATE_DIR": str(folder),
        "FRONTFOOT_DATABASE_URL": f"sqlite:///{folder / 'ledger.db'}",
        CHANNELS: CHANNEL,
        "FRONTFOOT_WEBSITE_FOLDER": str(page),
        "FRONTFOOT_WEBHOOK_PORT": str(port),
    }
    server = await Child.start("server", [*PYTHON, "surfaces.public.app"], folder, environment)
    try:
        await server.ready(lambda: listens(port))
        _pin(server.pid, 0)
        async with httpx.AsyncClient(base_url=f"http://{LOOPBACK}:{port}", trust_env=False) as http:
            etags = {path: (await http.get(path)).headers["etag"] for path in PATHS}
        served = []
        for path, etag in etags.items():
            for status, own in ((200, ""), (304, etag)):
                order = Reading(
                    host=LOOPBACK, port=port, path=path, status=status, etag=own, seconds=seconds
                )
                served.append(await _measured(folder, server, order))
        return tuple(served)
    finally:
        await server.end()


async def _measured(folder: Path, server: Child, order: Reading) -> PageServed:
    orders = folder / "reading.json"
    orders.write_text(order.model_dump_json(), encoding="utf-8")
    command = [*PYTHON, "benchmarks.page_readers", str(orders)]
    before = server.cpu()
    readers = await Child.start("readers", command, folder, for_python(os.environ), stdout=PIPE)
    _pin(readers.pid, 1)
    found = WasRead.model_validate_json(await readers.output(order.seconds + 60))
    return PageServed(
        path=order.path,
        status=order.status,
        connections=order.connections,
        answers=found.answers,
        seconds=found.seconds,
        bytes=found.bytes,
        wait_p95=found.wait_p95,
        processor=(server.cpu() - before) / found.seconds,
    )


def _pin(pid: int, place: int) -> None:
    """Give a process one processor, if the system lets us; there may be only one."""
    if hasattr(os, "sched_setaffinity"):
        ours = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(pid, {ours[place % len(ours)]})


def _page() -> StatusPage:
    """A page in the middle of an incident of six updates, with a past of thirty."""
    now = datetime.now(UTC)
    names = [f"Component {number}" for number in range(1, 13)]
    return StatusPage(
        number=1,
        generated_at=now,
        name="Example Co",
        url="https://status.example",
        components=tuple(
            Component(id=component_id(name), name=name, since=now, updated_at=now) for name in names
        ),
        incidents=tuple(_incident(number, now) for number in range(31)),
    )


def _incident(number: int, now: datetime) -> PageIncident:
    """The open one, or one that is over, ``number`` days ago."""
    slug, began = f"incident-{number}", now - timedelta(days=number, hours=3)
    last = PageStatus.RESOLVED if number else PageStatus.IDENTIFIED
    statuses = (*(PageStatus.INVESTIGATING,) * (2 if number else 5), last)
    return PageIncident(
        id=incident_id(slug),
        title=f"Scheduled posts are late ({number})",
        updates=tuple(
            PageUpdate(
                id=publication_key(MessageRef(incident=slug, number=place, revision=1), CHANNEL),
                number=place,
                kind=MessageKind.PROGRESS_UPDATE,
                mark=f"Update {place}, ref {number:04}",
                text=_WORDS,
                html=html_of(_WORDS),
                at=began + timedelta(minutes=20 * place),
                entry=PageEntry(status=status, impact=Impact.MAJOR),
            )
            for place, status in enumerate(statuses, 1)
        ),
    )


def _is_ours(name: str) -> bool:
    return name.startswith(("FRONTFOOT_", "TEMPORAL_"))


# --- news ---------------------------------------------------------------------------------------


async def news(folder: Path, count: int, tell: Callable[[str], None]) -> NewsOnPage:
    """Play ``count`` incidents on a stack as ``frontfoot up`` starts it; the page is a folder."""
    with _only_the_page():
        stack = Stack(folder / "stack", ports=Ports.free(), live=False, say=tell)
        await stack.start()
    try:
        url = stack.addresses["webhooks"]
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False) as http,
            await stack.engine() as engine,
        ):
            seconds = [await _one(engine, http, number) for number in range(1, count + 1)]
    finally:
        await stack.stop()
    return NewsOnPage(seconds=tuple(seconds))


@contextmanager
def _only_the_page() -> Iterator[None]:
    """A stack takes its channels from the environment."""
    before = os.environ.get(CHANNELS)
    os.environ[CHANNELS] = CHANNEL
    try:
        yield
    finally:
        del os.environ[CHANNELS]
        if before is not None:
            os.environ[CHANNELS] = before


async def _one(engine: Engine, http: httpx.AsyncClient, number: int) -> float:
    """One incident: seconds from ``decide`` until the public page has its announcement."""
    slug, title = f"news-{number}", f"Outage number {number:04}"
    await incidents.open_incident(
        engine, slug=slug, title=title, files=_page_only(), actor=MAYA, audiences=[]
    )
    message = await messages.propose(engine, slug, MessageKind.ANNOUNCEMENT, actor=MAYA)
    began = time.perf_counter()
    await messages.decide(
        engine,
        slug,
        actor=NOOR,
        digest=message.digest,
        message=message.number,
        verdict=Verdict.APPROVE,
    )
    while time.perf_counter() < began + _WITHIN:
        if title in (await http.get("/")).text:
            return time.perf_counter() - began
        await asyncio.sleep(_LOOK_EVERY)
    raise RuntimeError(f"{slug} was not on the page after {_WITHIN:.0f} s.")


def _page_only() -> dict[str, str]:
    """The shipped playbook, with announcements to the page alone."""
    files = read_playbook(HERE / "playbooks" / "site-compromised")
    plan = yaml.safe_load(files["playbook.yaml"])
    announcement = plan["messages"]["announcement"]
    announcement |= {"channels": [CHANNEL], "quorum": 1, "must_reach": []}
    plan["messages"] = {"announcement": announcement}
    plan["voices"] = {CHANNEL: {"name": "Example Co"}}
    plan.pop("subscribers", None)
    return {
        PEOPLE_FILE: files[PEOPLE_FILE],
        "playbook.yaml": yaml.safe_dump(plan, sort_keys=False),
        f"announcement.{CHANNEL}.j2": "Something has gone wrong: **{{ title }}**.\n",
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.status_page")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each address is read")
    parser.add_argument("--samples", type=int, default=20, help="incidents; 0 for none")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-page-") as folder:
        return asyncio.run(_print(given, Path(folder)))


async def _print(given: argparse.Namespace, folder: Path) -> int:
    for one in await serve(folder, given.seconds):
        print(
            f"{one.path} ({one.status}, {one.bytes / one.answers:,.0f} bytes): "
            f"{one.per_second:,.0f} requests/s over {one.connections} connections, 95 % within "
            f"{one.wait_p95 * 1e3:.0f} ms; {one.processor:.2f} processors, "
            f"{one.per_processor_second:,.0f} requests for each second of one"
        )
    if given.samples:
        found = await news(folder, given.samples, lambda _: None)
        print(
            f"approval to public page: half within {median(found.seconds):.2f} s, 95 % within "
            f"{percentile_95(found.seconds):.2f} s, longest {max(found.seconds):.2f} s"
        )
    return 0


if __name__ == "__main__":
    leave(main())
