"""Strangers who want to occupy the service: each is got rid of, and an honest event gets through.

The same attacks at full size, with what they cost, are in docs/operating.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from client.public import PublicService
from store.kernel.database import Database
from surfaces.public.app import create_app
from surfaces.public.connections import Connection
from surfaces.public.limits import connections_for
from tests.channels.sendgrid.signing import AT, SigningKey
from tests.surfaces.public.provider import URL, service
from tests.surfaces.public.served import SMALL, Served, serving

PATIENCE = 10.0
POST = f"POST {URL} HTTP/1.1\r\nHost: frontfoot\r\n".encode()
HEALTH = b"GET /health HTTP/1.1\r\nHost: frontfoot\r\n\r\n"


def forged(body: bytes = b"[]") -> bytes:
    """The headers of a signature that is well-formed, and of somebody else."""
    signed = SigningKey().headers(body)
    return "".join(f"{name}: {value}\r\n" for name, value in signed.items()).encode()


@pytest.fixture
def key() -> SigningKey:
    return SigningKey()


@pytest.fixture
async def served(ledger: Database, key: SigningKey) -> AsyncIterator[Served]:
    async with serving(create_app(kept_open(service(ledger, key)))) as served:
        yield served


def kept_open(public: PublicService) -> PublicService:
    """``public``, whose ledger is closed by the fixture that opened it."""

    async def leave_it() -> None:
        pass

    public.close = leave_it  # type: ignore[method-assign]
    return public


class Provider:
    """Delivers genuine events, each on a new connection."""

    def __init__(self, served: Served, key: SigningKey) -> None:
        self._url = f"http://127.0.0.1:{served.port}{URL}"
        self._key = key
        self._count = 0

    async def deliver(self, more: int = 0) -> int:
        """Deliver one event in a body of ``more`` bytes more; return the status."""
        self._count += 1
        event = {
            "email": f"somebody{self._count}@example.com",
            "event": "bounce",
            "type": "bounce",
            "sg_event_id": f"event {self._count}",
            "timestamp": AT,
        }
        body = orjson.dumps([event]) + b" " * more
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            answer = await http.post(self._url, content=body, headers=self._key.headers(body))
        return answer.status_code


@pytest.fixture
def provider(served: Served, key: SigningKey) -> Provider:
    return Provider(served, key)


SENT_AND_SILENT = {
    "nothing": b"",
    "half a request line": b"POST /webh",
    "half the headers": POST,
    "a body that never comes": POST + forged() + b"Content-Length: 15000000\r\n\r\n",
    "half a body": POST + forged() + b"Content-Length: 5000\r\n\r\n[" + b" " * 2_000,
    "half a chunk": POST + forged() + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n[",
    "a request, and nothing after": HEALTH,
    "the body of what was refused": POST + b"Content-Length: 15000000\r\n\r\n",
    "waiting for 100": POST + forged() + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x7f" * 500,
    "the preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "headers without end": b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000,
    "too many headers": b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 200_000,
    "a chunk of no size": POST + forged() + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a length that is none": POST + forged() + b"Content-Length: -1\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n[]",
    "a length without end": POST + forged() + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "an upgrade": b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "a tunnel": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "a path of bytes": b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "many requests at once": HEALTH * 3_000,
}


@pytest.mark.parametrize("sent", SENT_AND_SILENT.values(), ids=SENT_AND_SILENT)
async def test_who_is_silent_is_let_go_and_holds_nobody_up(
    served: Served, provider: Provider, caplog: pytest.LogCaptureFixture, sent: bytes
) -> None:
    """1,200 such connections were held for ever, and 300 locked everybody out."""
    strangers = [asyncio.create_task(served.exchange(sent)) for _ in range(3 * SMALL.connections)]
    assert [await provider.deliver() for _ in range(3)] == [200] * 3
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*strangers)
        while len(served.server.connections):
            await asyncio.sleep(0.01)
    assert served.server.connections.memory == 0
    assert [one for one in caplog.records if one.exc_info] == []


async def test_who_sends_a_byte_now_and_then_is_let_go(served: Served) -> None:
    """Each byte restarted the only time limit that there was."""
    for begun in (
        b"GET /health HTTP/1.1\r\nX: ",
        POST + forged() + b"Content-Length: 1000\r\n\r\n",
    ):
        reader, writer = await served.connect()
        writer.write(begun)
        dripping = asyncio.create_task(drip(writer))
        async with asyncio.timeout(PATIENCE):
            # Or a reset: some of its bytes may have been on their way.
            with contextlib.suppress(ConnectionResetError):
                assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        dripping.cancel()
        writer.close()
    assert len(served.server.connections) == 0


async def drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"G")
        await asyncio.sleep(0.02)


async def test_bodies_take_no_more_memory_than_there_is(
    ledger: Database, key: SigningKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """150 bodies of 15 MB at once took 2 GB."""
    unhurried = replace(SMALL, connections=20, head_within=PATIENCE, body_grace=PATIENCE)
    app = create_app(kept_open(service(ledger, key)))
    async with serving(app, replace(unhurried, body_within=PATIENCE)) as served:
        memory = watch_memory(served, monkeypatch)
        body = POST + forged() + b"Content-Length: 15000000\r\n\r\n" + b" " * 15_000_000
        strangers = [asyncio.create_task(served.exchange(body)) for _ in range(5)]
        provider = Provider(served, key)
        assert [await provider.deliver(300_000) for _ in range(5)] == [200] * 5
        await asyncio.gather(*strangers)
    assert 300_000 < max(memory) <= SMALL.memory


def watch_memory(served: Served, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What all requests together hold, after each change."""
    connections = served.server.connections
    memory: list[int] = []
    hold = connections.hold

    def note(connection: Connection, size: int) -> None:
        hold(connection, size)
        memory.append(connections.memory)

    monkeypatch.setattr(connections, "hold", note)
    return memory


async def test_a_body_without_a_signature_is_not_kept_at_all(served: Served) -> None:
    reader, writer = await served.connect()
    writer.write(POST + b"Content-Length: 9000000\r\n\r\n")
    async with asyncio.timeout(PATIENCE):
        head = await reader.readuntil(b"\r\n\r\n")
        for _ in range(9):
            writer.write(b" " * 1_000_000)
            await writer.drain()
            assert served.server.connections.memory <= 1_000
    writer.close()
    assert head.startswith(b"HTTP/1.1 403 ")


async def test_after_an_early_refusal_the_connection_can_be_used_again(served: Served) -> None:
    """A sender that sends its whole body first has to see why it was refused."""
    reader, writer = await served.connect()
    for _ in range(2):
        writer.write(POST + b"Content-Length: 600000\r\n\r\n" + b" " * 600_000)
        async with asyncio.timeout(PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readuntil(b"}")
        assert head.startswith(b"HTTP/1.1 403 ")
    writer.close()


async def test_forged_signatures_at_a_high_rate_hold_nobody_up(
    served: Served, provider: Provider
) -> None:
    request = POST + forged() + b"Content-Length: 2\r\n\r\n[]"

    async def hammer() -> None:
        while True:
            reader, writer = await served.connect()
            try:
                for _ in range(100):
                    writer.write(request)
                    await reader.readuntil(b"}")
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

    strangers = [asyncio.create_task(hammer()) for _ in range(SMALL.connections - 1)]
    assert [await provider.deliver() for _ in range(5)] == [200] * 5
    for one in strangers:
        one.cancel()
    await asyncio.gather(*strangers, return_exceptions=True)


async def test_who_does_not_read_is_let_go() -> None:
    async def much(_: Request) -> Response:
        return Response(b"x" * 20_000_000)

    async with serving(Starlette(routes=[Route("/health", much)])) as served:
        _, writer = await served.connect()
        writer.write(HEALTH)
        async with asyncio.timeout(PATIENCE):
            while not len(served.server.connections):
                await asyncio.sleep(0.005)
            while len(served.server.connections):
                await asyncio.sleep(0.005)
        writer.close()


async def test_a_sender_of_genuine_events_may_stay_longer(served: Served, key: SigningKey) -> None:
    reader, writer = await served.connect()
    for _ in range(2):
        signed = key.headers(b"[]")
        headers = "".join(f"{name}: {value}\r\n" for name, value in signed.items()).encode()
        writer.write(POST + headers + b"Content-Length: 2\r\n\r\n[]")
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        await asyncio.sleep(3 * SMALL.idle)
    writer.close()


async def test_other_pages_stay_within_reach(ledger: Database, key: SigningKey) -> None:
    both = PublicService(ledger, readers={}, unverifiable=["email"], link_secret=b"x" * 40)
    async with serving(create_app(kept_open(both))) as served:
        strangers = [asyncio.create_task(served.exchange(POST)) for _ in range(18)]
        address = f"http://127.0.0.1:{served.port}"
        async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
            assert (await http.get(f"{address}/health")).json() == {"ok": True}
            page = await http.get(f"{address}/unsubscribe/forged")
            large = await http.post(f"{address}/unsubscribe/forged", content=b"x" * 5_000_000)
        assert (page.status_code, large.status_code) == (404, 404)
        await asyncio.gather(*strangers)


async def test_who_has_hung_up_already_is_not_opened(
    served: Served, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening costs a hundred times as much as seeing that nobody is there any more."""
    opened = 0
    genuine = served.server._open

    async def counted(accepted: socket.socket) -> None:
        nonlocal opened
        opened += 1
        await genuine(accepted)

    monkeypatch.setattr(served.server, "_open", counted)
    for _ in range(50):
        # Not awaited between: the server cannot accept any of them before all have hung up.
        with socket.create_connection(("127.0.0.1", served.port)):
            pass
    assert await provider.deliver() == 200
    assert opened == 1


# --- open files ---------------------------------------------------------------------------------


class FullOnce:
    """A listening socket for which there is no file, a few times."""

    def __init__(self, real: socket.socket, times: int) -> None:
        self.real = real
        self.times = times

    def fileno(self) -> int:
        return self.real.fileno()

    def accept(self) -> tuple[socket.socket, object]:
        if self.times:
            self.times -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self.real.accept()


async def test_a_lack_of_files_is_waited_for_and_not_logged_without_end(
    served: Served, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    """asyncio's own loop logged it two thousand times at each attempt: 655 MB in 91 s."""
    [listening] = served.server.sockets
    asyncio.get_running_loop().remove_reader(listening.fileno())
    served.server._accept_from(FullOnce(listening, 5))  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        assert await provider.deliver() == 200
    said = [one for one in caplog.records if "could not be accepted" in one.getMessage()]
    assert len(said) == 5


@pytest.mark.parametrize(
    ("files", "wanted", "connections"), [(256, 4_000, 160), (20_000, 4_000, 4_000), (64, 100, 16)]
)
def test_no_more_connections_than_files(
    monkeypatch: pytest.MonkeyPatch, files: int, wanted: int, connections: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert connections_for(wanted) == connections


def test_the_limit_of_files_is_raised_as_far_as_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 5_000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert (connections_for(4_000), asked) == (4_000, [(5_000, 5_000)])
