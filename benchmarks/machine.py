"""What the machine is, without telling whose."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

from benchmarks import postgres
from benchmarks.results import Machine
from embedded import temporal_binary

PACKAGES = ("temporalio", "httpx", "orjson", "SQLAlchemy", "aiosqlite", "asyncpg", "sendgrid")


def describe(scratch: Path) -> Machine:
    """This machine; ``scratch`` is the folder that holds the databases."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    versions = {
        "Frontfoot": version("frontfoot"),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: version(name) for name in PACKAGES},
    }
    folder = postgres.binaries()
    if folder is not None:
        versions["PostgreSQL"] = postgres.version(folder)
    temporal = temporal_binary.installed()
    if temporal is not None:
        versions["Temporal"] = _first_line(temporal, "--version")
    git = shutil.which("git")
    if git is not None:
        versions["commit"] = _first_line(Path(git), "rev-parse", "--short", "HEAD") or "none"
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(pages / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        scratch=_file_system(scratch),
        versions=versions,
    )


def _processor() -> str:
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    names = [line for line in told.splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def _file_system(folder: Path) -> str:
    """The kind of file system that ``folder`` is on: of all that are mounted, the nearest."""
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    kinds = {Path(parts[1]): parts[2] for line in mounts if len(parts := line.split()) > 2}
    place = folder.resolve()
    nearest = next((one for one in (place, *place.parents) if one in kinds), None)
    return kinds[nearest] if nearest else "unknown"


def _first_line(program: Path, *arguments: str) -> str:
    try:
        told = subprocess.run(
            [str(program), *arguments],
            check=False,
            capture_output=True,
            text=True,
            timeout=20,
            cwd=Path(__file__).parent,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = told.stdout.strip().splitlines()
    return lines[0] if lines else ""
