"""What is wrong in ``people.yaml`` with schedules, deputies and zones is told with its place."""

from __future__ import annotations

import pytest

from domain.people import People
from domain.playbook_files import read_people

ANN = "{id: ann, roles: [legal], zone: Europe/Berlin}"
BEN = "{id: ben, roles: [legal]}"
HEAD = f"people:\n  - {ANN}\n  - {BEN}\n"


def told(text: str) -> list[str]:
    people, problems = read_people({"people.yaml": text})
    assert (people is None) is bool(problems)
    return [f"{one} {one.next_step}".strip() for one in problems]


def layered(layer: str, more: str = "") -> str:
    return f"{HEAD}on_call:\n  legal:\n    zone: UTC\n    layers:\n      - {layer}\n{more}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEAD.replace("Europe/Berlin", "Europe/Berln"),
            "line 2, column 31: people, number 1 zone is 'Europe/Berln', which is no time zone. "
            "Did you mean Europe/Berlin?",
        ),
        (
            HEAD.replace("roles: [legal]}", "roles: [legal], deputies: [bem]}"),
            "line 3, column 42: people, number 2 deputies, number 1 names bem, who is not here. "
            "Known here: ann.",
        ),
        (
            HEAD.replace("roles: [legal]}", "roles: [legal], deputies: [ben]}"),
            "line 3, column 42: people, number 2 deputies, number 1 names ben themselves. "
            "Name somebody else, or take it out.",
        ),
        (
            HEAD + "on_call:\n  legal:\n    zone: CET-1\n    layers:\n      - people: [ann]\n",
            "line 6, column 5: on_call.legal.zone is 'CET-1', which is no time zone. Did you mean",
        ),
        (
            layered("{people: [cid]}"),
            "line 8, column 19: on_call.legal.layers, number 1 people, number 1 names cid, who is "
            "not here. Known here: ann, ben.",
        ),
        (
            layered("{people: [ann, ben]}"),
            "people who take turns need `starts`, the date of the first turn.",
        ),
        (
            layered('{people: [ann], from: "24:30"}'),
            "line 8, column 25: on_call.legal.layers, number 1 from: must be a time of day from "
            "00:00 to 23:59, such as 09:00.",
        ),
        (
            layered("{people: [ann], starts: 2026-02-30}"),
            "layers, number 1 starts: must be a date such as 2026-01-31.",
        ),
        (
            layered("{people: [ann]}").replace("  legal:", "  counsel:"),
            "line 5, column 3: on_call.counsel is for counsel, which nobody is. Known here: legal. "
            "A schedule with a name of its own needs `roles`.",
        ),
        (
            layered("{people: [ann]}", "    ical: LEGAL_CALENDAR\n"),
            "on_call.legal: needs `layers` or `ical`, and not both.",
        ),
        (
            layered(
                "{people: [ann]}",
                "    overrides:\n"
                "      - {person: ben, from: 2026-03-01, to: 2026-03-03}\n"
                "      - {person: ann, from: 2026-03-02 23:00, to: 2026-03-04}\n",
            ),
            "line 11, column 9: on_call.legal.overrides, number 2 begins before override number 1 "
            "ends. Let one end where the other begins.",
        ),
        (
            layered(
                "{people: [ann]}",
                "    overrides:\n      - {person: ben, from: 2026-03-03, to: 2026-03-03}\n",
            ),
            "on_call.legal.overrides, number 1: ends before it begins.",
        ),
        (
            f"people:\n  - {ANN}\n  - {{id: ben, roles: [finance]}}\non_call:\n  legal:\n"
            "    zone: UTC\n    layers:\n      - people: [ben]\n",
            "names ben, who is not legal. Give them the role, or put somebody else on call",
        ),
        (
            HEAD + "on_call:\n  legal:\n    zone: UTC\n    ical: http://calendar.example/a.ics\n",
            "on_call.legal.ical: must be the name of a secret that holds",
        ),
    ],
)
def test_each_mistake_has_its_place(text: str, said: str) -> None:
    [found] = told(text)
    assert found.startswith("people.yaml, line ")
    assert said in found


def test_two_who_stand_in_for_each_other_are_no_mistake() -> None:
    """Deputies are not followed further, and two who share a role are what most have."""
    both = HEAD.replace("zone: Europe/Berlin", "deputies: [ben]").replace(
        "roles: [legal]}", "roles: [legal], deputies: [ann]}"
    )
    assert told(both) == []


def test_the_same_words_make_schedules() -> None:
    people, problems = read_people(
        {
            "people.yaml": layered(
                '{people: [ann, ben], starts: 2026-01-05, turn: day, days: [sat], from: "9:00"}',
                "  night:\n    roles: [legal]\n    zone: Asia/Kolkata\n    ical: LEGAL_CALENDAR\n",
            )
        }
    )
    assert problems == []
    assert isinstance(people, People)
    assert [name for name, _ in people.schedules_for({"legal"})] == ["legal", "night"]
    assert people.on_call["legal"].layers[0].begins.hour == 9
