"""A page without a ledger, a server of a folder, and an S3 server that is a process of its own."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels.contract import Publication, Template
from channels.website import WebsiteChannel, WebsiteSettings
from client.page_files import PageFiles
from domain.message import Copy, MessageKind
from domain.page_entry import Impact, PageEntry, PageStatus
from domain.status_page import PageIncident, PageUpdate, StatusPage, incident_id
from surfaces.public.page import StatusPages

BUCKET = "status-page"
_ENTRY = PageEntry(status=PageStatus.INVESTIGATING, impact=Impact.MAJOR)


class Page:
    """Plays the ledger: what was published, in order, and the numbers of the snapshots."""

    def __init__(self) -> None:
        self.updates: dict[str, PageUpdate] = {}
        self.number = 0

    async def snapshot(
        self, url: str, *, name: str = "", home: str | None = None, without: str = ""
    ) -> StatusPage:
        self.number += 1
        shown = tuple(one for one in self.updates.values() if one.id != without)
        incidents: tuple[PageIncident, ...] = ()
        if shown:
            incident = PageIncident(id=incident_id("one"), title="Site down", updates=shown)
            incidents = (incident,)
        return StatusPage(
            number=self.number,
            generated_at=datetime.now(UTC),
            name=name or "Acme",
            url=url,
            home=home,
            incidents=incidents,
        )

    def enter(self, channel: WebsiteChannel, key: str, words: str, mark: str) -> Publication:
        """Enter a publication as being sent, and return it."""
        link = channel.address_of("one", key, article=False)
        copy = channel.render(Template(text=words, mark=mark, link=link))
        self.add(key, copy)
        return Publication(f"{key}.1", copy)

    def add(self, key: str, copy: Copy) -> None:
        """Enter what is being sent."""
        self.updates[key] = PageUpdate(
            id=key,
            number=len(self.updates) + 1,
            kind=MessageKind.ANNOUNCEMENT,
            mark=copy.mark,
            text=copy.text,
            html=copy.html or "",
            at=datetime.now(UTC),
            entry=_ENTRY,
        )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def serving_folder(folder: Path, port: int) -> AsyncIterator[str]:
    """Our own public service's handler of the page, on a real socket."""
    async with _serving(Starlette(routes=StatusPages(PageFiles(folder)).routes()), port) as url:
        yield url


@asynccontextmanager
async def serving_bucket(s3: str) -> AsyncIterator[str]:
    """What stands in front of a bucket: it shows the index of a folder."""

    async def show(request: Request) -> Response:
        path = request.path_params["path"]
        if not path or path.endswith("/"):
            path += "index.html"
        async with httpx.AsyncClient(trust_env=False) as client:
            found = await client.get(f"{s3}/{BUCKET}/{path}")
        kept = ("content-type", "cache-control")
        headers = {name: found.headers[name] for name in kept if name in found.headers}
        return Response(found.content, found.status_code, headers)

    app = Starlette(routes=[Route("/{path:path}", show)])
    async with _serving(app, free_port()) as url:
        yield url


@asynccontextmanager
async def _serving(app: Starlette, port: int) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    running = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running


@contextmanager
def s3_server() -> Iterator[str]:
    """A real S3 server with one empty bucket that everybody may read."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.put(f"{url}/{BUCKET}", trust_env=False).raise_for_status()
                allowed = {
                    "Effect": "Allow",
                    "Principal": "*",
                    "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{BUCKET}/*",
                }
                policy = {"Version": "2012-10-17", "Statement": [allowed]}
                answer = httpx.put(f"{url}/{BUCKET}?policy", json=policy, trust_env=False)
                answer.raise_for_status()
                break
            except httpx.HTTPError:
                assert time.monotonic() < until, "the S3 server does not answer"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def in_folder(folder: Path, url: str, **more: object) -> WebsiteSettings:
    return WebsiteSettings.model_validate(
        {"url": url, "folder": folder, "read_back_within": 2, **more}
    )


def in_bucket(s3: str, url: str = "", **more: object) -> WebsiteSettings:
    return WebsiteSettings.model_validate(
        {
            "url": url or f"{s3}/{BUCKET}",
            "bucket": BUCKET,
            "bucket_endpoint": s3,
            "bucket_key_id": "key-id",
            "bucket_secret": "bucket-secret",
            "read_back_within": 2,
            **more,
        }
    )
