"""The script in docs/record.md verifies an export in an empty folder, with nothing of ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from client.engine import Engine
from client.record_file import export_record
from domain.sealing import RecordKey
from domain.timeline import BRANCHED, TimelineEntry
from settings import HERE as ROOT
from store.kernel.database import Database
from store.record import incidents, keys, timeline
from tests.client.test_timeline import AT, CHANGES, HERE, recorded
from tests.sealing import KEY, STRANGER

__all__ = ["recorded"]

NEXT = RecordKey.of_seed(b"3" * 32)


@pytest.fixture
async def folder(recorded: Engine, ledger: Database, tmp_path: Path) -> Path:
    """An empty folder with the script and the record of an incident that had two keys."""
    await keys.enter_successor(ledger, NEXT.endorsed_by(KEY), AT)
    more = [(3, 2, BRANCHED), (4, 2, "approved"), (5, 2, "closed")]
    added = [
        TimelineEntry(seq=seq, branch=branch, at=AT, what=what, who="maya", about="“Größe” 🚒")
        for seq, branch, what in more
    ]
    await timeline.append(ledger, NEXT, HERE, added)
    await incidents.mark_closed(ledger, HERE, AT)
    folder = tmp_path / "empty"
    folder.mkdir()
    await export_record(recorded, HERE, folder / "record.json")
    manual = (ROOT / "docs" / "record.md").read_text(encoding="utf-8")
    [script] = re.findall(r"^```python\n(.*?)^```", manual, re.MULTILINE | re.DOTALL)
    (folder / "verify.py").write_text(script, encoding="utf-8")
    return folder


def said(folder: Path, key: RecordKey = KEY) -> str:
    """What the script says; isolated, so that it sees nothing of this project."""
    done = subprocess.run(
        [sys.executable, "-I", "verify.py", "record.json", key.fingerprint],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    assert done.returncode == (done.stdout != "The record is whole.\n")
    return done.stdout


def change(folder: Path, how: Callable[[dict[str, list[dict[str, object]]]], object]) -> None:
    path = folder / "record.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    how(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def test_a_whole_record_is_whole_from_either_key(folder: Path) -> None:
    assert [said(folder, key) for key in (KEY, NEXT)] == ["The record is whole.\n"] * 2


def test_another_installations_key_is_not_this_ones(folder: Path) -> None:
    assert "no key with that fingerprint" in said(folder, STRANGER)


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_is_found(folder: Path, what: str) -> None:
    change(folder, CHANGES[what])
    assert said(folder) != "The record is whole.\n"


def test_a_missing_end_is_found(folder: Path) -> None:
    change(folder, lambda record: record["entries"].pop())
    assert said(folder) == "the end is missing\n"
