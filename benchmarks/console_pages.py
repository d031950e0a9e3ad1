"""``python -m benchmarks.console_pages``: how soon the console and its API answer during a mailing.

One broadcast of a million recipients after the other. Beside it somebody opens the home page, the
page of the incident that is being mailed, and its message to sign, one after the other, and a
program reads the same from the API; then the same while others watch the incident live. Times are
the server's, from the request to the last byte, without a browser.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median

import httpx

from benchmarks.children import LOOPBACK, Child, free_port
from benchmarks.ledgers import needed_ledger
from benchmarks.mail import address
from benchmarks.mailings import AUDIENCE, Load
from benchmarks.parts import channels, sandbox, worker
from benchmarks.stack import PYTHON, BenchmarkStack, running, sink
from benchmarks.summary import percentile_95
from client.leaving import leave
from client.signing_in import make_link
from client.tokens import create_token
from domain.actor import Surface
from domain.model import Value
from domain.tokens import Scope
from embedded.readiness import listens
from store.people import audiences

PAGES = (
    "/",
    "/incidents/mailing-1",
    "/incidents/mailing-1/messages/1/sign",
    "/api/v1/incidents",
    "/api/v1/incidents/mailing-1",
    "/api/v1/incidents/mailing-1/messages/1",
    "/api/v1/incidents/mailing-1/broadcasts",
    "/api/v1/incidents/mailing-1/events",
)
OURS = {"Sec-Fetch-Site": "same-origin"}
_ASSET = re.compile(r'(?:src|href)="(/static/[^"]+)"')
_SETTLE = 3.0


class PageTimes(Value):
    """Seconds of each request of one address, and bytes of its first load with all it needs.

    ``watching`` live views were open meanwhile; ``news`` is how many parts each got in a second.
    """

    path: str
    watching: int
    seconds: tuple[float, ...]
    bytes: int
    processor: float
    news: float = 0.0

    def line(self) -> str:
        """The result in words."""
        return (
            f"{self.path}, {self.watching} live views: half within {median(self.seconds):.3f} s, "
            f"95 % within {percentile_95(self.seconds):.3f} s, longest {max(self.seconds):.3f} s; "
            f"first load {self.bytes:,} bytes; {self.processor:.2f} processors"
            + (f"; {self.news:.2f} parts a second to each view" if self.watching else "")
        )


async def measure(
    folder: Path, url: str, *, recipients: int, samples: int, views: int
) -> tuple[PageTimes, ...]:
    """Open each page so often during broadcasts, without and with so many live views."""
    async with AsyncExitStack() as stack:
        _, sink_url = await stack.enter_async_context(sink(folder))
        _, sandbox_url = await stack.enter_async_context(sandbox(folder))
        on = await stack.enter_async_context(running(folder, url, sink_url))
        on.environment = {**on.environment, **channels(sink_url, sandbox_url)}
        await stack.enter_async_context(worker(folder, on, PYTHON))
        console, http = await stack.enter_async_context(_console(folder, on))
        rows = (audiences.AudienceRow(address(n), {}) for n in range(1, recipients + 1))
        await audiences.import_rows(on.database, AUDIENCE, rows)
        load = Load(on, recipients)
        await load.propose()
        mailing = asyncio.create_task(load.run())
        try:
            await load.begun.wait()
            found = []
            for path in PAGES:
                found.append(await _times(console, http, path, samples))
                print(found[-1].line(), flush=True)
            async with _watched(http, views) as news:
                await asyncio.sleep(_SETTLE)
                for path in PAGES:
                    before, began = sum(news), time.monotonic()
                    timed = await _times(console, http, path, samples, views)
                    each = (sum(news) - before) / max(views, 1) / (time.monotonic() - began)
                    found.append(timed.model_copy(update={"news": each}))
                    print(found[-1].line(), flush=True)
            if mailing.done():
                mailing.result()
        finally:
            load.stop()
            mailing.cancel()
            await asyncio.wait([mailing])
    return tuple(found)


async def _times(
    console: Child, http: httpx.AsyncClient, path: str, samples: int, watching: int = 0
) -> PageTimes:
    seconds: list[float] = []
    before, began = console.cpu(), time.monotonic()
    for _ in range(samples):
        asked = time.monotonic()
        answer = (await http.get(path)).raise_for_status()
        seconds.append(time.monotonic() - asked)
        await asyncio.sleep(0.05)
    processor = (console.cpu() - before) / (time.monotonic() - began)
    needed = [await http.get(one) for one in dict.fromkeys(_ASSET.findall(answer.text))]
    return PageTimes(
        path=path,
        watching=watching,
        seconds=tuple(seconds),
        bytes=sum(one.num_bytes_downloaded for one in (answer, *needed)),
        processor=processor,
    )


@asynccontextmanager
async def _watched(http: httpx.AsyncClient, views: int) -> AsyncIterator[list[int]]:
    """So many live views of the incident; how many parts each has got."""
    news = [0] * views

    async def watch(number: int) -> None:
        async with http.stream("GET", f"{PAGES[1]}/live", timeout=None) as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                news[number] += line == ""

    watching = [asyncio.create_task(watch(number)) for number in range(views)]
    try:
        yield news
        for one in watching:
            if one.done():
                one.result()
    finally:
        for one in watching:
            one.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


@asynccontextmanager
async def _console(
    folder: Path, on: BenchmarkStack
) -> AsyncIterator[tuple[Child, httpx.AsyncClient]]:
    """The console as a process of its own, and a browser that is signed in to it."""
    port = free_port()
    url = f"http://localhost:{port}"
    environment = {
        **on.environment,
        "FRONTFOOT_CONSOLE_HOST": LOOPBACK,
        "FRONTFOOT_CONSOLE_PORT": str(port),
        "FRONTFOOT_CONSOLE_URL": url,
    }
    child = await Child.start("console", [*PYTHON, "surfaces.console.app"], folder, environment)
    try:
        await child.ready(lambda: listens(port))
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(
            base_url=url, headers=OURS, timeout=30, trust_env=False, limits=limits
        ) as http:
            answer = await http.post(await make_link(on.engine), data={"person": "noor"})
            answer.raise_for_status() if answer.is_error else None
            made = await create_token(
                on.engine, "noor", tuple(Scope), by="noor", surface=Surface.TERMINAL
            )
            http.headers["Authorization"] = f"Bearer {made.secret}"
            yield child, http
    finally:
        await child.end()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and return an exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console_pages")
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--views", type=int, default=200, help="open live views")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="ff-console-") as folder:
        return asyncio.run(_print(given, Path(folder)))


async def _print(given: argparse.Namespace, folder: Path) -> int:
    async with needed_ledger(given.database, folder) as url:
        await measure(
            folder,
            url,
            recipients=given.recipients,
            samples=given.samples,
            views=given.views,
        )
    print(f"load of the machine {os.getloadavg()[0]:.1f}")
    return 0


if __name__ == "__main__":
    leave(main())
