"""Reads the files of a playbook, and reports every mistake with its place.

A plan is written long before it is needed, by somebody who did not write this program. So all
problems are reported at once, each with its file, its line and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import PlaybookInvalid, Problem
from domain.facts import FACT_LIMIT, Facts
from domain.message import PERSONAL_FIELD, MessageKind
from domain.playbook import Playbook
from domain.suggest import did_you_mean
from domain.template_file import read_template
from domain.templates import html_template_name, template_name, template_problems
from domain.yaml_places import PlacedYaml, Plain, read_yaml

PLAYBOOK_FILE = "playbook.yaml"
TEMPLATE_ENDING = ".j2"
PERSONAL_FIELDS = frozenset({"code"})
"""The fields that are filled in for each recipient."""


class Examination(NamedTuple):
    """The result of reading a playbook: without problems there is one, with or without warnings."""

    playbook: Playbook | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


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
    problems = list(placed.problems)
    playbook = None
    if not problems:
        playbook, problems = _validate(placed)
    planned = _planned_templates(placed.content)
    problems += _missing_templates(planned, files)
    own_facts = _own_facts(placed.content)
    for name in _templates(files):
        problems += template_problems(name, files[name], own_facts)
    if problems or playbook is None:
        return Examination(None, tuple(problems), ())
    mail = _mail_channels(playbook, planned, files)
    problems = _misplaced(planned, files, mail)
    warnings = tuple(_odd(playbook, placed, planned, files, mail))
    return Examination(None if problems else playbook, tuple(problems), warnings)


# --- playbook.yaml ----------------------------------------------------------------------------


def _validate(placed: PlacedYaml) -> tuple[Playbook | None, list[Problem]]:
    if not isinstance(placed.content, dict):
        step = "It begins with `name:`, `title:` and `company:`."
        return None, [Problem(placed.file, "contains no keys and values.", 1, next_step=step)]
    try:
        # Travelling values ignore what they do not know; in a file that is a typing mistake.
        return Playbook.model_validate(placed.content, extra="forbid"), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return None, [one for error in found for one in _explain(error, placed)]


def _explain(error: ErrorDetails, placed: PlacedYaml) -> Iterable[Problem]:
    place = tuple(one for one in error["loc"] if one != "[key]")
    name = str(place[-1])[:60] if place else "the playbook"
    context = error.get("ctx", {})
    if error["type"] == "plan":
        for problem in context["problems"]:
            at = (*place, *problem.place)
            yield _at(placed, at, f"{_path(at)} {problem.detail}.")
    elif error["type"] == "missing":
        where = _path(place[:-1])
        detail = f"`{name}` is missing" + (f" in {where}." if where else ".")
        yield _at(placed, place[:-1], detail, f"Add a line `{name}: …` there.")
    elif error["type"] == "extra_forbidden":
        known = did_you_mean(name, _fields_at(place[:-1]), "`{}`")
        yield _at(placed, place, f"`{name}` is not a word this file knows.", known)
    elif error["loc"][-1:] == ("[key]",):
        kinds = [kind.value for kind in MessageKind]
        step = did_you_mean(name, kinds, "`{}`") if place[0] == "messages" else ""
        yield _at(placed, place, f"`{name}` cannot be a key here.", step)
    elif error["type"] == "string_too_long":
        yield _at(placed, place, f"{_path(place)}: at most {FACT_LIMIT:,} characters.")
    else:
        detail = error["msg"].removeprefix("Value error, ").rstrip(".")
        yield _at(placed, place, f"{_path(place)}: {detail[:1].lower()}{detail[1:]}.")


def _at(
    placed: PlacedYaml, place: tuple[str | int, ...], detail: str, next_step: str = ""
) -> Problem:
    line, column = placed.position(place)
    return Problem(placed.file, detail, line, column, next_step)


def _path(place: tuple[str | int, ...]) -> str:
    """``messages.announcement.gate``, and list positions counted from 1: ``roster, number 2``."""
    text = ""
    for one in place:
        if isinstance(one, int):
            text += f", number {one + 1}"
        else:
            text += f".{one}" if text and not text[-1].isdigit() else f" {one}" if text else one
    return text


def _fields_at(place: tuple[str | int, ...]) -> list[str]:
    """The keys that the model knows at a place of the file."""
    model: type[BaseModel] | None = Playbook
    for one in place:
        # Positions in lists and keys of dictionaries lead to the model that is inside already.
        if model is not None and one in model.model_fields:
            model = _inner(model.model_fields[str(one)].annotation)
    return list(model.model_fields) if model else []


def _inner(annotation: object) -> type[BaseModel] | None:
    """The model in ``tuple[Person, ...]``, ``dict[str, Voice]`` or ``OfferTerms | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for one in get_args(annotation):
        found = _inner(one)
        if found is not None:
            return found
    return None


# --- templates --------------------------------------------------------------------------------


def _planned_templates(content: Plain) -> dict[str, tuple[MessageKind, str]]:
    """File name -> what it is for, read from the plain file, so that it works on a broken plan."""
    planned = {}
    messages = content.get("messages") if isinstance(content, dict) else None
    for name, plan in messages.items() if isinstance(messages, dict) else ():
        channels = plan.get("channels") if isinstance(plan, dict) else None
        if name not in list(MessageKind) or not isinstance(channels, list):
            continue
        kind = MessageKind(name)
        for channel in channels:
            if isinstance(channel, str):
                planned[template_name(kind, channel)] = (kind, channel)
    return planned


def _own_facts(content: Plain) -> frozenset[str]:
    facts = content.get("facts") if isinstance(content, dict) else None
    return frozenset(facts) if isinstance(facts, dict) else frozenset()


def _templates(files: Mapping[str, str]) -> list[str]:
    return sorted(name for name in files if name.endswith(TEMPLATE_ENDING))


def _missing_templates(
    planned: Mapping[str, tuple[MessageKind, str]], files: Mapping[str, str]
) -> Iterable[Problem]:
    for name in sorted(planned):
        if name not in files:
            kind, channel = planned[name]
            detail = f"is missing: {kind} is planned for {channel}, and has no copy."
            near = did_you_mean(name, set(_templates(files)) - set(planned) or {name}, "{}")
            step = near if near.startswith("Did") and name not in near else "Add the file."
            yield Problem(name, detail, next_step=step)


def _mail_channels(
    playbook: Playbook, planned: Mapping[str, tuple[MessageKind, str]], files: Mapping[str, str]
) -> frozenset[str]:
    """The channels that this playbook writes to as mail: by a subject, or a sender's address."""
    subjects = {
        channel
        for name, (_, channel) in planned.items()
        if "subject" in read_template(files[name], name).headers
    }
    return frozenset(
        subjects | {channel for channel, voice in playbook.voices.items() if voice.address}
    )


def _misplaced(
    planned: Mapping[str, tuple[MessageKind, str]], files: Mapping[str, str], mail: frozenset[str]
) -> list[Problem]:
    """Copy that its channel could not carry, as far as that can be known here."""
    found = []
    for name, (kind, channel) in sorted(planned.items()):
        if channel in mail and "subject" not in read_template(files[name], name).headers:
            step = "Begin it with `subject: …`, then a line of three hyphens (---)."
            found.append(Problem(name, "a mail needs a subject.", 1, next_step=step))
        words = files[name] + files.get(html_template_name(kind, channel), "")
        for field in sorted(set(PERSONAL_FIELD.findall(words)) - PERSONAL_FIELDS):
            step = did_you_mean(field, PERSONAL_FIELDS, "[[{}]]")
            found.append(Problem(name, f"nobody fills in [[{field}]].", next_step=step))
        if channel not in mail and PERSONAL_FIELD.search(files[name]):
            detail = "a post is the same for everybody, so it cannot contain a [[field]]."
            found.append(Problem(name, detail, next_step="Take it out, or move it to the mail."))
    return found


def _odd(
    playbook: Playbook,
    placed: PlacedYaml,
    planned: Mapping[str, tuple[MessageKind, str]],
    files: Mapping[str, str],
    mail: frozenset[str],
) -> Iterable[Problem]:
    """What would work, but is probably a mistake."""
    used = set(planned) | {html_template_name(*one) for one in planned.values()}
    for name in _templates(files):
        if name not in used:
            yield Problem(name, "is used by no message.", next_step=did_you_mean(name, planned))
    for name, (_, channel) in sorted(planned.items()):
        if channel not in mail and "mark" not in files[name]:
            detail = "does not show the mark, so the post gets it as a last line."
            yield Problem(name, detail, next_step="Write {{ mark }} where it reads well.")
    channels = {channel for _, channel in planned.values()}
    for channel, voice in playbook.voices.items():
        if channel not in channels:
            step = did_you_mean(channel, channels)
            yield _at(placed, ("voices", channel), f"no message goes to {channel}.", step)
        if channel in mail and not voice.address:
            yield _at(placed, ("voices", channel), "mail needs the sender's `address`.")
    everything = "\n".join(files[name] for name in _templates(files))
    for fact in sorted(set(playbook.facts) - set(Facts.model_fields)):
        if f"facts.{fact}" not in everything:
            yield _at(placed, ("facts", fact), f"no template shows the fact {fact}.")
    for kind, plan in playbook.messages.items():
        if len(playbook.signers(kind)) == plan.gate.quorum:
            detail = (
                f"everybody who may sign a {kind} has to, so none of them can write it or be away."
            )
            yield _at(placed, ("messages", kind.value, "gate"), detail, "Name a deputy.")
