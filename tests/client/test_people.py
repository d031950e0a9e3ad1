"""Who is to be asked, while somebody edits the file that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.people import KnownPeople
from domain.errors import PlaybookInvalid
from settings import Settings

PEOPLE = "people:\n  - {id: noor, roles: [founder], zone: Europe/Berlin}\n"


def test_an_edit_that_is_not_finished_leaves_nobody_unasked(tmp_path: Path) -> None:
    """A comma too many in the file of people kept everybody from being notified."""
    (tmp_path / "outage").mkdir()
    (tmp_path / "outage" / "playbook.yaml").write_text("name: outage\n")
    file = tmp_path / "people.yaml"
    file.write_text(PEOPLE)
    known = KnownPeople(Settings(playbooks_dir=tmp_path))
    assert [one.id for one in known()] == ["noor"]

    file.write_text(PEOPLE.replace("Europe/Berlin", "Europe/Berlinn"))
    assert [one.id for one in known()] == ["noor"]
    file.write_text(PEOPLE.replace("noor", "kim"))
    assert [one.id for one in known()] == ["kim"]

    file.write_text("people: [")
    with pytest.raises(PlaybookInvalid):
        KnownPeople(Settings(playbooks_dir=tmp_path))()


def test_a_file_that_is_away_for_a_moment_takes_nobody_away(tmp_path: Path) -> None:
    """An editor deletes a file and writes it anew; who looks in between is to find everybody."""
    plan = tmp_path / "outage" / "playbook.yaml"
    plan.parent.mkdir()
    plan.write_text("name: outage\n")
    file = tmp_path / "people.yaml"
    file.write_text(PEOPLE)
    known = KnownPeople(Settings(playbooks_dir=tmp_path))
    assert [one.id for one in known()] == ["noor"]

    file.unlink()
    assert [one.id for one in known()] == ["noor"]
    plan.unlink()
    assert [one.id for one in known()] == ["noor"]
    plan.write_text("name: outage\n")
    file.write_text(PEOPLE.replace("noor", "kim"))
    assert [one.id for one in known()] == ["kim"]
