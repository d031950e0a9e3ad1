"""What each operation needs: the one place where the API decides whose token may use it.

Closed by default: an operation without a line here answers nobody, and fails a test. A token needs
the scope, and its person the ability; what a gate takes is the gate's to judge.
"""

from __future__ import annotations

from typing import NamedTuple

from fastapi import Request

from client.abilities import refuse_unable
from client.engine import Engine
from client.errors import NotAllowed
from client.tokens import Bearer, bearer_of
from domain.abilities import Ability
from domain.actor import Actor
from domain.explanation import Action, NextStep, explained
from domain.tokens import Scope

BASE = "/api/v1"
_INCIDENT = "/incidents/{slug}"
_MESSAGE = _INCIDENT + "/messages/{number}"


class Rule(NamedTuple):
    """The scope that a token needs, None for any token, and the ability that its person needs.

    ``reads``: a POST that changes nothing, and is one to keep an address or words out of the URL.
    ``uploads``: a POST whose body is a file.
    """

    scope: Scope | None
    ability: Ability | None = None
    reads: bool = False
    uploads: bool = False


RULES: dict[str, Rule] = {
    "GET /token": Rule(None),
    "GET /playbooks": Rule(Scope.INCIDENTS_READ),
    "GET /incidents": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}/facts": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}/notifications": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}/deadlines": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}/deadlines/{{regulation}}": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}/messages": Rule(Scope.INCIDENTS_READ),
    f"GET {_MESSAGE}": Rule(Scope.INCIDENTS_READ),
    f"GET {_INCIDENT}/broadcasts": Rule(Scope.INCIDENTS_READ),
    "GET /page": Rule(Scope.INCIDENTS_READ),
    "GET /people/on-call": Rule(Scope.INCIDENTS_READ),
    "POST /incidents": Rule(Scope.INCIDENTS_WRITE, Ability.OPEN),
    f"GET {_INCIDENT}/scorecard": Rule(Scope.INCIDENTS_READ),
    f"POST {_INCIDENT}/severities": Rule(Scope.INCIDENTS_WRITE, Ability.STEER),
    f"POST {_INCIDENT}/releases": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    "GET /holding-statements": Rule(Scope.INCIDENTS_READ),
    f"POST {_INCIDENT}/stages": Rule(Scope.INCIDENTS_WRITE, Ability.STEER),
    f"POST {_INCIDENT}/audiences": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    f"POST {_INCIDENT}/facts": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    f"POST {_INCIDENT}/deadlines/notifications": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    f"POST {_INCIDENT}/previews": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE, reads=True),
    f"POST {_INCIDENT}/messages": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    f"POST {_MESSAGE}/previews": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE, reads=True),
    f"POST {_MESSAGE}/revisions": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    "POST /notifications/{code}/acknowledge": Rule(Scope.INCIDENTS_WRITE),
    f"GET {_MESSAGE}/tests": Rule(Scope.INCIDENTS_READ),
    f"POST {_MESSAGE}/tests": Rule(Scope.INCIDENTS_WRITE, Ability.PROPOSE),
    f"POST {_MESSAGE}/withdrawal": Rule(Scope.INCIDENTS_WRITE, Ability.STEER),
    f"POST {_INCIDENT}/closure": Rule(Scope.INCIDENTS_WRITE, Ability.STEER),
    f"POST {_MESSAGE}/statements": Rule(Scope.DECISIONS_WRITE),
    f"POST {_MESSAGE}/decisions": Rule(Scope.DECISIONS_WRITE),
    f"POST {_MESSAGE}/overrides": Rule(Scope.DECISIONS_WRITE),
    f"POST {_MESSAGE}/review": Rule(Scope.DECISIONS_WRITE),
    f"POST {_INCIDENT}/delegations": Rule(Scope.DECISIONS_WRITE),
    f"POST {_INCIDENT}/stops": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    f"POST {_INCIDENT}/resumptions": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    "GET /channels": Rule(Scope.INCIDENTS_READ),
    "POST /channels/{channel}/quarantine": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    "POST /channels/{channel}/quarantine-lift": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    f"POST {_MESSAGE}/broadcast-actions": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    f"POST {_MESSAGE}/retries": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    f"POST {_MESSAGE}/settlements": Rule(Scope.BROADCASTS_WRITE, Ability.STEER),
    "GET /audiences": Rule(Scope.AUDIENCES_READ),
    "GET /audiences/{name}": Rule(Scope.AUDIENCES_READ),
    "GET /suppressions/counts": Rule(Scope.AUDIENCES_READ),
    "GET /subscribers/counts": Rule(Scope.AUDIENCES_READ),
    "GET /suppressions": Rule(Scope.PEOPLE_READ, Ability.SEE_ADDRESSES),
    "GET /subscribers": Rule(Scope.PEOPLE_READ, Ability.SEE_ADDRESSES),
    f"POST {_INCIDENT}/recipient-lookups": Rule(
        Scope.PEOPLE_READ, Ability.SEE_ADDRESSES, reads=True
    ),
    f"GET {_INCIDENT}/recipients.csv": Rule(Scope.PEOPLE_READ, Ability.SEE_ADDRESSES),
    "POST /suppressions": Rule(Scope.PEOPLE_WRITE, Ability.IMPORT),
    "POST /suppressions/removals": Rule(Scope.PEOPLE_WRITE, Ability.IMPORT),
    "POST /subscribers/deletions": Rule(Scope.PEOPLE_WRITE, Ability.IMPORT),
    "POST /audiences/{name}/imports": Rule(Scope.IMPORTS_WRITE, Ability.IMPORT, uploads=True),
    "POST /suppressions/imports": Rule(Scope.IMPORTS_WRITE, Ability.IMPORT, uploads=True),
    "POST /code-pools/{pool}/imports": Rule(Scope.IMPORTS_WRITE, Ability.IMPORT, uploads=True),
    "GET /imports/{import_id}": Rule(Scope.IMPORTS_WRITE, Ability.IMPORT),
    f"GET {_INCIDENT}/codes.csv": Rule(Scope.CODES_READ, Ability.IMPORT),
    "GET /events": Rule(Scope.EVENTS_READ),
    f"GET {_INCIDENT}/events": Rule(Scope.EVENTS_READ),
    f"GET {_INCIDENT}/record.json": Rule(Scope.EVENTS_READ),
    "GET /mentions": Rule(Scope.MENTIONS_READ),
    "GET /mentions/clusters": Rule(Scope.MENTIONS_READ),
    "GET /mentions/coverage": Rule(Scope.MENTIONS_READ),
    "GET /mentions/plan": Rule(Scope.MENTIONS_READ),
    "GET /mentions/{number}": Rule(Scope.MENTIONS_READ),
    "GET /sources": Rule(Scope.MENTIONS_READ),
    "POST /mentions/{number}/dismissal": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "GET /replies": Rule(Scope.MENTIONS_READ),
    "GET /replies/{number}": Rule(Scope.MENTIONS_READ),
    "POST /replies": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /mentions/{number}/replies": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /replies/{number}/agreement": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /replies/{number}/withdrawal": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /replies/{number}/settlement": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /mentions/{number}/claim": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /mentions/{number}/cluster": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /mentions/clusters/{number}/replies": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
    "POST /mentions/clusters/{number}/name": Rule(Scope.MENTIONS_WRITE, Ability.ANSWER),
}
"""By method and path below ``BASE``."""


class NoToken(Exception):
    """Nobody is known who asks; ``given``: there was a token, and it opens nothing."""

    def __init__(self, *, given: bool) -> None:
        super().__init__()
        self.explanation = explained(
            "This token does not work: it was removed, has expired, or never was one."
            if given
            else "This needs a token, in the header Authorization: Bearer ff_….",
            NextStep(action=Action.LIST_TOKENS, advice="See which there are, or make another."),
            means="Nothing was done.",
        )
        self.given = given


class ScopeMissing(NotAllowed):
    """The token does not have the scope that this needs."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        super().__init__(
            explained(
                f"This needs a token with the scope {scope.value}, and this one does not have it.",
                NextStep(action=Action.CREATE_TOKEN, advice="Make another one that has it."),
                means=f"That scope lets a token {scope.in_words}. Nothing was done.",
            )
        )


def rule_of(request: Request) -> Rule:
    """The rule of the operation that was asked for."""
    path: str = request.scope["route"].path
    return RULES[f"{request.method} {path.removeprefix(BASE)}"]


async def admit(request: Request) -> Bearer:
    """Whose token it is; raises ``NoToken``, ``ScopeMissing`` and ``NotAllowed``."""
    rule = rule_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    given = scheme.lower() == "bearer"
    found = await bearer_of(whole_engine(request), secret.strip()) if given else None
    if found is None:
        raise NoToken(given=given)
    if rule.scope is not None and rule.scope not in found.token.scopes:
        raise ScopeMissing(rule.scope)
    if rule.ability is not None:
        refuse_unable(found.person, rule.ability, found.everybody)
    request.state.bearer = found
    return found


def bearer(request: Request) -> Bearer:
    """Whoever ``admit`` has let in."""
    found: Bearer = request.state.bearer
    return found


def actor(request: Request) -> Actor:
    """Who acts."""
    return bearer(request).actor


def whole_engine(request: Request) -> Engine:
    """The engine of this API."""
    engine: Engine = request.app.state.engine
    return engine


def engine_of(request: Request) -> Engine:
    """The engine for this request: where it changes something, a repeat of it counts once."""
    engine: Engine = getattr(request.state, "engine", None) or whole_engine(request)
    return engine
