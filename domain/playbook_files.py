"""Reads the files of a playbook, and reports every mistake with its place.

A plan is written long before it is needed, by somebody who did not write this program. So all
problems are reported at once, each with its file, its line and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from domain.desk_shifts import unassigned_hours
from domain.errors import PlaybookInvalid, Problem
from domain.facts import Facts
from domain.ids import SUBSCRIBERS
from domain.people import PEOPLE_FILE, People
from domain.playbook import Playbook
from domain.playbook_briefing import briefing_problems
from domain.playbook_copy import (
    TEMPLATE_ENDING,
    Planned,
    content_problems,
    form_problems,
    mail_channels,
    odd_templates,
    planned_templates,
    templates_in,
)
from domain.playbook_faults import (
    at_its_place,
    odd_values,
    problem_at,
    validate_people,
    validate_plan,
)
from domain.playbook_regulations import regulation_problems, without_owner
from domain.suggest import did_you_mean
from domain.wall_time import is_zone, like_zone
from domain.yaml_places import PlacedYaml, read_yaml

__all__ = [
    "PLAYBOOK_FILE",
    "TEMPLATE_ENDING",
    "Examination",
    "examine_playbook",
    "parse_playbook",
    "read_people",
]

PLAYBOOK_FILE = "playbook.yaml"


class Examination(NamedTuple):
    """The result of reading a playbook: without problems there is one, with or without warnings.

    ``plan`` is what ``playbook.yaml`` says, also if templates have problems; ``placed`` knows the
    line of each part of it.
    """

    playbook: Playbook | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    plan: Playbook | None = None
    placed: PlacedYaml | None = None


def parse_playbook(files: Mapping[str, str]) -> Playbook:
    """The playbook in ``files`` (text by file name); ``PlaybookInvalid`` lists all its problems."""
    found = examine_playbook(files)
    if found.playbook is None:
        raise PlaybookInvalid(found.problems)
    return found.playbook


def examine_playbook(files: Mapping[str, str]) -> Examination:
    """Read a playbook and report everything that is wrong or suspicious, without raising."""
    if PLAYBOOK_FILE not in files:
        step = f"A playbook is a folder with a {PLAYBOOK_FILE} and its templates in it."
        return Examination(None, (Problem(PLAYBOOK_FILE, "is missing.", next_step=step),), ())
    placed = read_yaml(files[PLAYBOOK_FILE], PLAYBOOK_FILE)
    people, problems = read_people(files)
    problems += placed.problems
    plan = None
    if not problems:
        plan, problems = validate_plan(placed, people)
    planned = planned_templates(placed.content)
    problems += dict.fromkeys(form_problems(placed.content, planned, files))
    if plan is None:
        return Examination(None, tuple(problems), ())
    problems += [at_its_place(placed, one) for one in regulation_problems(plan)]
    broken = {one.file for one in problems}
    problems += content_problems(
        plan,
        {name: use for name, use in planned.items() if name not in broken},
        {name: text for name, text in files.items() if name not in broken},
    )
    if problems:
        return Examination(None, tuple(problems), (), plan, placed)
    return Examination(plan, (), tuple(_odd(plan, placed, planned, files)), plan, placed)


def read_people(files: Mapping[str, str]) -> tuple[People | None, list[Problem]]:
    """The people of the house; None without a problem where the plan has to name its own."""
    if PEOPLE_FILE not in files:
        return None, []
    placed = read_yaml(files[PEOPLE_FILE], PEOPLE_FILE)
    return (None, list(placed.problems)) if placed.problems else validate_people(placed)


def _odd(
    playbook: Playbook, placed: PlacedYaml, planned: Planned, files: Mapping[str, str]
) -> Iterable[Problem]:
    """What would work, but is probably a mistake."""
    yield from odd_values(playbook, placed)
    yield from odd_templates(planned, files)
    mail = mail_channels(playbook, planned, files)
    channels = {channel for _, channel in planned.values()} - {SUBSCRIBERS}
    if playbook.subscribers is not None:
        channels.add(playbook.subscribers.channel)
    if playbook.replies is not None:
        channels.update(playbook.replies.channels)
    for channel, voice in playbook.voices.items():
        if channel not in channels:
            step = did_you_mean(channel, channels)
            yield problem_at(placed, ("voices", channel), f"no message goes to {channel}.", step)
        if channel in mail and not all(one.address for one in voice.every()):
            yield problem_at(placed, ("voices", channel), "mail needs the sender's `address`.")
        night = voice.at_night
        if night is not None and not is_zone(night.zone):
            at = ("voices", channel, "at_night", "zone")
            yield problem_at(
                placed, at, f"names {night.zone}, which is no time zone.", like_zone(night.zone)
            )
    everything = "\n".join(files[name] for name in templates_in(files))
    if playbook.replies is not None:
        shown = (fact for one in playbook.replies.saved for fact in one.facts())
        everything += "".join(f"\nfacts.{fact}" for fact in shown)
    for fact in sorted(set(playbook.facts) - set(Facts.model_fields)):
        if f"facts.{fact}" not in everything:
            yield problem_at(placed, ("facts", fact), f"no template shows the fact {fact}.")
    for kind in playbook.kinds:
        gate = playbook.gate_of(kind)
        if gate is not None and len(playbook.signers(kind)) == gate.quorum:
            detail = (
                f"everybody who may sign a {kind} has to, so none of them can write it or be away."
            )
            place = ("messages", kind.value, "gate") if kind.published else ("replies", "gate")
            yield problem_at(placed, place, detail, "Name a deputy.")
    yield from _odd_replies(playbook, placed)
    said = {name: files[name] for name in templates_in(files)}
    if playbook.replies is not None:
        said |= {
            f"the saved reply {one.name}": " ".join(one.wordings) for one in playbook.replies.saved
        }
    odd = (
        *briefing_problems(playbook.briefing, said),
        *unassigned_hours(playbook.desk),
        *without_owner(playbook),
    )
    for problem in odd:
        yield at_its_place(placed, problem)


def _odd_replies(playbook: Playbook, placed: PlacedYaml) -> Iterable[Problem]:
    plan = playbook.replies
    if plan is None or plan.free is None or not plan.risk_words:
        return
    writers = [one for one in playbook.roster if set(one.roles) & set(plan.free.roles)]
    if len(writers) == 1:
        detail = f"only {writers[0].id} may reply freely, so nobody can agree to a risk word."
        yield problem_at(placed, ("replies", "free", "roles"), detail, "Add a role.")
