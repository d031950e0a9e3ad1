"""A sandbox on a real socket, and a listener for its mail events."""

from __future__ import annotations

import asyncio
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn

from sandbox.app import create_app
from sandbox.config import Dials, SandboxConfig
from sandbox.wire import CuttableProtocol

PAGE = "100000000000001"


class Clock:
    """Unix seconds that move only when a test moves them; off until `stop` is called."""

    def __init__(self) -> None:
        self._stopped: float | None = None

    def __call__(self) -> float:
        return time.time() if self._stopped is None else self._stopped

    def stop(self) -> None:
        self._stopped = time.time()

    def advance(self, seconds: float) -> None:
        assert self._stopped is not None
        self._stopped += seconds


class Served:
    """A running sandbox and short ways of talking to it."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        # Loading the real certificate store would take longer than most of these tests.
        nothing = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.mailer = httpx.Client(
            base_url=url, headers={"Authorization": "Bearer SG.test"}, verify=nothing
        )
        self.x = httpx.Client(base_url=url, headers={"Authorization": "Bearer x"}, verify=nothing)
        self.http = httpx.Client(base_url=url, verify=nothing)

    def close(self) -> None:
        for client in (self.mailer, self.x, self.http):
            client.close()

    def send(self, *addresses: str, **changes: Any) -> httpx.Response:
        return self.mailer.post("/v3/mail/send", json=mail(*addresses, **changes))

    def tweet(self, text: str, **changes: Any) -> httpx.Response:
        return self.x.post("/2/tweets", json={"text": text, **changes})

    def graph(self, method: str, path: str, **values: Any) -> httpx.Response:
        values = {"access_token": "sandbox-page-token", **values}
        if method == "POST":
            return self.http.post(f"/v26.0/{path}", data=values)
        return self.http.request(method, f"/v26.0/{path}", params=values)

    def fault(self, kind: str, **rule: Any) -> int:
        answer = self.http.post("/_sandbox/faults", json={"kind": kind, **rule})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def fired(self) -> list[int]:
        return [rule["fired"] for rule in self.http.get("/_sandbox/faults").json()["faults"]]

    def books(self, **query: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get("/_sandbox/books", params=query).json()
        return found

    def recipients(self) -> list[dict[str, Any]]:
        text = self.http.get("/_sandbox/books/mail.ndjson").text
        return [orjson.loads(line) for line in text.splitlines() if line]

    def dial(self, **values: Any) -> None:
        answer = self.http.post("/_sandbox/dials", json=values)
        assert answer.status_code == 200, answer.text


def mail(*addresses: str, **changes: Any) -> dict[str, Any]:
    """A request body that SendGrid would accept, one personalization per address."""
    body: dict[str, Any] = {
        "from": {"email": "founder@acme.example", "name": "Joel"},
        "subject": "We were hacked",
        "content": [{"type": "text/plain", "value": "We are on it."}],
        "personalizations": [{"to": [{"email": address}]} for address in addresses],
    }
    body.update(changes)
    return {key: value for key, value in body.items() if value is not None}


class _Thread(threading.Thread):
    """uvicorn in a thread, told to stop at the end."""

    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        super().__init__(daemon=True)
        self._ready = threading.Event()
        self.server = uvicorn.Server(
            uvicorn.Config(
                create_app(config, clock),
                port=0,
                http=CuttableProtocol,
                ws="none",
                log_level="critical",
                timeout_graceful_shutdown=1,
            )
        )

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        # What uvicorn.Server.serve does, without its waits of a tenth of a second.
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self.server.config.load()
        self.server.lifespan = self.server.config.lifespan_class(self.server.config)
        await self.server.startup()
        self._ready.set()
        await self._ended.wait()
        for listening in self.server.servers:
            listening.close()
        await self.server.lifespan.shutdown()

    def url(self) -> str:
        assert self._ready.wait(10)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join(10)


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start a sandbox on a random port; keyword arguments change its configuration."""
    with ExitStack() as stack:

        def start(**changes: Any) -> Served:
            config = SandboxConfig(
                state=tmp_path / "sandbox.db", event_delay=timedelta(milliseconds=10), dials=Dials()
            )
            clock = Clock()
            thread = _Thread(replace(config, **changes), clock)
            thread.start()
            stack.callback(thread.stop)
            served = Served(thread.url(), clock)
            stack.callback(served.close)
            return served

        yield start


@pytest.fixture
def sandbox(serve: Serve) -> Served:
    """A sandbox as it comes out of the box."""
    return serve()


@dataclass
class Posted:
    """One batch of events as it came over the wire."""

    body: bytes
    signature: str
    timestamp: str

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = orjson.loads(self.body)
        return found


@dataclass
class Listener:
    """Receives event batches; answers with `statuses` first, then 200."""

    url: str
    posts: queue.Queue[Posted] = field(default_factory=queue.Queue)
    statuses: list[int] = field(default_factory=list)

    def batch(self) -> Posted:
        return self.posts.get(timeout=10)

    def events(self, count: int) -> list[dict[str, Any]]:
        """The next `count` events, however they were batched."""
        found: list[dict[str, Any]] = []
        while len(found) < count:
            found.extend(self.batch().events)
        return found


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A webhook endpoint on a random port."""
    heard: Listener

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            prefix = "X-Twilio-Email-Event-Webhook-"
            status = heard.statuses.pop(0) if heard.statuses else 200
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            heard.posts.put(
                Posted(body, self.headers[prefix + "Signature"], self.headers[prefix + "Timestamp"])
            )

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

    server = Server(("127.0.0.1", 0), Handler)
    heard = Listener(f"http://127.0.0.1:{server.server_address[1]}/events")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def told(serve: Serve, listener: Listener) -> Served:
    """A sandbox that tells the listener about every mail."""
    return serve(dials=Dials(event_webhook_url=listener.url))
