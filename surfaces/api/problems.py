"""Failures as problem details (RFC 9457), each made of an explanation."""

from __future__ import annotations

import logging
import secrets

from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from client.errors import (
    EndedUnclosed,
    NoAnswer,
    NoLedger,
    NotAllowed,
    OtherLedger,
    UnknownCluster,
    UnknownIncident,
    UnknownMention,
    WrongInput,
    explanation_of,
)
from client.messages import NoSuchMessage
from client.notifications import UnknownNotification
from client.recipient import InvalidAddress
from client.requests import KeyReused, UnderWay
from domain.errors import DomainError
from domain.explanation import Explanation, explained
from surfaces.api.access import NoToken, ScopeMissing
from surfaces.api.shapes import Shown, Step
from surfaces.console.uploads import TooLarge as FileTooLarge

MEDIA_TYPE = "application/problem+json"
REFUSED = 409
"""The status of what a rule has said no to."""

RETRY_AFTER = 5
"""Seconds until it is worth trying again, where something is away."""

_log = logging.getLogger("frontfoot.api")


class NotThere(DomainError):
    """There is nothing of that name."""


class BadRequest(WrongInput):
    """The request itself is not one, whatever it asks for."""


class TooLarge(WrongInput):
    """The body is larger than any request needs."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"The body has more than {most // 1024:,} KB, which is the most that is taken.",
            "Send less.",
            means="Nothing of it was read.",
        )


class Fault(Shown):
    """One thing wrong in one place of a request."""

    where: str = Field(description="Such as `body.title` or `query.limit`.")
    what: str


class Problem(Shown):
    """Why something was not done: what happened, what it means, what to do next."""

    type: str = Field(description="Which kind of problem it is, for programs.")
    title: str = Field(description="What happened.")
    status: int
    detail: str = Field("", description="What it means.")
    next_step: Step | None = None
    errors: list[Fault] = Field(default_factory=list)


_KINDS: tuple[tuple[type[BaseException], int, str], ...] = (
    (NoToken, 401, "no-token"),
    (ScopeMissing, 403, "scope-missing"),
    (NotAllowed, 403, "not-allowed"),
    (NoLedger, 503, "unavailable"),
    (OtherLedger, 503, "unavailable"),
    (UnknownIncident, 404, "not-found"),
    (UnknownMention, 404, "not-found"),
    (UnknownCluster, 404, "not-found"),
    (UnknownNotification, 404, "not-found"),
    (NoSuchMessage, 404, "not-found"),
    (NotThere, 404, "not-found"),
    (BadRequest, 400, "bad-request"),
    (TooLarge, 413, "too-large"),
    (FileTooLarge, 413, "too-large"),
    (KeyReused, 422, "key-reused"),
    (WrongInput, 422, "invalid"),
    (UnderWay, 409, "under-way"),
    (InvalidAddress, 422, "invalid"),
    (EndedUnclosed, REFUSED, "refused"),
    (DomainError, REFUSED, "refused"),
    (NoAnswer, 504, "outcome-unknown"),
)
_OF_HTTP = {404: "not-found", 405: "method-not-allowed", 400: "bad-request"}


def type_of(kind: str) -> str:
    """The type of a problem, as programs compare it."""
    return f"urn:frontfoot:problem:{kind}"


def answer_to(error: Exception) -> Response:
    """The answer to a request that failed."""
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    told = error.explanation if isinstance(error, NoToken) else explanation_of(error)
    if told is None:
        return _unplanned(error)
    status, kind = next(
        ((code, kind) for one, code, kind in _KINDS if isinstance(error, one)),
        (503, "unavailable"),
    )
    headers: dict[str, str] = {}
    if isinstance(error, NoToken):
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if error.given else "Bearer"
    elif isinstance(error, ScopeMissing):
        headers["WWW-Authenticate"] = (
            f'Bearer error="insufficient_scope", scope="{error.scope.value}"'
        )
    elif status == 503 or isinstance(error, UnderWay):
        headers["Retry-After"] = str(1 if isinstance(error, UnderWay) else RETRY_AFTER)
    return _answer(status, kind, told, headers)


def _answer(
    status: int,
    kind: str,
    told: Explanation,
    headers: dict[str, str] | None = None,
    errors: list[Fault] | None = None,
) -> Response:
    problem = Problem(
        type=type_of(kind),
        title=told.what,
        status=status,
        detail=told.means,
        next_step=Step.of(told.next_step),
        errors=errors or [],
    )
    return Response(problem.model_dump_json(), status, headers, MEDIA_TYPE)


def _invalid(error: RequestValidationError) -> Response:
    """Each place that is wrong, and never what was sent there: it may be an address."""
    faults = [
        Fault(where=".".join(str(part)[:60] for part in one["loc"]), what=str(one["msg"]))
        for one in error.errors()
    ]
    told = explained(
        "This request cannot be read.",
        "Correct what `errors` names; /api/v1/openapi.json says what is taken.",
        means="Nothing was done.",
    )
    return _answer(422, "invalid", told, errors=faults)


def _of_http(error: HTTPException) -> Response:
    words = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
    }
    told = explained(
        words.get(error.status_code, "This request cannot be read."),
        "See /api/v1/openapi.json for what there is.",
        means="Nothing was done.",
    )
    kind = _OF_HTTP.get(error.status_code, "bad-request")
    return _answer(error.status_code, kind, told, dict(error.headers or {}))


def _unplanned(error: Exception) -> Response:
    number = secrets.token_hex(4)
    # The text of an unplanned error may hold anything, so the answer has only its number.
    _log.error("unplanned error %s in the API", number, exc_info=error)
    told = explained(
        f"Something went wrong here (number {number}).",
        "Look at the incident before you repeat it. The console's log has the number.",
    )
    return _answer(500, "unplanned", told)
