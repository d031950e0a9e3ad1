"""A provider is known to its own folder in channels/, and the contract suite stands by itself."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from channels import registry

ROOT = Path(__file__).resolve().parents[2]
CHANNELS = "|".join(registry.BUILT_IN)
PROVIDERS = re.compile(
    rf"sendgrid|twilio|ff_(batch|broadcast|delivery)|\b({CHANNELS})\b|frontfoot_({CHANNELS})_",
    re.IGNORECASE,
)
PLACES = (
    "activities", "client", "domain", "embedded", "settings", "store", "surfaces", "workers",
    "workflows", "wiring.py", "worker.py",
)  # fmt: skip

# Each with what it has to do with a provider.
MAY = {
    "client/stack/sandbox_records.py": "reads the sandbox's own records, one list per provider",
    "domain/playbook.py": "the channel whose messages go to subscribers of the status page",
    "embedded/environment.py": "the folder of the status page, which two processes share",
    "embedded/demo": "plays one playbook against the sandbox, with faults of each provider",
    "embedded/up.py": "says what the sandbox stands in for",
    "settings/channels.py": "the channels of a fresh installation",
    "settings/public.py": "the channel that asks subscribers, of a fresh installation",
    "store/files/audience_csv.py": "a column of addresses is called email",
    "surfaces/api/examples": "examples in the document",
    "surfaces/public/pages.py": "a field of a form whose type is email",
    "surfaces/public/subscribe.py": "a field of a form whose type is email",
    "surfaces/terminal/options.py": "examples in the help",
    "surfaces/terminal/drafting.py": "an example in advice",
    "worker.py": "an example in the help",
}

ABOUT_THE_SUITE = {
    "channels",
    "domain",
    "httpx",
    "pydantic",
    "pydantic_settings",
    "pytest",
    "pytest_asyncio",
    "orjson",
}


def words_in(path: Path) -> Iterator[tuple[int, str]]:
    """Every string and name of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def modules_of(place: str) -> list[Path]:
    path = ROOT / place
    return sorted(path.rglob("*.py")) if path.is_dir() else [path]


def test_nothing_but_its_own_folder_knows_a_provider_by_name() -> None:
    strays = [
        f"{name}:{line}: {word[:60]}"
        for place in PLACES
        for path in modules_of(place)
        if not (name := path.relative_to(ROOT).as_posix()).startswith(tuple(MAY))
        for line, word in words_in(path)
        if PROVIDERS.search(word)
    ]
    assert strays == []


def test_the_contract_suite_needs_nothing_that_a_stranger_does_not_have() -> None:
    strays = set()
    for path in (ROOT / "channels" / "contract_suite").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                strays.add((node.module or "").partition(".")[0])
            elif isinstance(node, ast.Import):
                strays |= {one.name.partition(".")[0] for one in node.names}
    assert strays - sys.stdlib_module_names <= ABOUT_THE_SUITE
