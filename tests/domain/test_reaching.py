"""Who is asked, in which order, and what is found before anybody has to be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from domain.calendar import CalendarEvent, KeptCalendar
from domain.finding import Finding
from domain.gate import GatePolicy
from domain.gate_hours import check_gates
from domain.message import MessageKind
from domain.people import People
from domain.people_check import (
    check_calendars,
    check_members,
    check_schedules,
)
from domain.playbook import Playbook
from domain.playbook_files import read_people
from domain.reaching import AskedAs, find_people, with_secrets
from domain.roster import roles_of
from domain.severity import Severity

NOW = datetime(2026, 11, 29, 1, 30, tzinfo=UTC)
"""A Sunday."""

ALWAYS = "    layers: [{people: [ann]}]\n"
NIGHTS = 'quiet_hours: {from: "22:00", to: "07:00"}'


def house(on_call: str = ALWAYS, **more: str) -> People:
    """Three who may sign as legal, with two contact methods unless it is said otherwise."""
    reached = "contact: [{name: mail, kind: mail, secret: A}, {name: browser, kind: web_push}]"
    lines = ["people:"]
    for person in ("ann", "ben", "cid"):
        said = more.get(person, "")
        contact = "" if "contact:" in said else f", {reached}"
        lines.append(f"  - {{id: {person}, roles: [legal]{contact}{', ' if said else ''}{said}}}")
    text = "\n".join(lines) + "\n"
    if on_call:
        text += f"on_call:\n  legal:\n    zone: UTC\n{on_call}"
    people, problems = read_people({"people.yaml": text})
    assert people is not None, problems
    return people


def asked(people: People, **more: object) -> dict[AskedAs, list[str]]:
    held = roles_of(people.roster())
    found = find_people(people, held, ("legal",), NOW, **more)  # type: ignore[arg-type]
    return {one: [each.person for each in found if each.asked_as is one] for one in AskedAs}


def test_first_whoever_is_on_call_then_their_deputies_then_the_others() -> None:
    people = house(ann="deputies: [cid]")
    assert list(asked(people).values()) == [["ann"], ["cid"], ["ben"]]
    # The deputy of whoever must not be asked stands in for them.
    assert list(asked(people, besides=("ann",)).values()) == [[], ["cid"], ["ben"]]
    assert list(asked(house("")).values()) == [[], [], ["ann", "ben", "cid"]]


def test_the_incidents_snapshot_says_who_may_and_the_file_who_is_still_there() -> None:
    people = house()
    held = {"ann": ("finance",), "ben": ("legal",), "gone": ("legal",)}
    found = find_people(people, held, ("legal",), NOW)
    assert [one.person for one in found] == ["ben"]


def test_whoever_has_no_usable_method_or_quiet_hours_is_unreachable() -> None:
    people = house(
        ann="contact: [{name: mail, kind: mail, secret: A}]", ben=NIGHTS, cid="contact: []"
    )
    found = {
        one.person: one
        for one in find_people(
            people, roles_of(people.roster()), ("legal",), NOW, usable=with_secrets(())
        )
    }
    reachable = {
        severity: [one for one in found if found[one].reachable(severity)]
        for severity in (None, *Severity)
    }
    assert reachable == {None: ["ben"], 1: ["ben"], 2: [], 3: []}
    assert found["ben"].methods == ("browser",)


def test_deputies_and_quiet_hours_are_those_of_the_persons_own_zone() -> None:
    # 01:30 UTC is 07:00 in Kolkata: the quiet hours are just over.
    people = house(ben=f"{NIGHTS}, zone: Asia/Kolkata", cid=f"{NIGHTS}, zone: Asia/Karachi")
    found = find_people(people, roles_of(people.roster()), ("legal",), NOW)
    assert {one.person: one.quiet for one in found} == {"ann": False, "ben": False, "cid": True}


def gates(people: People, policy: GatePolicy) -> list[Finding]:
    plan = Playbook.model_validate(
        {
            "name": "outage",
            "title": "Outage",
            "company": "C",
            "roster": [one.model_dump() for one in people.roster()],
            "messages": {MessageKind.ANNOUNCEMENT: {"channels": ["a"], "gate": policy}},
        }
    )
    return list(check_gates(people, plan, NOW, {}))


def whats(found: Sequence[Finding]) -> list[str]:
    return [one.what for one in found]


def test_a_gate_that_nobody_could_pass_on_sunday_at_three() -> None:
    one = GatePolicy(roles=("legal",))
    assert gates(house(""), one) == []
    nights = house('    layers: [{people: [ann], from: "07:00", to: "03:00"}]\n')
    [found] = gates(nights, one)
    assert found.what == (
        "At 03:00 UTC on Sunday 29 Nov nobody who may sign announcement of outage is on call and "
        "reachable, and in 27 more hours of the week."
    )
    assert len(found.times) == 28
    # Neither the one on call nor the deputy answers in their quiet hours.
    asleep = house(ann=f"{NIGHTS}, deputies: [ben]", ben=NIGHTS)
    assert len(gates(asleep, one)[0].times) == 63
    assert gates(house(ann=f"{NIGHTS}, deputies: [ben]"), one) == []
    [unreachable] = gates(house(ann="contact: []"), one)
    assert len(unreachable.times) == 168
    # One is on call, and two have to sign.
    assert "too few who may sign" in gates(house(), GatePolicy(roles=("legal",), quorum=2))[0].what


def test_a_gate_that_only_its_author_could_pass() -> None:
    [found] = gates(house(""), GatePolicy(roles=("legal",), quorum=3))
    assert found.what == (
        "Nobody could pass the gate of announcement of outage if ann, ben or cid wrote it."
    )
    assert not found.serious


def test_members_without_deputy_or_second_method() -> None:
    people, _ = read_people(
        {
            "people.yaml": "people:\n  - {id: ann, roles: [legal]}\n"
            "  - {id: ben, roles: [founder], deputies: [ann],"
            " contact: [{name: browser, kind: web_push}]}\n"
        }
    )
    assert people is not None
    assert whats(list(check_members(people))) == [
        "Only ann is legal, and nobody stands in.",
        "ann cannot be reached: has no contact method.",
        "ben has no second contact method.",
        "ann stands in for ben, and shares no role with them.",
    ]


def test_gaps_overlaps_and_duty_in_quiet_hours_have_dates() -> None:
    people = house(
        '    layers: [{people: [ann], from: "20:00", to: "12:00"},'
        ' {people: [ben], days: [mon], from: "11:00", to: "20:00"}]\n',
        ann=NIGHTS,
    )
    gap, both, quiet = check_schedules(people, NOW, {})
    assert gap.what.startswith(
        "Nobody is on call as legal 29 Nov 12:00 UTC to 29 Nov 20:00 UTC, 01 Dec 12:00 UTC to"
    )
    assert gap.what.endswith(" and 21 more.")
    assert both.what.startswith(
        "Several people are on call as legal at once: ann and ben from 30 Nov 11:00 UTC"
    )
    assert quiet.what.startswith("ann is on call as legal in their own quiet hours, first at 02")
    assert [one.serious for one in (gap, both, quiet)] == [True, False, False]


def test_a_calendar_that_failed_and_events_that_name_nobody() -> None:
    people = house("    ical: LEGAL_CALENDAR\n")
    day = timedelta(days=1)
    kept = KeptCalendar(
        schedule="legal",
        events=(
            CalendarEvent(begins=NOW - day, ends=NOW + day, people=("ann",)),
            CalendarEvent(begins=NOW + day, ends=NOW + 2 * day),
        ),
        read_at=NOW - day,
        tried_at=NOW,
        problem="Its server answered 500.",
        next_step="Check the address.",
    )
    failed, nameless = check_calendars(people, {"legal": kept}, NOW)
    assert failed.what == (
        "The calendar of legal could not be read. Its server answered 500. What was read 28 Nov "
        "01:30 UTC still counts."
    )
    assert nameless.what.endswith("has events that name nobody here: 30 Nov 01:30 UTC.")
    assert whats(list(check_calendars(people, {}, NOW))) == [
        "The calendar of legal has not been read yet."
    ]
    calendars = {"legal": kept.shifts()}
    assert asked(people, calendars=calendars)[AskedAs.ON_CALL] == ["ann"]
