"""How an endpoint is: what it was sent, what waits for it, and what somebody should do."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from domain.endpoint import host_of
from domain.explanation import Action, Explanation, NextStep, explained
from domain.model import Value
from domain.outbox import AttemptEnd, in_words
from domain.plural import plural
from domain.room import secret_of
from domain.times import show_moment
from store.outbox.endpoints import Endpoint
from store.outbox.reading import Backlog

_ADVICE = {
    AttemptEnd.NO_ADDRESS: "Check its address, and the name server of the workers.",
    AttemptEnd.PRIVATE: "If it is meant to be there, set FRONTFOOT_OUTBOX_PRIVATE_NETWORKS=true "
    "for the workers.",
    AttemptEnd.NO_TRUST: "Renew its certificate, or have the workers trust who issued it.",
}
_LOOK_THERE = (
    "Look at that system. It is tried again by itself, and whatever it has not taken after a day "
    "is set aside."
)


SOME_MINUTES = timedelta(minutes=5)
"""An endpoint that has failed for less is tried again soon, and mostly takes it then."""


class EndpointHealth(StrEnum):
    """How an endpoint is, in one word: ``new`` has been sent nothing yet."""

    NEW = "new"
    WORKS = "works"
    FAILS = "fails"
    DISABLED = "disabled"


class SeenEndpoint(Value):
    """An endpoint as people see it. ``failure`` is how the last attempt ended that failed.

    ``problems`` is what somebody should do something about. ``host`` is all of its address that
    lists show.
    """

    name: str
    host: str
    url: str
    events: tuple[str, ...]
    health: EndpointHealth
    waiting: int
    oldest: datetime | None
    set_aside: int
    added_at: datetime
    added_by: str
    rotated_at: datetime | None
    disabled_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    failure: str
    problems: tuple[Explanation, ...]


def seen(endpoint: Endpoint, backlog: Backlog | None) -> SeenEndpoint:
    """``endpoint`` as people see it, with what waits for it."""
    backlog = backlog or Backlog()
    health = _health(endpoint, backlog)
    failure = in_words(endpoint.failure, endpoint.failure_status) if endpoint.failed_at else ""
    return SeenEndpoint(
        name=endpoint.name,
        host=host_of(endpoint.url),
        url=endpoint.url,
        events=tuple(one.value for one in endpoint.events),
        health=health,
        waiting=backlog.waiting,
        oldest=backlog.oldest,
        set_aside=backlog.set_aside,
        added_at=endpoint.added_at,
        added_by=endpoint.added_by,
        rotated_at=endpoint.rotated_at,
        disabled_at=endpoint.disabled_at,
        succeeded_at=endpoint.succeeded_at,
        failed_at=endpoint.failed_at,
        failure=failure,
        problems=tuple(_problems(endpoint, health, failure, backlog)),
    )


def _health(endpoint: Endpoint, backlog: Backlog) -> EndpointHealth:
    if endpoint.disabled_at is not None:
        return EndpointHealth.DISABLED
    if _failed_last(endpoint) or _some_wait(endpoint, backlog):
        return EndpointHealth.FAILS
    return EndpointHealth.NEW if endpoint.succeeded_at is None else EndpointHealth.WORKS


def _failed_last(endpoint: Endpoint) -> bool:
    failed, succeeded = endpoint.failed_at, endpoint.succeeded_at
    return failed is not None and (succeeded is None or failed > succeeded)


def _some_wait(endpoint: Endpoint, backlog: Backlog) -> bool:
    """Whether something has not been taken for a while, whatever became of the rest."""
    failed, oldest = endpoint.failed_at, backlog.oldest
    return failed is not None and oldest is not None and failed - oldest > SOME_MINUTES


def _problems(
    endpoint: Endpoint, health: EndpointHealth, failure: str, backlog: Backlog
) -> list[Explanation]:
    name, found = endpoint.name, list[Explanation]()
    waits = _waits(backlog)
    if endpoint.disabled_at is not None:
        step = NextStep(
            action=Action.ENABLE_WEBHOOK,
            about=name,
            advice="Remove it, or have it take webhooks again and enable it.",
        )
        when = show_moment(endpoint.disabled_at)
        what = f"{name} answered at {when} that it wants nothing more (410), and is disabled."
        if endpoint.disabled_at != endpoint.failed_at:
            what = f"{name} was disabled at {when} by a person, and is sent nothing."
            step = step.model_copy(update={"advice": "Enable it when it is to be told again."})
        found.append(explained(what, step, means=waits))
    elif health is EndpointHealth.FAILS:
        how = "does not take some of what it is sent"
        if endpoint.succeeded_at is None:
            how = "has never taken anything"
        elif _failed_last(endpoint):
            how = f"has taken nothing since {show_moment(endpoint.succeeded_at)}"
        found.append(explained(f"{name} {how}: {failure}", _step(endpoint), means=waits))
    if backlog.set_aside:
        them = "One webhook was" if backlog.set_aside == 1 else f"{backlog.set_aside} webhooks were"
        step = NextStep(
            action=Action.REPLAY_WEBHOOKS, about=name, advice="Send it again once it is taken."
        )
        what = f"{them} not taken by {name} within a day, and set aside."
        if secret_of(endpoint.url):
            what = (
                f"{plural(backlog.set_aside, 'line')} for {name} may not have arrived, and nobody "
                "knows."
            )
            step = step.model_copy(update={"advice": "Look there. Send again what is missing."})
        found.append(explained(what, step))
    return found


def _step(endpoint: Endpoint) -> NextStep:
    room = secret_of(endpoint.url)
    if room:
        return NextStep(
            advice=f"Check the workers' secret {room}, and that service. It is tried again by "
            "itself."
        )
    if endpoint.failure is AttemptEnd.NO_SECRET:
        return NextStep(
            action=Action.ROTATE_WEBHOOK,
            about=endpoint.name,
            advice="The workers have another key than when its secret was made. Give it a new one.",
        )
    return NextStep(advice=_ADVICE.get(endpoint.failure, _LOOK_THERE))


def _waits(backlog: Backlog) -> str:
    if backlog.oldest is None:
        return ""
    verb = "waits" if backlog.waiting == 1 else "wait"
    return (
        f"{plural(backlog.waiting, 'webhook')} {verb}, the oldest since "
        f"{show_moment(backlog.oldest)}."
    )
