"""Start one process of the stack: a program, or a module of ours by the fork server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, Protocol

from client.stack.state_folder import PRIVATE_UMASK
from embedded import launcher
from embedded.fork_server import Become

PRELOADED = ("sandbox.app", "surfaces.public.app", "surfaces.console.app", "worker")
"""What the fork server imports: all that our parts are."""

_READ_BY_PYTHON = ("PYTHON", "LD_", "LC_", "MALLOC_")
_READ_BY_PYTHON_TOO = ("LANG", "LANGUAGE", "TZ")


@dataclass(frozen=True)
class Command:
    """What to run: a program with its arguments, or our ``module`` with them."""

    arguments: Sequence[str]
    module: str = ""

    @property
    def as_program(self) -> list[str]:
        """The whole command line."""
        as_module = (sys.executable, "-P", "-m", self.module) if self.module else ()
        return [*as_module, *self.arguments]


class Started(Protocol):
    """A process that was started here."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """Its exit code, less than zero for a signal; None while it runs."""
        ...

    async def wait(self) -> int:
        """Return its exit code when it has ended."""
        ...


async def start(command: Command, environment: Mapping[str, str], log: IO[bytes]) -> Started:
    """Start a process that leads a group, writes to ``log`` and ends with this one."""
    if command.module and sys.platform == "linux":
        become = Become(command.module, list(command.arguments), dict(environment), os.getcwd())
        # A server that ended, or that could not fork, costs time and nothing else.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            return await _forked(become, log)
    return await asyncio.create_subprocess_exec(
        *_tied(command.as_program),
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=log,
        stderr=asyncio.subprocess.STDOUT,
        umask=PRIVATE_UMASK,
        # A Ctrl-C in the terminal is for us: we end the parts in order.
        start_new_session=True,
    )


def _tied(command: Sequence[str]) -> list[str]:
    return [sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), *command]


class _ForkServer:
    """The process that is forked, for one set of the variables that Python itself reads."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        number = str(theirs.fileno())
        command = [sys.executable, "-P", "-m", "embedded.fork_server", number, *PRELOADED]
        with theirs:
            self._process = subprocess.Popen(
                _tied(command),
                env={"PATH": os.environ.get("PATH", os.defpath), **environment},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                umask=PRIVATE_UMASK,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def fork(self, become: Become, log: IO[bytes], told: socket.socket) -> None:
        message = json.dumps(asdict(become)).encode()
        socket.send_fds(self._control, [message], [log.fileno(), told.fileno()])

    def close(self) -> None:
        self._control.close()


_servers: dict[frozenset[tuple[str, str]], _ForkServer] = {}
_choosing = threading.Lock()


def _server_for(environment: Mapping[str, str]) -> _ForkServer:
    read = {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_BY_PYTHON) or name in _READ_BY_PYTHON_TOO
    }
    key = frozenset(read.items())
    with _choosing:
        server = _servers.get(key)
        if server is not None and not server.running:
            server.close()
            server = None
        if server is None:
            server = _servers[key] = _ForkServer(read)
        return server


async def _forked(become: Become, log: IO[bytes]) -> Started:
    ours, theirs = socket.socketpair()
    with theirs:
        _server_for(become.environment).fork(become, log, theirs)
    told, writer = await asyncio.open_connection(sock=ours)
    try:
        pid = int(await told.readuntil(b"\n"))
    except BaseException:
        writer.close()
        raise
    return _Forked(pid, told, writer)


class _Forked:
    """A child of the fork server."""

    def __init__(self, pid: int, told: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ending = asyncio.create_task(self._end(told, writer))

    async def wait(self) -> int:
        return await asyncio.shield(self._ending)

    async def _end(self, told: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        # Nothing comes if the server has died; the kernel ends its children then.
        word = await told.read()
        writer.close()
        self.returncode = int(word) if word else -signal.SIGTERM
        return self.returncode
