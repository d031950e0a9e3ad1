"""What replays histories stays light: importing it loads no socket, no database and no adapter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A worker imports all of this again for each workflow's sandbox, and a console for each process.
HEAVY = (
    "aiosqlite", "alembic", "asyncpg", "channels", "client", "facebook", "httpx", "requests",
    "sandbox", "sendgrid", "settings", "sqlalchemy", "starlette", "store", "surfaces", "urllib3",
    "uvicorn", "wiring", "worker", "workers",
)  # fmt: skip
FORBIDDEN = {
    "domain": (*HEAVY, "activities", "temporalio", "workflows"),
    "workflows": HEAVY,
}
PROBE = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
print(*sorted(set(sys.argv[1].split()) & set(sys.modules)))
"""


def modules_of(package: str) -> list[str]:
    found = sorted((ROOT / package).rglob("*.py"))
    return [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in found]


def loaded_by(modules: list[str], watched: tuple[str, ...]) -> list[str]:
    """Which of ``watched`` a fresh interpreter has loaded after importing ``modules``."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, " ".join(watched), *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("package", sorted(FORBIDDEN))
def test_importing_a_package_that_replays_loads_nothing_that_reaches_out(package: str) -> None:
    modules = modules_of(package)
    assert modules
    assert loaded_by(modules, FORBIDDEN[package]) == []


def test_the_probe_does_see_what_is_loaded() -> None:
    assert loaded_by(["sqlalchemy"], HEAVY) == ["sqlalchemy"]
