"""The people of the house, for every playbook beside their file."""

from __future__ import annotations

from collections.abc import Mapping

from domain.playbook import Playbook
from domain.playbook_files import examine_playbook, read_people


def told(files: Mapping[str, str]) -> list[str]:
    return [f"{one} {one.next_step}".strip() for one in examine_playbook(files).problems]


def test_a_plan_gets_its_roster_from_the_file_of_people_and_no_names(
    shipped_files: Mapping[str, str], shipped_playbook: Playbook
) -> None:
    people, problems = read_people(shipped_files)
    assert people is not None
    assert problems == []
    assert people.people[0].shown == "Maya Okafor"
    assert [one.id for one in shipped_playbook.roster] == [one.id for one in people.people]
    # A plan travels into histories.
    assert "Okafor" not in shipped_playbook.model_dump_json()


def test_every_mistake_in_it_has_its_place(shipped_files: Mapping[str, str]) -> None:
    files = {
        **shipped_files,
        "people.yaml": "people:\n  - id: Maya\n    roles: [a]\n  - id: b\n    role: [a]\n",
    }
    first, second = told(files)
    assert first.startswith("people.yaml, line 2, column 5: people, number 1 id: ")
    assert second == (
        "people.yaml, line 5, column 5: `role` is not a word this file knows. Did you mean `roles`?"
    )


def test_nobody_is_there_twice(shipped_files: Mapping[str, str]) -> None:
    twice = "people:\n  - {id: a, roles: [x]}\n  - {id: a, roles: [y]}\n"
    [said] = told({**shipped_files, "people.yaml": twice})
    assert "a is there twice" in said


def test_people_are_named_in_one_place(shipped_files: Mapping[str, str]) -> None:
    plan = shipped_files["playbook.yaml"] + "\nroster:\n  - {id: maya, roles: [comms_lead]}\n"
    [said] = told({**shipped_files, "playbook.yaml": plan})
    assert "`roster` is here and in people.yaml" in said
    alone = {name: text for name, text in shipped_files.items() if name != "people.yaml"}
    [said] = told(alone)
    assert "there is no people.yaml beside the playbooks" in said
