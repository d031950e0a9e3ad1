"""What whoever opens an incident has to know at once: what of its plan cannot be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from client.playbooks import Examined
from domain.errors import Problem
from domain.explanation import Action, Explanation, NextStep, explained
from domain.message import MessageKind
from domain.status import IncidentStatus


def notices_of(examined: Examined, status: IncidentStatus) -> list[Explanation]:
    """What cannot be done in an incident with this plan, the most urgent first."""
    plan = examined.plan
    if plan is None or status.playbook != plan.name:
        return []
    return [
        *_without_audience(examined, status),
        *_without_copy(examined),
        *_otherwise_wrong(examined),
    ]


def _without_audience(examined: Examined, status: IncidentStatus) -> Iterator[Explanation]:
    if status.audiences or examined.plan is None:
        return
    kinds = [
        kind for kind, one in examined.plan.messages.items() if set(one.channels) & examined.direct
    ]
    if kinds:
        yield Explanation(
            what=f"This incident has no audience, and these messages write to one: "
            f"{', '.join(kinds)}.",
            means="They cannot be proposed before it has one.",
            next_step=NextStep(
                action=Action.SET_AUDIENCE,
                incident=status.incident,
                advice="Choose an audience that has been imported.",
            ),
        )


def _without_copy(examined: Examined) -> Iterator[Explanation]:
    for kind, problems in examined.unusable.items():
        where, step = "its template", "Propose it in your own words, or open"
        if not kind.published:
            where, step = "the playbook", "Open"
        yield explained(
            f"{_words(kind)} cannot be proposed from {where}: {_list(problems)}",
            f"{step} an incident with the corrected playbook.",
            means="Editing the playbook changes nothing in an incident that is open.",
        )
    for kind, problems in examined.doubtful.items():
        if kind not in examined.unusable:
            yield explained(
                f"{_words(kind)} may not fit: {_list(problems)}",
                "Keep the facts short.",
            )


def _otherwise_wrong(examined: Examined) -> Iterator[Explanation]:
    """Problems that keep no message from going out, such as copy for a channel without a plan."""
    told = {one for some in (examined.unusable, examined.doubtful) for one in _all(some)}
    for problem in examined.problems:
        if problem not in told:
            yield explained(
                f"The playbook has a problem: {problem}",
                problem.next_step,
                means="The incident is open without it.",
            )


def _all(found: Mapping[MessageKind, tuple[Problem, ...]]) -> Iterator[Problem]:
    return (one for problems in found.values() for one in problems)


def _words(kind: MessageKind) -> str:
    words = kind.value.replace("_", " ")
    return f"A {words}" if kind.published else words.capitalize()


def _list(problems: tuple[Problem, ...]) -> str:
    return " ".join(f"{one} {one.next_step}".strip() for one in problems)
