"""Processes of the fork server: as `python -m` would have made them, and never left over."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from client.stack.processes import identity
from embedded import starting
from embedded.starting import Command, Started, start
from tests.deadline import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux only")

ROOT = Path(__file__).resolve().parents[2]

TELLS = """
import json, os, sys
from pathlib import Path
if __name__ == "__main__":
    about = {
        "name": __name__, "arguments": sys.argv, "environment": dict(os.environ),
        "folder": os.getcwd(), "group": os.getpgid(0), "pid": os.getpid(), "parent": os.getppid(),
        "shown as": Path("/proc/self/comm").read_text().strip(),
        "descriptors": [os.readlink(one) for one in Path("/proc/self/fd").iterdir()
                        if one.exists()],
        "signals": Path("/proc/self/status").read_text().split("SigCgt:")[1].split()[0],
    }
    Path(sys.argv[1]).write_text(json.dumps(about))
    print("said", flush=True)
    raise SystemExit(7)
"""
LIVES = """
import sys, time
from pathlib import Path
Path(sys.argv[1]).write_text("lives")
time.sleep(120)
"""
FAILS = "raise ValueError('broken on purpose')"


@pytest.fixture
def nothing_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """For what does not depend on it: fork servers that import nothing are there at once."""
    monkeypatch.setattr(starting, "PRELOADED", ())


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of modules that the parts of these tests are."""
    folder = tmp_path_factory.mktemp("modules")
    for name, text in (("tells", TELLS), ("lives", LIVES), ("fails", FAILS)):
        (folder / f"{name}.py").write_text(text)
    return folder


class Parts:
    """Starts modules and keeps what they said."""

    def __init__(self, folder: Path, modules: Path) -> None:
        self.log = folder / "log"
        self.told = folder / "told"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(modules))),
        }

    async def start(self, module: str) -> Started:
        with self.log.open("ab") as log:
            return await start(Command([str(self.told)], module), self.environment, log)

    async def living(self) -> None:
        """Return when a process has run its first lines."""

        async def told() -> bool:
            return self.told.exists()

        await eventually(told, within=120.0)


async def _gone(pid: int) -> None:
    async def running() -> str:
        return identity(pid)

    await eventually(running, lambda seen: not seen, within=120.0)


@pytest.fixture
def parts(tmp_path: Path, modules: Path, nothing_imported: None) -> Parts:
    return Parts(tmp_path, modules)


async def test_a_forked_module_is_run_as_a_program_of_its_own(
    parts: Parts, modules: Path, tmp_path: Path
) -> None:
    with contextlib.chdir(tmp_path):
        process = await parts.start("tells")
    assert await process.wait() == 7
    assert process.returncode == 7
    about = json.loads(parts.told.read_text())
    assert about["name"] == "__main__"
    assert about["arguments"] == [str(modules / "tells.py"), str(parts.told)]
    assert about["shown as"] == "tells"
    assert about["environment"] == parts.environment
    assert about["folder"] == str(tmp_path)
    assert about["pid"] == about["group"] == process.pid
    assert parts.log.read_text() == "said\n"
    # Nothing of the fork server's: its sockets would keep others waiting for an end.
    assert not [one for one in about["descriptors"] if "socket" in one or "pipe" in one]
    # Of all signals, Python itself handles SIGINT.
    assert int(about["signals"], 16) == 1 << (signal.SIGINT - 1)


async def test_parts_come_from_one_process_that_has_no_threads(
    modules: Path, tmp_path: Path
) -> None:
    """With all imported that it imports."""
    parts = Parts(tmp_path, modules)
    # Another value of these variables is another server.
    parts.environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
    parents = set()
    for _ in range(2):
        await (await parts.start("tells")).wait()
        parents.add(json.loads(parts.told.read_text())["parent"])
    (parent,) = parents
    assert parent != os.getpid()
    mapped = Path(f"/proc/{parent}/maps").read_text()
    assert "temporal" in mapped, "it has not imported what a worker needs"
    assert len(os.listdir(f"/proc/{parent}/task")) == 1


async def test_a_module_that_fails_says_so_in_its_own_log(parts: Parts) -> None:
    process = await parts.start("fails")
    assert await process.wait() == 1
    assert "ValueError: broken on purpose" in parts.log.read_text()


async def test_a_killed_process_is_told_by_its_signal(parts: Parts) -> None:
    process = await parts.start("lives")
    await parts.living()
    os.kill(process.pid, signal.SIGKILL)
    assert await process.wait() == -signal.SIGKILL


async def test_processes_end_with_the_fork_server_and_the_next_one_gets_another(
    parts: Parts,
) -> None:
    process = await parts.start("lives")
    await parts.living()
    stat = Path(f"/proc/{process.pid}/stat").read_text()
    os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
    assert await process.wait() == -signal.SIGTERM
    await _gone(process.pid)
    assert await (await parts.start("tells")).wait() == 7


async def test_a_process_whose_owner_gave_up_is_ended(parts: Parts) -> None:
    starting = asyncio.create_task(parts.start("lives"))
    # Asked for, and not answered yet: the answer needs a turn of the loop.
    await asyncio.sleep(0)
    starting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await starting
    later = await parts.start("tells")
    await later.wait()
    server = json.loads(parts.told.read_text())["parent"]
    children = Path(f"/proc/{server}/task/{server}/children")

    async def left() -> list[str]:
        return children.read_text().split()

    await eventually(left, lambda seen: not seen, within=120.0)


async def test_processes_end_with_an_owner_that_is_killed(parts: Parts) -> None:
    script = (
        "import asyncio, os, sys\n"
        "from embedded import starting\n"
        "from embedded.starting import Command, start\n"
        "starting.PRELOADED = ()\n"
        "async def main():\n"
        "    with open(sys.argv[1], 'ab') as log:\n"
        "        one = await start(Command([sys.argv[2]], 'lives'), dict(os.environ), log)\n"
        "    print(one.pid, flush=True)\n"
        "    await one.wait()\n"
        "asyncio.run(main())\n"
    )
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script, str(parts.log), str(parts.told)),
        env=parts.environment,
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    pid = int(await owner.stdout.readline())
    await parts.living()
    owner.kill()
    await owner.wait()
    await _gone(pid)
