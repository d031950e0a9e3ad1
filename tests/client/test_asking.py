"""A Temporal that is lost later is not mistaken for a missing worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.service import RPCError

from client import asking
from client.asking import incident_status
from client.engine import Engine
from client.errors import NoWorker, explanation_of
from domain.ids import MAIN_QUEUE, incident_workflow_id
from tests.workflows.server import server, temporal_executable


class Line:
    """A connection to the server that can be cut, or go silent."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._silent = asyncio.Event()
        self._silent.set()
        self._open: list[asyncio.StreamWriter] = []
        self._listening: asyncio.Server | None = None

    async def listen(self) -> str:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"127.0.0.1:{self._listening.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        assert self._listening is not None
        self._listening.close()
        for one in self._open:
            one.close()

    def fall_silent(self) -> None:
        self._silent.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._behind)
        self._open += [writer, back]
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while piece := await source.read(65_536):
            await self._silent.wait()
            target.write(piece)
            await target.drain()


@pytest.fixture
async def line(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Line, Engine]]:
    """A server with an incident and no worker, and an engine that has been connected to it."""
    executable = temporal_executable()
    if executable is None:
        pytest.skip("there is no `temporal` command")
    monkeypatch.setattr(asking, "ANSWER_WITHIN", timedelta(seconds=2))
    async with server(executable) as environment:
        host, _, port = environment.client.service_client.config.target_host.rpartition(":")
        line = Line(host.removeprefix("http://") or "127.0.0.1", int(port))
        monkeypatch.setenv("TEMPORAL_ADDRESS", await line.listen())
        await environment.client.start_workflow(
            "IncidentWorkflow", id=incident_workflow_id("site-down"), task_queue=MAIN_QUEUE
        )
        engine = Engine()
        await engine.temporal()
        yield line, engine
        line.cut()


async def test_a_missing_worker_is_a_missing_worker(line: tuple[Line, Engine]) -> None:
    with pytest.raises(NoWorker):
        await incident_status(line[1], "site-down")


@pytest.mark.parametrize("how", ["cut", "fall_silent"])
async def test_a_temporal_that_is_lost_later_is_called_that(
    line: tuple[Line, Engine], how: str
) -> None:
    """It was reported as a missing worker, and people restarted workers that were fine."""
    getattr(line[0], how)()
    with pytest.raises(RPCError) as caught:
        await incident_status(line[1], "site-down")
    explanation = explanation_of(caught.value)
    assert explanation is not None
    assert explanation.what == "The Temporal server stopped answering."
