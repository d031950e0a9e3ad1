"""Start Python parts by forking one process that has imported everything already.

Importing what a part needs takes two to three seconds of a processor, and a stack has four such
parts. So one process imports it all once and is forked for each: a part begins within milliseconds,
also when it comes back after a crash, and the parts share the memory of what was imported.
Decision 79 says why this is not the standard library's fork server.

Each part has a socket of its own to whoever asked for it, on which its pid comes and, when it has
ended, its exit code. Parts are children of this process and end with it, and it ends with its
owner.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from dataclasses import dataclass

from embedded.launcher import end_with, show_as

LARGEST_REQUEST = 128 * 1024
"""Bytes of a request; a socket of this kind carries at least as much in one piece."""


@dataclass(frozen=True)
class Become:
    """What a forked process is to be; ``environment`` takes the place of all that it had."""

    module: str
    arguments: list[str]
    environment: dict[str, str]
    folder: str


class _Server:
    """The process that is forked; nothing in it may start a thread."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, socket.socket] = {}
        self._woken, self._wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def serve(self) -> Become | None:
        """Fork for each request. Returns in every child, and None here when the owner is gone."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._wake)
        while True:
            watched: list[socket.socket | int] = [
                self._control,
                self._woken,
                *self._children.values(),
            ]
            ready, _, _ = select.select(watched, [], [])
            if self._woken in ready:
                self._tell_ended()
            self._end_unwanted(ready)
            if self._control in ready:
                message, descriptors, _, _ = socket.recv_fds(self._control, LARGEST_REQUEST, 2)
                if not message:
                    return None
                become = self._fork(Become(**json.loads(message)), *descriptors)
                if become is not None:
                    return become

    def _fork(self, become: Become, log: int, told: int) -> Become | None:
        owner = os.getpid()
        asked_by = socket.socket(fileno=told)
        pid = os.fork()
        if pid:
            os.close(log)
            self._children[pid] = asked_by
            _tell(asked_by, pid)
            return None
        asked_by.close()
        self._forget_server()
        # A group of its own, which is ended as a whole.
        os.setsid()
        end_with(owner)
        for number in (1, 2):
            os.dup2(log, number)
        os.close(log)
        return become

    def _end_unwanted(self, ready: list[socket.socket | int]) -> None:
        # Nobody writes to these sockets, so one that can be read was closed: whoever asked for the
        # process has given up, and does not know it any more.
        for pid, asked_by in self._children.items():
            if asked_by in ready:
                try:
                    os.killpg(pid, signal.SIGTERM)
                except ProcessLookupError:
                    # It does not lead a group yet.
                    os.kill(pid, signal.SIGTERM)

    def _forget_server(self) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for inherited in (self._control, *self._children.values()):
            inherited.close()
        os.close(self._woken)
        os.close(self._wake)

    def _tell_ended(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            asked_by = self._children.pop(pid)
            _tell(asked_by, os.waitstatus_to_exitcode(status))
            asked_by.close()


def _tell(asked_by: socket.socket, number: int) -> None:
    # Whoever asked may be gone already.
    with contextlib.suppress(OSError):
        asked_by.sendall(f"{number}\n".encode())


def _preload(modules: list[str]) -> None:
    for module in modules:
        # The part itself says it in its own log.
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    # What is never looked at by the collector stays shared.
    gc.collect()
    gc.freeze()


def _run(become: Become) -> None:
    os.environ.clear()
    os.environ.update(become.environment)
    os.chdir(become.folder)
    show_as(become.module)
    sys.argv = [become.module, *become.arguments]
    # It is to be run, not found; all that it imports is here already.
    sys.modules.pop(become.module, None)
    runpy.run_module(become.module, run_name="__main__", alter_sys=True)


def main(control: int, modules: list[str]) -> None:
    """Import ``modules``, then fork for each request on the socket ``control``."""
    _preload(modules)
    become = _Server(socket.socket(fileno=control)).serve()
    if become is not None:
        _run(become)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
