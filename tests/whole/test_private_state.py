"""Everything that a running stack has written is for this user alone."""

from __future__ import annotations

import os

import pytest

from client.stack import state_folder
from store.kernel.private_files import exposed_below
from tests.whole.response import Response


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
async def test_ledger_logs_and_databases_are_private(response: Response) -> None:
    """`make demo` before `make up` left the ledger readable by every user of the machine."""
    await response.announce(recipients=3)
    await response.settled()
    state = response.world.stack.state

    assert (state / "frontfoot.db-wal").exists()
    assert (state / "temporal.db").exists()
    assert exposed_below(state) == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
async def test_a_folder_that_was_open_is_closed_and_it_is_said(response: Response) -> None:
    state = response.world.stack.state / "earlier"
    state.mkdir()
    state.chmod(0o755)
    said: list[str] = []
    state_folder.prepare(state, said.append)
    state_folder.prepare(state, said.append)

    assert [one.startswith("Other users") for one in said] == [True]
