"""The arrows of the design: who may import whom, and that the rules about it really bite.

import-linter reads the packages (its contracts are in pyproject.toml). It sees no single modules,
so what `wiring` and `cli` import is read here.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = CONFIGURATION["tool"]["importlinter"]["root_packages"]
SHIPPED: list[str] = CONFIGURATION["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
NOT_SHIPPED = {"benchmarks", "chaos", "tests"}

# What each module at the top level may import of ours; `worker`, and its `workers`, everything.
MODULES = {
    "wiring": {"domain", "settings"},
    "cli": {"embedded", "surfaces"},
}

# What must not be loaded once a workflow is: it would run inside Temporal's workflow sandbox.
FOREIGN_TO_WORKFLOWS = (
    "aiosqlite", "alembic", "asyncpg", "channels", "client", "facebook", "httpx", "requests",
    "sendgrid", "settings", "sqlalchemy", "starlette", "store", "wiring",
)  # fmt: skip


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(cwd), "NO_COLOR": "1", "COLUMNS": "200"},
    )


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as lint; lint(sys.argv[1:])",
        "--no-cache",
        "--no-logo",
        cwd=folder,
    )


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return run("-m", "ruff", "check", "--no-cache", "--output-format", "concise", ".", cwd=folder)


def imports_of(module: Path) -> set[str]:
    """Return the first names of everything that a module imports, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def lay_out(folder: Path) -> Path:
    """Lay out the packages of the project, empty, under the project's own contracts."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    (folder / "activities" / "signatures").mkdir()
    (folder / "activities" / "signatures" / "__init__.py").touch()
    (folder / "activities" / "signatures" / "posts.py").touch()
    (folder / "activities" / "mail.py").touch()
    for module in ("cli", "wiring", "worker"):
        (folder / f"{module}.py").touch()
    return folder


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    """A tree of a test's own."""
    return lay_out(tmp_path)


def test_every_import_of_the_project_follows_the_arrows() -> None:
    verdict = lint_imports(ROOT)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_every_package_is_under_the_contracts_and_in_the_wheel() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - NOT_SHIPPED
    assert packages == set(PACKAGES), "bring [tool.importlinter] in pyproject.toml up to date"
    assert packages <= set(SHIPPED)


def test_every_module_of_the_top_level_is_in_the_wheel() -> None:
    assert {path.name for path in ROOT.glob("*.py")} <= set(SHIPPED)


AGAINST_AN_ARROW = [
    ("domain", "import channels"),
    ("domain", "import httpx"),
    ("domain", "import temporalio.workflow"),
    ("settings", "import store"),
    ("channels", "import store"),
    ("channels", "import settings"),
    ("channels", "from temporalio import activity"),
    ("store", "import activities"),
    ("store", "import httpx"),
    ("activities", "import workflows"),
    ("activities", "import client"),
    ("workflows", "import channels"),
    ("workflows", "import store"),
    ("workflows", "import activities.mail"),
    ("workflows", "from activities import mail"),
    ("workflows", "import sqlalchemy"),
    ("client", "import surfaces"),
    ("client", "import embedded"),
    ("client", "import rich"),
    ("surfaces", "import activities.mail"),
    ("surfaces", "import channels"),
    ("surfaces", "import store"),
    ("surfaces", "import workflows"),
    ("surfaces", "import wiring"),
    ("surfaces", "import embedded"),
    ("embedded", "import surfaces"),
    ("embedded", "import store"),
    ("workers", "import surfaces"),
    ("workers", "import embedded"),
    ("sandbox", "import domain"),
    ("sandbox", "import sendgrid"),
]


@pytest.fixture(scope="module")
def against_the_arrows(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says to all of them, each in a file of its own: it takes long to start."""
    tree = lay_out(tmp_path_factory.mktemp("arrows"))
    for number, (importer, line) in enumerate(AGAINST_AN_ARROW):
        (tree / importer / f"wrong_{number}.py").write_text(f"{line}\n", encoding="utf-8")
    verdict = lint_imports(tree)
    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    return verdict.stdout


@pytest.mark.parametrize(
    ("number", "importer"),
    [
        pytest.param(number, importer, id=f"{importer}-{line}")
        for number, (importer, line) in enumerate(AGAINST_AN_ARROW)
    ],
)
def test_an_import_against_an_arrow_is_refused(
    against_the_arrows: str, number: int, importer: str
) -> None:
    assert f"{importer}.wrong_{number} -> " in against_the_arrows


NOBODYS = {"cli", "sandbox", "worker", "workers"}


def test_nobody_may_import_the_worker_the_command_or_the_sandbox(small_tree: Path) -> None:
    for package in PACKAGES:
        for nobodys in NOBODYS - {package}:
            (small_tree / package / f"uses_{nobodys}.py").write_text(f"import {nobodys}\n")
    verdict = lint_imports(small_tree)
    accepted = [
        f"{package}.uses_{nobodys}"
        for package in PACKAGES
        for nobodys in NOBODYS - {package}
        if f"{package}.uses_{nobodys} -> {nobodys}" not in verdict.stdout
    ]
    assert accepted == []


def test_a_workflow_may_not_reach_the_network_through_a_signature(small_tree: Path) -> None:
    (small_tree / "activities" / "signatures" / "posts.py").write_text(
        "import httpx\n", encoding="utf-8"
    )
    (small_tree / "workflows" / "incident.py").write_text(
        "import activities.signatures.posts\n", encoding="utf-8"
    )
    assert "workflows.incident -> activities.signatures.posts" in lint_imports(small_tree).stdout


def test_imports_along_the_arrows_are_accepted(small_tree: Path) -> None:
    along = {
        "channels/sendgrid.py": "import domain, httpx",
        "store/queries.py": "import domain, sqlalchemy",
        "activities/mail.py": "import channels, domain, settings, store",
        "workflows/incident.py": "import activities.signatures.posts, domain, temporalio.workflow",
        "client/incidents.py": "import channels, domain, store, wiring, workflows.incident",
        "surfaces/public.py": "import client.incidents, domain, settings, starlette",
        "embedded/stack.py": "import client.incidents, domain, settings, wiring",
    }
    for path, line in along.items():
        (small_tree / path).write_text(f"{line}\n", encoding="utf-8")
    verdict = lint_imports(small_tree)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def test_the_modules_of_the_top_level_import_only_what_they_may() -> None:
    ours = {*PACKAGES, *MODULES, "worker"}
    against = {
        module: sorted((imports_of(ROOT / f"{module}.py") & ours) - may - {module})
        for module, may in MODULES.items()
        if (ROOT / f"{module}.py").exists()
    }
    assert {module: names for module, names in against.items() if names} == {}


def test_importing_every_workflow_loads_no_adapter_and_no_database() -> None:
    names = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "workflows").rglob("*.py")
    )
    script = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
        f"print(sorted(set({FOREIGN_TO_WORKFLOWS!r}) & set(sys.modules)))\n"
        # The SDK's threads can crash an interpreter that ends by itself (sdk-python issue 300).
        "import os; sys.stdout.flush(); os._exit(0)\n"
    )
    loaded = run("-c", script, cwd=ROOT)
    assert loaded.stdout.strip() == "[]", loaded.stdout + loaded.stderr


NOT_THE_SAME_AGAIN = [
    "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)",
    "from datetime import date\n\nTODAY = date.today()",
    "import time\n\nNOW = time.time()",
    "from time import monotonic",
    "import random",
    "from random import choice",
    "import secrets",
    "import uuid\n\nID = uuid.uuid4()",
    "from uuid import uuid4",
    "import os\n\nTOKEN = os.environ",
    "from os import getenv",
    'TEXT = open("playbook.yaml")',
    "from pathlib import Path",
    "import asyncio\n\nwait = asyncio.wait",
]
CLOCK = NOT_THE_SAME_AGAIN[0]


@pytest.fixture(scope="module")
def linted(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What ruff says, line by line, to each of them in each of the folders, and to an adapter."""
    tree = lay_out(tmp_path_factory.mktemp("linted"))
    for folder in ("domain", "workflows", "channels"):
        for number, line in enumerate(NOT_THE_SAME_AGAIN):
            source = f"from __future__ import annotations\n\n{line}\n"
            (tree / folder / f"example_{number}.py").write_text(source, encoding="utf-8")
    verdict = lint(tree)
    assert verdict.returncode == 1, verdict.stdout + verdict.stderr
    return verdict.stdout.splitlines()


@pytest.mark.parametrize("folder", ["domain", "workflows"])
@pytest.mark.parametrize("line", NOT_THE_SAME_AGAIN)
def test_clock_chance_environment_and_files_are_refused_where_histories_replay(
    linted: list[str], folder: str, line: str
) -> None:
    path = f"{folder}/example_{NOT_THE_SAME_AGAIN.index(line)}.py:"
    said = [one for one in linted if one.startswith(path)]
    assert [one for one in said if " TID251 " in one or " PTH123 " in one], said


def test_an_adapter_may_read_the_clock(linted: list[str]) -> None:
    path = f"channels/example_{NOT_THE_SAME_AGAIN.index(CLOCK)}.py:"
    assert [one for one in linted if one.startswith(path)] == []
