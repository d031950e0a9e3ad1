"""One embedded stack for all stories, on free ports; every story has an incident of its own."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from chaos.stack import FORGETS_SOON
from client.stack.ports import Ports
from embedded import part
from embedded.stack import Stack
from store.kernel.database import Database
from tests.whole.response import Response
from tests.whole.world import World

HERE = Path(__file__).parent
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the stories share one event loop: it is the one that starts dead processes again."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.whole)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Temporal, sandbox, webhook receiver and worker, each a process of its own."""
    stack = Stack(tmp_path_factory.mktemp("whole") / "state", ports=Ports.free())
    stack.temporal_settings = FORGETS_SOON
    with pytest.MonkeyPatch.context() as patch:
        # Something that died a second time is left lying longer: here it dies in every story.
        patch.setattr(part, "LONGEST_PAUSE", part.FIRST_PAUSE)
        await stack.start()
        yield stack
        await stack.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def world(stack: Stack) -> AsyncIterator[World]:
    """The stack, its ledger, and the sandbox's own books."""
    ledger = Database.open(f"sqlite:///{stack.state / 'frontfoot.db'}")
    async with httpx.AsyncClient(base_url=stack.addresses["sandbox"], timeout=30) as sandbox:
        yield World(stack, await stack.client(), ledger, sandbox)
    await ledger.close()


@pytest_asyncio.fixture(loop_scope="session")
async def calm(world: World) -> AsyncIterator[World]:
    """The world with every process up and no fault in force, before a story and after it."""
    await world.come_to_rest()
    yield world
    await world.come_to_rest()


@pytest.fixture
def response(calm: World) -> Response:
    """An incident that nobody has opened yet."""
    return Response(calm, f"story-{next(_numbers)}")


@pytest.fixture
def another(calm: World) -> Response:
    """A second incident of the same company on the same accounts."""
    return Response(calm, f"story-{next(_numbers)}")
