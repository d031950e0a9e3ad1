"""The people of the house, for every playbook beside their file."""

from __future__ import annotations

from collections.abc import Mapping

from domain.abilities import Ability
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


def test_what_somebody_may_do_is_written_or_is_everything_but_administrating(
    shipped_files: Mapping[str, str],
) -> None:
    text = (
        "people:\n  - {id: a, roles: [x]}\n  - {id: b, roles: [y], may: []}\n"
        "  - {id: c, roles: [z], may: [administrate, open, open]}\n"
    )
    people, problems = read_people({**shipped_files, "people.yaml": text})
    assert people is not None
    assert problems == []
    silent, nothing, both = people.people
    assert set(silent.abilities) == set(Ability) - {Ability.ADMINISTRATE}
    assert nothing.abilities == ()
    assert both.abilities == (Ability.ADMINISTRATE, Ability.OPEN)
    # What somebody may do on pages is no part of a plan, and reaches no history.
    assert "may" not in people.roster()[2].model_dump()


def test_an_ability_that_there_is_not_is_named_with_its_place(
    shipped_files: Mapping[str, str],
) -> None:
    text = "people:\n  - {id: a, roles: [x], may: [publish]}\n"
    said = told({**shipped_files, "people.yaml": text})[0]
    assert said.startswith("people.yaml, line 2, column 31: people, number 1 may, number 1: ")
    assert "'administrate'" in said
