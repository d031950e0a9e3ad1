"""What happened is said by the code that knows it; which command to type, by the terminal."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = re.compile(r"\bfrontfoot [a-z]")
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in ("domain", "store")
    for path in (ROOT / package).rglob("*.py")
)


def texts(path: Path) -> Iterator[str]:
    """Every text of a file that is no docstring."""
    tree = ast.parse(path.read_text())
    documentation = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in documentation:
            yield node.value


@pytest.mark.parametrize("name", FILES)
def test_the_domain_and_the_store_know_no_command_of_the_terminal(name: str) -> None:
    """A next step is an action; a page shows a button where the terminal shows a command."""
    found = [text for text in texts(ROOT / name) if COMMAND.search(text)]
    assert found == []


def test_the_pattern_would_find_one() -> None:
    assert COMMAND.search("See `frontfoot check`.")
    assert not COMMAND.search("frontfoot.page")
