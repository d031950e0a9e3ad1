"""Before anything of a stack is started: its ports."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from client.errors import ClientError
from client.stack.ports import LOOPBACK, Ports
from embedded.stack import Stack
from tests.terminal import Terminal


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture(autouse=True)
def clean(terminal: Terminal) -> Terminal:
    """An environment with nothing set, in an empty folder."""
    return terminal


def test_a_port_in_use_is_named_with_the_setting_that_moves_it(taken: int) -> None:
    with pytest.raises(ClientError) as refused:
        replace(Ports.free(), sandbox=taken).refuse_taken()
    told = str(refused.value)
    assert (str(taken) in told, "--sandbox-port" in told, "FRONTFOOT_SANDBOX_PORT" in told) == (
        True,
        True,
        True,
    )


async def test_a_stack_on_a_taken_port_starts_nothing(taken: int, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "state", ports=replace(Ports.free(), webhooks=taken))
    with pytest.raises(ClientError, match="in use"):
        await stack.start()
    assert (stack.pids, (tmp_path / "state" / "stack.json").exists()) == ({}, False)


def test_up_says_which_port_is_taken(terminal: Terminal, taken: int) -> None:
    free = Ports.free()
    result = terminal.type(
        f"up --temporal-port {taken} --ui-port {free.ui} --sandbox-port {free.sandbox} "
        f"--webhook-port {free.webhooks} --console-port {free.console}"
    )
    assert (result.exit_code, f"{taken} (Temporal;" in result.stderr) == (1, True)
