"""What holds for every test: a session that used Temporal exits before the interpreter shuts down.

With ``-n auto`` several processes share the tests. All of this holds for each of them.
"""

from __future__ import annotations

import atexit
import functools
import importlib
import os
import sys
from collections.abc import Generator
from typing import Any

import aiosqlite
import httpx
import pytest

# A thousand clients are made in tests, and each would read the system's certificates anew.
httpx._transports.default.create_ssl_context = functools.cache(httpx.create_ssl_context)

_makes_connection = aiosqlite.Connection.__init__


def _makes_and_notes(connection: aiosqlite.Connection, *given: Any, **named: Any) -> None:
    _makes_connection(connection, *given, **named)
    connection.__dict__["made_in"] = os.environ.get("PYTEST_CURRENT_TEST", "no test")


def _says_where_it_was_made(connection: aiosqlite.Connection) -> str:
    return f"<{type(connection).__name__} made in {connection.__dict__.get('made_in')}>"


# One that nobody closed is found by the collector, which fails whatever test runs by then: its
# warning names the test that is to blame.
aiosqlite.Connection.__init__ = _makes_and_notes  # type: ignore[method-assign, assignment]
aiosqlite.Connection.__repr__ = _says_where_it_was_made  # type: ignore[method-assign, assignment]

_TEMPORAL_CORE = "temporalio.bridge.temporal_sdk_bridge"
_STACKS = ("environment", "stack", "up")
"""Fixtures that are servers and workers: even at rest, each uses a fifth of a processor or more."""

_PROCESSES = 4
_PROCESSORS_NEEDED = 2


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Leave with pytest's own exit code once everything is reported, written and cleaned up.

    The threads of Temporal's SDK can crash CPython before 3.14 while it ends (sdk-python#300), and
    a suite that passed would be reported as failed.
    """
    code = yield
    if isinstance(code, int) and (cache := config.rootpath / ".pytest_cache").is_dir():
        # For `.ci/run`: make turns every exit code into 2.
        (cache / "ended").write_text(str(int(code)))
    if _TEMPORAL_CORE in sys.modules and sys.version_info < (3, 14) and isinstance(code, int):
        # Temporary folders are locked, and logs are closed, by functions that run at exit.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
    return code


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Four processes for the whole suite, where there are two processors, and otherwise none.

    Tests of a whole stack wait half of their time, so four keep two processors busy; three did so
    for three quarters of the time. Each process collects all tests and may start a server and a
    stack: some tests alone are quicker in one, and more than four would wait for the longest lane.
    """
    if list(config.args) != config.getini("testpaths"):
        return 0
    processors = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return _PROCESSES if processors >= _PROCESSORS_NEEDED else 0


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Share the tests out by lanes, whatever ``--dist`` says."""
    return importlib.import_module("tests.lanes").Lanes(config, log)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let each process choose its ports from a share of its own.

    A port is free when it is chosen and taken some time later; meanwhile another process could
    choose the same one.
    """
    worker: dict[str, object] | None = getattr(session.config, "workerinput", None)
    ports = sys.modules.get("client.stack.ports")
    if worker is None or ports is None:
        return
    number, of = int(str(worker["workerid"]).removeprefix("gw")), int(str(worker["workercount"]))
    patch = pytest.MonkeyPatch()
    patch.setattr(ports, "_LEFT_ALONE", ports._LEFT_ALONE[number::of])
    session.config.add_cleanup(patch.undo)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Function, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """End a stack after the last test of its folder, and not only after all other tests.

    pytest has a scope for that, "package", but only for folders with an ``__init__.py``, and with
    one ours would have the names of the packages that they test.
    """
    try:
        return (yield)
    finally:
        visible = item.session._fixturemanager.getfixturedefs
        for fixture in (one for name in _STACKS for one in visible(name, item) or ()):
            home = f"{fixture.baseid}/"
            if item.nodeid.startswith(home) and not (nextitem and nextitem.nodeid.startswith(home)):
                fixture.finish(item._request)
