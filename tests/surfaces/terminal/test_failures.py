"""Whatever fails behind a command, a person reads what happened and what to do next."""

from __future__ import annotations

import asyncio
import errno
import http.server
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError, OperationalError
from temporalio.client import WorkflowFailureError
from temporalio.service import RPCError, RPCStatusCode

from client.errors import explanation_of
from client.publications import PublicationRow
from client.stack import stack_file
from client.stack.ports import Ports
from client.status import Watcher
from domain.facts import Facts
from store.migrate import upgrade
from surfaces.terminal.failures import ExitCode, failure_of
from tests.terminal import Terminal

COMMANDS = ("list", "timeline site-down", "suppressions list", "check --no-channels")


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"Dear diary, this is no database. " * 40)


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(1, 251)) * 400)


def _damaged(path: Path) -> None:
    upgrade(f"sqlite:///{path}")
    sqlite3.connect(path).close()
    content = bytearray(path.read_bytes())
    content[100:] = bytes(len(content) - 100)
    path.write_bytes(content)


def _older(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        for table in ("incidents", "timeline", "suppressions", "alembic_version"):
            connection.execute(f"CREATE TABLE {table} (other)")


LEDGERS: dict[str, Callable[[Path], object]] = {
    "a directory": Path.mkdir,
    "a text": _not_a_database,
    "noise": _noise,
    "damaged": _damaged,
    "empty": Path.touch,
    "of another version": _older,
}


@pytest.mark.parametrize("line", COMMANDS)
@pytest.mark.parametrize("ledger", LEDGERS)
def test_a_ledger_that_is_none_is_said(terminal: Terminal, ledger: str, line: str) -> None:
    """A file that is no database ended every command in a traceback."""
    path = terminal.folder / "ledger.db"
    LEDGERS[ledger](path)
    os.environ["FRONTFOOT_DATABASE_URL"] = f"sqlite:///{path}"
    result = terminal.type(line)

    assert result.exit_code != 0
    assert "ledger" in result.output
    assert ("Traceback" in result.output, "sqlite3" in result.output) == (False, False)


@pytest.fixture
def web_server() -> Iterator[str]:
    """A server of another kind on Temporal's port."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.parametrize("tls", ["", "true"], ids=["plain", "TLS"])
def test_a_server_of_another_kind_is_said(terminal: Terminal, web_server: str, tls: str) -> None:
    upgrade(f"sqlite:///{terminal.folder / '.frontfoot' / 'frontfoot.db'}")
    os.environ["TEMPORAL_ADDRESS"] = web_server
    if tls:
        os.environ["TEMPORAL_TLS"] = tls
    result = terminal.type("status site-down")
    assert (result.exit_code, "No Temporal server answers" in result.output) == (1, True)


def test_a_look_that_fails_leaves_nothing_half_read(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that was just being opened would be lost."""
    ended = []

    async def slowly(_: Watcher) -> tuple[None, list[PublicationRow]]:
        await asyncio.sleep(0.5)
        ended.append(True)
        return None, []

    monkeypatch.setattr(Watcher, "_entered", slowly)
    upgrade(f"sqlite:///{terminal.folder / '.frontfoot' / 'frontfoot.db'}")
    os.environ["TEMPORAL_ADDRESS"] = f"127.0.0.1:{Ports.free().temporal}"
    result = terminal.type("status site-down")
    assert (result.exit_code, ended) == (1, [True])


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TEMPORAL_ADDRESS", "host:port:x", "is not the address of a Temporal server"),
        ("TEMPORAL_CONFIG_FILE", "broken.toml", "Temporal's settings cannot be read"),
        ("TEMPORAL_TLS_CLIENT_CERT_PATH", "gone.pem", "gone.pem: no such file"),
    ],
)
def test_settings_of_temporal_that_cannot_be_used_are_said(
    terminal: Terminal, name: str, value: str, says: str
) -> None:
    (terminal.folder / "broken.toml").write_text("nonsense [[", encoding="utf-8")
    upgrade(f"sqlite:///{terminal.folder / '.frontfoot' / 'frontfoot.db'}")
    os.environ[name] = value
    result = terminal.type("status site-down")
    assert (result.exit_code != 0, says in result.output) == (True, True), result.output


@pytest.mark.whole
def test_a_namespace_that_is_not_there_is_said(second: Terminal) -> None:
    running = stack_file.read(second.folder / ".frontfoot")
    assert running is not None
    os.environ["TEMPORAL_ADDRESS"] = running.addresses["temporal"]
    os.environ["TEMPORAL_NAMESPACE"] = "nowhere"
    os.environ["FRONTFOOT_STATE_DIR"] = str(second.folder / ".frontfoot")
    result = second.type("status site-down")
    assert (result.exit_code, "namespace" in result.output) == (1, True), result.output


def _invalid() -> ValidationError:
    with pytest.raises(ValidationError) as failure:
        Facts(cause=["secret"])  # type: ignore[arg-type]
    return failure.value


FOREIGN: tuple[BaseException, ...] = (
    RPCError("namespace secret is not found. Namespace not found", RPCStatusCode.NOT_FOUND, b""),
    WorkflowFailureError(cause=RuntimeError("secret")),
    httpx.ReadTimeout("secret", request=httpx.Request("GET", "http://127.0.0.1:1/?token=secret")),
    httpx.InvalidURL("secret"),
    DatabaseError("SELECT 'secret'", {}, sqlite3.DatabaseError("secret")),
    OperationalError("SELECT 'secret'", {}, sqlite3.OperationalError("secret")),
    UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret"),
    MemoryError(),
    TimeoutError(),
    ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"),
    OSError(errno.ENOSPC, "No space left on device"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.EIO, "Input/output error"),
    _invalid(),
)


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_errors_of_others_have_our_words_and_none_of_theirs(error: BaseException) -> None:
    explanation = explanation_of(error)
    assert explanation is not None
    assert (explanation.what != "", bool(explanation.next_step)) == (True, True)
    assert "secret" not in str(explanation)


def test_only_a_path_that_was_typed_is_wrong_usage() -> None:
    codes = [
        failure.code
        for error in (FileNotFoundError(2, "No such file", "x.csv"), OSError(errno.EIO, "I/O"))
        if (failure := failure_of(error)) is not None
    ]
    assert codes == [ExitCode.USAGE, ExitCode.FAILED]
