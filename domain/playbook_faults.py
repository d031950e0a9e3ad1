"""The plan in ``playbook.yaml``, the people in ``people.yaml``, or every mistake with its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.errors import Problem
from domain.facts import FACT_LIMIT
from domain.message import MessageKind
from domain.people import PEOPLE_FILE, People
from domain.plan_problems import PlanProblem
from domain.playbook import Playbook
from domain.suggest import did_you_mean
from domain.yaml_places import PlacedYaml

M = TypeVar("M", bound=BaseModel)

_WORDS = {
    "tuple_type": "must be a list, such as [founder, legal]",
    "list_type": "must be a list, such as [founder, legal]",
    "too_short": "must not be empty",
    "dict_type": "must have keys of its own below it",
    "model_type": "must have keys of its own below it",
}
_PROSE = frozenset({"title", "company", "name", "sign_off"})
"""Keys whose values are texts for people."""


def validate_plan(
    placed: PlacedYaml, people: People | None
) -> tuple[Playbook | None, list[Problem]]:
    """The plan that the file holds, or what is wrong with it: one problem for each cause.

    Its roster are ``people``; a plan may have one of its own where there is no file of people.
    """
    more: dict[str, object] = {}
    if people is not None and isinstance(placed.content, dict):
        if "roster" in placed.content:
            detail = f"`roster` is here and in {PEOPLE_FILE}, which has everybody for all plans."
            step = "Take it out here; who is missing there belongs there."
            return None, [problem_at(placed, ("roster",), detail, step)]
        more["roster"] = people.roster()
    return _validate(Playbook, placed, "It begins with `name:`, `title:` and `company:`.", more)


def validate_people(placed: PlacedYaml) -> tuple[People | None, list[Problem]]:
    """The people that the file holds, or what is wrong with it."""
    return _validate(People, placed, "It begins with `people:`, a list.", {})


def _validate(
    model: type[M], placed: PlacedYaml, begins: str, more: Mapping[str, object]
) -> tuple[M | None, list[Problem]]:
    if not isinstance(placed.content, dict):
        detail = "contains no keys and values."
        return None, [Problem(placed.file, detail, 1, next_step=begins)]
    try:
        # Travelling values ignore what they do not know; in a file that is a typing mistake.
        return model.model_validate({**placed.content, **more}, extra="forbid"), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        told = _without_consequences(model, found)
        return None, [one for error in told for one in _explain(model, error, placed)]


def problem_at(
    placed: PlacedYaml, place: tuple[str | int, ...], detail: str, next_step: str = ""
) -> Problem:
    """A problem at a value of the file, or at what is nearest around it."""
    line, column = placed.position(place)
    return Problem(placed.file, detail, line, column, next_step)


def at_its_place(
    placed: PlacedYaml, problem: PlanProblem, under: tuple[str | int, ...] = ()
) -> Problem:
    """A contradiction of the plan as a problem of the file; its place is below ``under``."""
    place = (*under, *problem.place)
    return problem_at(placed, place, f"{_path(place)} {problem.detail}.", problem.next_step)


def odd_values(playbook: Playbook, placed: PlacedYaml) -> Iterable[Problem]:
    """Texts without quotes that YAML cuts short, or takes for something else."""
    for place, one in placed.unquoted.items():
        if type(_value_at(playbook, place)) is not str:
            continue
        prose = place[0] == "facts" or place[-1] in _PROSE or "wordings" in place
        sign = one.comment is not None and not one.comment.startswith(" ")
        if one.comment is not None and (sign or (prose and one.spaces == 1)):
            yield problem_at(
                placed,
                place,
                f"{_path(place)} ends before the #, because that begins a comment.",
                "If # belongs to the text, put quotes around the whole text.",
            )
        elif one.kind and prose:
            yield problem_at(
                placed,
                place,
                f"{_path(place)} is read as the text {one.text[:40]!r}; elsewhere in YAML it could "
                "be a number, a time, or yes or no.",
                "If it is the text that you mean, put quotes around it.",
            )


def _value_at(value: object, place: Sequence[str | int]) -> object:
    """What the plan has at a place of its file; None where the plan has another form."""
    for one in place:
        if isinstance(value, BaseModel):
            value = getattr(value, str(one), None)
        elif isinstance(value, dict):
            value = value.get(one)
        elif isinstance(value, tuple) and isinstance(one, int):
            value = value[one]
        else:
            return None
    return value


def _without_consequences(
    model: type[BaseModel], errors: Sequence[ErrorDetails]
) -> list[ErrorDetails]:
    """All but those that a mistake inside brings with it.

    A misspelt key is missing under its right name, and a list of which no part is right is empty.
    """
    misspelt = [
        (tuple(one["loc"][:-1]), str(one["loc"][-1]))
        for one in errors
        if one["type"] == "extra_forbidden"
    ]
    meant = {
        (place, name)
        for place, typed in misspelt
        for name in _fields_at(model, place)
        if f"`{name}`?" in did_you_mean(typed, _fields_at(model, place), "`{}`")
    }
    return [
        one
        for one in errors
        if (one["type"] != "missing" or (tuple(one["loc"][:-1]), str(one["loc"][-1])) not in meant)
        and (one["type"] != "too_short" or not _is_around(one["loc"], errors))
    ]


def _is_around(place: Sequence[str | int], errors: Sequence[ErrorDetails]) -> bool:
    """Whether something is wrong inside a value."""
    inside = len(place)
    return any(len(one["loc"]) > inside and one["loc"][:inside] == place for one in errors)


def _explain(model: type[BaseModel], error: ErrorDetails, placed: PlacedYaml) -> Iterable[Problem]:
    place = tuple(one for one in error["loc"] if one != "[key]")
    name = str(place[-1])[:60] if place else "the playbook"
    context = error.get("ctx", {})
    empty = placed.unquoted.get(place)
    if error["type"] == "plan":
        for problem in context["problems"]:
            yield at_its_place(placed, problem, place)
    elif error["type"] == "missing":
        where = _path(place[:-1])
        detail = f"`{name}` is missing" + (f" in {where}." if where else ".")
        step = f"Add a line `{name}: …` there."
        if place == ("roster",):
            detail = f"there is no {PEOPLE_FILE} beside the playbooks, and no `roster` here."
            step = f"Write down in {PEOPLE_FILE} who your people are, with their roles."
        yield problem_at(placed, place[:-1], detail, step)
    elif error["type"] == "extra_forbidden":
        known = did_you_mean(name, _fields_at(model, place[:-1]), "`{}`")
        yield problem_at(placed, place, f"`{name}` is not a word this file knows.", known)
    elif error["loc"][-1:] == ("[key]",):
        kinds = [kind.value for kind in MessageKind]
        step = did_you_mean(name, kinds, "`{}`") if place[0] == "messages" else ""
        yield problem_at(placed, place, f"`{name}` cannot be a key here.", step)
    elif empty is not None and empty.kind == "null":
        why = f"{empty.text} means nothing" if empty.text else "there is nothing"
        why = "what follows # is a comment" if empty.comment is not None else why
        step = "Write a value there, or put quotes around the whole text."
        yield problem_at(placed, place, f"{_path(place)} has no value: {why}.", step)
    elif error["type"] == "string_too_long":
        yield problem_at(placed, place, f"{_path(place)}: at most {FACT_LIMIT:,} characters.")
    else:
        detail = error["msg"].removeprefix("Value error, ").rstrip(".")
        detail = _WORDS.get(error["type"], f"{detail[:1].lower()}{detail[1:]}")
        yield problem_at(placed, place, f"{_path(place)}: {detail}.")


def _path(place: tuple[str | int, ...]) -> str:
    """``messages.announcement.gate``, and list positions counted from 1: ``roster, number 2``."""
    text = ""
    for one in place:
        if isinstance(one, int):
            text += f", number {one + 1}"
        else:
            text += f".{one}" if text and not text[-1].isdigit() else f" {one}" if text else one
    return text


def _fields_at(root: type[BaseModel], place: tuple[str | int, ...]) -> list[str]:
    """The keys that the model knows at a place of the file."""
    model: type[BaseModel] | None = root
    for one in place:
        # Positions in lists and keys of dictionaries lead to the model that is inside already.
        if model is not None and one in model.model_fields:
            model = _inner(model.model_fields[str(one)].annotation)
    # What stands in a file is the alias, where a field has one.
    return [one.alias or name for name, one in model.model_fields.items()] if model else []


def _inner(annotation: object) -> type[BaseModel] | None:
    """The model in ``tuple[Person, ...]``, ``dict[str, Voice]`` or ``OfferTerms | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for one in get_args(annotation):
        found = _inner(one)
        if found is not None:
            return found
    return None
