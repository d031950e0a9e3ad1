"""A Temporal that is lost later is not mistaken for a missing worker."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from client import asking
from client.asking import incident_status, tell
from client.engine import Engine, Request
from client.errors import (
    ClientError,
    EndedUnclosed,
    NoAnswer,
    NoWorker,
    ServerRefused,
    UnknownIncident,
    explanation_of,
)
from client.messages import approve_by_signal
from domain.actor import Actor
from domain.ids import MAIN_QUEUE, incident_workflow_id
from domain.status import IncidentStatus
from tests.deadline import eventually
from tests.workflows.fakes import Fakes
from tests.workflows.plan import a_plan
from tests.workflows.server import server, temporal_executable, workers
from workflows.contract.lifecycle import Join, OpenIncident
from workflows.contract.names import INCIDENT_WORKFLOW


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


@pytest.fixture
async def small_server() -> AsyncIterator[tuple[Engine, WorkflowHandle[Any, Any]]]:
    """A server with low ceilings, and an incident on it with a worker."""
    executable = temporal_executable()
    if executable is None:
        pytest.skip("there is no `temporal` command")
    dynamic = ("history.maxTotalUpdates=3", "history.maximumSignalsPerExecution=2")
    async with server(executable, *dynamic) as environment, workers(environment.client, Fakes()):
        opening = OpenIncident(
            incident="site-down",
            title="Down",
            opened_by=Actor.at_terminal("maya"),
            plan=a_plan(),
            templates="t",
        )
        handle = await environment.client.start_workflow(
            INCIDENT_WORKFLOW,
            opening,
            id=incident_workflow_id("site-down"),
            task_queue=MAIN_QUEUE,
        )
        yield Engine(temporal=environment.client), handle


async def test_what_the_server_does_not_take_is_told_as_refused(
    small_server: tuple[Engine, WorkflowHandle[Any, Any]],
) -> None:
    """It was told as sent, and nobody knew whether it had counted."""
    engine, _ = small_server
    join = Join(actor=Actor.at_terminal("lee"))
    for _ in range(3):
        await tell(engine, "site-down", "join", join, IncidentStatus)

    with pytest.raises(ServerRefused) as refused:
        await tell(engine, "site-down", "join", join, IncidentStatus)

    assert refused.value.explanation.means == "Nothing was changed."


async def test_a_signal_that_the_server_does_not_take_is_told_as_refused(
    small_server: tuple[Engine, WorkflowHandle[Any, Any]],
) -> None:
    engine, handle = small_server
    for _ in range(2):
        await handle.signal("junk")
    with pytest.raises(ServerRefused, match="limit for signal events"):
        await approve_by_signal(engine, "site-down", by="noor", digest="12345678")


async def test_an_incident_that_is_terminated_while_it_is_asked_is_not_told_as_closed(
    small_server: tuple[Engine, WorkflowHandle[Any, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was told as closed, and that one should open another: nobody would have recovered it."""
    engine, handle = small_server
    look = asking.ask

    async def look_and_lose(*asked: Any, **how: Any) -> object:
        answer = await look(*asked, **how)
        await handle.terminate("by hand")
        return answer

    monkeypatch.setattr(asking, "ask", look_and_lose)
    with pytest.raises(EndedUnclosed, match="terminated"):
        await tell(
            engine, "site-down", "join", Join(actor=Actor.at_terminal("lee")), IncidentStatus
        )
    with pytest.raises(EndedUnclosed, match="terminated"):
        await approve_by_signal(engine, "site-down", by="noor", digest="12345678")


async def test_an_update_that_was_cut_off_by_the_end_of_its_incident_is_no_refusal() -> None:
    """The server's words for it were told as a rule that said no."""
    said = ApplicationError(
        "Workflow Update failed because the Workflow completed before the Update completed.",
        type="AcceptedUpdateCompletedWorkflow",
        non_retryable=True,
    )
    with pytest.raises(NoAnswer):
        async with asking.refusals_in_words(Engine(), "site-down", "propose"):
            raise WorkflowUpdateFailedError(said)


async def test_a_signal_to_an_incident_that_there_never_was_says_so(
    small_server: tuple[Engine, WorkflowHandle[Any, Any]],
) -> None:
    with pytest.raises(UnknownIncident):
        await approve_by_signal(small_server[0], "no-such", by="noor", digest="12345678")


async def test_nobody_knows_what_counted_of_an_incident_that_was_brought_back_meanwhile(
    small_server: tuple[Engine, WorkflowHandle[Any, Any]],
) -> None:
    with pytest.raises(NoAnswer):
        async with asking.refusals_in_words(small_server[0], "site-down", "join"):
            raise RPCError("workflow execution already completed", RPCStatusCode.NOT_FOUND, b"")


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


FAILS = 0


@workflow.defn(name=INCIDENT_WORKFLOW, sandboxed=False)
class FailsAtQueries:
    """An incident whose worker fails at the next ``FAILS`` queries."""

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(name="status")
    def status(self) -> str:
        global FAILS
        if FAILS:
            FAILS -= 1
            raise RuntimeError("not now")
        return "here"


@pytest.mark.parametrize(("fails", "answer"), [(1, "here"), (asking.QUERIES, "")])
async def test_a_query_that_a_worker_fails_at_is_put_again_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch, fails: int, answer: str
) -> None:
    """A worker that is taking an incident over may fail once."""
    executable = temporal_executable()
    if executable is None:
        pytest.skip("there is no `temporal` command")
    monkeypatch.setattr(asking, "QUERY_AGAIN", timedelta(milliseconds=10))
    monkeypatch.setattr(sys.modules[__name__], "FAILS", fails)
    async with server(executable) as environment:
        client = environment.client
        async with Worker(client, task_queue=MAIN_QUEUE, workflows=[FailsAtQueries]):
            await client.start_workflow(
                FailsAtQueries.run, id=incident_workflow_id("down"), task_queue=MAIN_QUEUE
            )
            engine = Engine(temporal=client)
            if answer:
                assert await asking.ask(engine, "down", "status", str) == answer
            else:
                with pytest.raises(ClientError, match="could not answer"):
                    await asking.ask(engine, "down", "status", str)


@workflow.defn(name="GoesOn", sandboxed=False)
class GoesOn:
    """Goes on in another run when it is told to."""

    def __init__(self) -> None:
        self.told = False

    @workflow.run
    async def run(self) -> None:
        await workflow.wait_condition(lambda: self.told)
        workflow.continue_as_new()

    @workflow.signal
    def go_on(self) -> None:
        self.told = True


async def test_a_repeat_is_not_asked_of_an_incident_that_has_forgotten_the_first_try() -> None:
    """Temporal knows the updates of one run, and would carry the same one out again."""
    executable = temporal_executable()
    if executable is None:
        pytest.skip("there is no `temporal` command")
    async with server(executable) as environment:
        client = environment.client
        async with Worker(client, task_queue=MAIN_QUEUE, workflows=[GoesOn]):
            handle = await client.start_workflow(
                GoesOn.run, id=incident_workflow_id("down"), task_queue=MAIN_QUEUE
            )
            whole, now = Engine(temporal=client), datetime.now(UTC)

            async def ask(since: datetime | None) -> None:
                engine = whole.repeatable(Request(id="r", since=since))
                there = client.get_workflow_handle(handle.id)
                await asking.refuse_forgotten(engine, "down", "propose", there)

            await ask(now)
            before = (await handle.describe()).run_id
            await handle.signal(GoesOn.go_on)

            async def run() -> str | None:
                return (await client.get_workflow_handle(handle.id).describe()).run_id

            await eventually(run, lambda now: now != before, within=120)
            for since in (None, now + timedelta(minutes=2)):
                await ask(since)
            with pytest.raises(NoAnswer):
                await ask(now)


def test_repeats_of_a_request_have_one_id_for_each_update() -> None:
    whole = Engine()
    assert asking.update_id(whole, "propose") != asking.update_id(whole, "propose")
    first, again = (
        whole.repeatable(Request(id="r", since=since)) for since in (None, datetime.now(UTC))
    )
    assert asking.update_id(first, "propose") == asking.update_id(again, "propose")
    assert asking.update_id(first, "propose") != asking.update_id(first, "revise")
