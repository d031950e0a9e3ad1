"""``people``: nobody would wait in the shipped house, and in a worse one it is told who would."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.terminal import ROOT, Terminal


@pytest.fixture
def house(terminal: Terminal) -> Path:
    """The shipped people, in a file that can be changed."""
    shutil.copytree(ROOT / "playbooks", terminal.folder / "playbooks")
    os.environ["FRONTFOOT_PLAYBOOKS_DIR"] = str(terminal.folder / "playbooks")
    return terminal.folder / "playbooks" / "people.yaml"


def test_in_the_shipped_house_nobody_would_wait_at_any_hour(terminal: Terminal) -> None:
    found = terminal.read("people check")
    assert (found["ok"], [one for one in found["findings"] if one["serious"]]) == (True, [])
    # Workers may run elsewhere, so that is only told.
    told = " ".join(one["what"] for one in found["findings"])
    assert "Not set on this machine: MAYA_PHONE, MAYA_MAIL, DANA_PHONE and 15 more." in told
    assert "No browser of Noor Haddad and Ines Costa receives notifications." in told


def test_what_is_wrong_is_told_with_the_hour_and_what_to_do(
    terminal: Terminal, house: Path
) -> None:
    shift = 'from: "09:00"\n'
    house.write_text(house.read_text().replace(shift, f'{shift}        to: "08:00"\n'))
    plan = house.parent / "site-compromised" / "playbook.yaml"
    plan.write_text(plan.read_text().replace("[founder, legal, security]", "[security]"))
    said = terminal.type("people check")
    assert said.exit_code == 2, said.output
    words = " ".join(said.output.split())
    assert "08:00 UTC on" in words or "07:00 UTC on" in words
    assert "nobody who may sign announcement of site-compromised is on call and reachable" in words
    assert "Nobody is on call as security" in words
    assert "would keep somebody waiting" in words
    ready = terminal.type("check --no-channels").output
    assert "people: security" in ready
    assert "frontfoot people check" in " ".join(ready.split())


def test_who_can_sign_now_by_name_and_how_they_are_reached(terminal: Terminal, house: Path) -> None:
    gate = terminal.read("people who --gate announcement")
    assert gate["playbook"] == "site-compromised"
    first = gate["people"][0]
    assert (first["asked_as"], first["schedule"]) == ("on_call", "security")
    assert {one["person"] for one in gate["people"]} == {"ines", "ravi", "noor", "tomas", "olga"}
    shown = terminal.type("people who legal").output
    assert "Tomas Novak (tomas)" in shown
    assert "PHONE" not in shown
    assert "On call now as comms_lead: " in terminal.type("people show").output
    shown = terminal.read("people show")
    assert "oidc" not in str(shown)
    for line, said in (
        ("people who leagl", "Did you mean legal?"),
        ("people who --gate announcment", "Did you mean announcement?"),
        ("people who --gate announcement --playbook x", "There is no playbook"),
        ("people who legal --gate announcement", "A role or a gate?"),
    ):
        refused = terminal.type(line)
        assert refused.exit_code == 2
        assert said in " ".join(refused.output.split()), line
    house.write_text(house.read_text().replace("Europe/Lisbon\n    layers", "Lisbon\n    layers"))
    broken = terminal.type("people who legal")
    assert "which is no time zone" in " ".join(broken.output.split())
