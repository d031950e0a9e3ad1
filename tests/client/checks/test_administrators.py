"""Where passkeys wait for a second person, `check` is red until there are two to confirm them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from client.checks.administrators import check_administrators
from settings import Settings
from tests.terminal import ROOT


@pytest.mark.parametrize(
    ("many", "ok", "said"),
    [
        (0, False, "Nobody may administrate."),
        (1, False, "Noor Haddad alone may administrate."),
        (2, True, "2 people may administrate."),
    ],
)
def test_two_people_have_to_administrate(tmp_path: Path, many: int, ok: bool, said: str) -> None:
    shutil.copytree(ROOT / "playbooks", tmp_path / "plans")
    file = tmp_path / "plans" / "people.yaml"
    first, *rest = file.read_text().split(", administrate]")
    ends = [", administrate]"] * many + ["]"] * (len(rest) - many)
    file.write_text(first + "".join(end + part for end, part in zip(ends, rest, strict=True)))
    live = Settings(
        state_dir=tmp_path,
        playbooks_dir=tmp_path / "plans",
        console_url="https://console.example.com",
    )

    [found] = check_administrators(live)

    assert (found.ok, said in found.explanation.what) == (ok, True)
    assert ok or "two people in people.yaml" in str(found.explanation.next_step)


def test_on_the_own_machine_nobody_is_needed(tmp_path: Path) -> None:
    assert check_administrators(Settings(state_dir=tmp_path)) == []
