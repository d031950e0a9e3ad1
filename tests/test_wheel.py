"""The wheel alone is enough: installed away from any checkout, it does what the checkout does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from client.stack.ports import Ports
from tests.deadline import eventually

ROOT = Path(__file__).resolve().parents[1]


class Installed:
    """An installation of the wheel, and an empty folder to work in."""

    def __init__(self, venv: Path, folder: Path) -> None:
        self.folder = folder
        self._bin = venv / "bin"
        beside = Path(sys.executable).parent
        # The `temporal` command is where the tests have it, and nothing else of ours.
        self.environment = {
            "PATH": f"{self._bin}:{os.environ['PATH']}",
            "TEMPORAL_CLI_PATH": os.environ.get("TEMPORAL_CLI_PATH") or str(beside / "temporal"),
            "HOME": str(folder),
            "COLUMNS": "200",
        }

    def run(self, *command: str) -> str:
        """What a command prints; it has to succeed."""
        done = subprocess.run(
            [self._bin / command[0], *command[1:]],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                [self._bin / command[0], *command[1:]],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Our wheel in an environment of its own; the dependencies are the ones of the tests."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--quiet"]
    offline = ["--no-deps", "--no-index"]
    subprocess.run(
        [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", place, ROOT], check=True
    )
    venv = place / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = str(venv / "bin" / "python")
    [wheel] = place.glob("frontfoot-*.whl")
    subprocess.run([*pip, "--python", python, "install", *offline, wheel], check=True)
    packages = venv / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    # A path in a .pth brings its packages, and not the checkout that its own .pth names.
    (packages / "tests.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    folder = place / "empty"
    folder.mkdir()
    return Installed(venv, folder)


def test_nothing_of_the_checkout_is_used(installed: Installed) -> None:
    where = "import cli, settings, sys; print(cli.__file__, settings.HERE, *sys.path)"
    assert str(ROOT / "cli.py") not in installed.run("python", "-c", where)
    assert f"{ROOT} " not in installed.run("python", "-c", where)


def test_the_shipped_playbook_can_be_used(installed: Installed) -> None:
    assert "can be used" in installed.run("frontfoot", "playbook", "check", "site-compromised")


def test_a_ledger_is_made(installed: Installed) -> None:
    said = installed.run("python", "-m", "store.migrate", "sqlite:///ledger.db")
    assert ("up to date" in said, (installed.folder / "ledger.db").exists()) == (True, True)


def test_the_status_page_can_be_composed(installed: Installed) -> None:
    page = "StatusPage(number=1, generated_at='2026-11-28T14:05:00Z', name='P', url='https://a.b')"
    code = (
        "from channels.website.site import compose; from domain.status_page import StatusPage; "
        f"print(compose({page}).files[-1].path)"
    )
    assert installed.run("python", "-c", code).strip() == "index.html"


def test_the_demo_is_there(installed: Installed) -> None:
    assert "--recipients" in installed.run("frontfoot", "demo", "--help")


@pytest.fixture
def up(installed: Installed) -> Iterator[Installed]:
    ports = Ports.free()
    options = {
        "--temporal-port": ports.temporal,
        "--ui-port": ports.ui,
        "--sandbox-port": ports.sandbox,
        "--webhook-port": ports.webhooks,
        "--console-port": ports.console,
    }
    flags = [part for name, port in options.items() for part in (name, str(port))]
    process = installed.start("frontfoot", "up", *flags)
    yield installed
    process.send_signal(signal.SIGINT)
    process.wait(60)


async def test_everything_runs_and_would_work(up: Installed) -> None:
    async def says() -> str:
        return (up.folder / "log").read_text(encoding="utf-8")

    await eventually(says, lambda said: "Ctrl-C" in said, within=90)
    assert "Everything would work now." in up.run("frontfoot", "check")
