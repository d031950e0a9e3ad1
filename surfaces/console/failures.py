"""Refusals in place, and failures as a page: what happened, what it means, what to do next."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from client.errors import (
    NoAnswer,
    NotAllowed,
    UnknownCluster,
    UnknownIncident,
    UnknownMention,
    WrongInput,
    explanation_of,
)
from client.notifications import UnknownNotification
from domain.errors import DecisionRefused, DomainError
from domain.explanation import Explanation, explained
from surfaces.console.access import NotSignedIn, ask_to_sign_in
from surfaces.console.rendering import page
from surfaces.console.uploads import TooLarge
from surfaces.console.wording import button_of

T = TypeVar("T")
_log = logging.getLogger("frontfoot.console")

_STATUS: tuple[tuple[type[BaseException], int], ...] = (
    (UnknownIncident, 404),
    (UnknownMention, 404),
    (UnknownCluster, 404),
    (UnknownNotification, 404),
    (TooLarge, 413),
    (WrongInput, 422),
    (DecisionRefused, 403),
    (NotAllowed, 403),
    (DomainError, 409),
    (NoAnswer, 504),
)


@dataclass(frozen=True)
class Refused:
    """Something was not done: why, and as which HTTP status."""

    explanation: Explanation
    status: int


class Page(APIRoute):
    """A route that answers every failure with a page."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its failures in words."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except HTTPException:
                raise
            except NotSignedIn:
                return ask_to_sign_in(request)
            except RequestValidationError as error:
                return await missing(request, error)
            except Exception as error:  # noqa: BLE001 - logged there, and shown as a number
                return failed(request, error)

        return answer


async def attempted(work: Awaitable[T]) -> T | Refused:
    """What ``work`` returned, or its refusal in words; bugs of ours go through."""
    try:
        return await work
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        return Refused(explanation, _status(error))


def refused_as_json(refused: Refused) -> Response:
    """A refusal for a script that shows it in its place: ``what``, ``means``, ``next``, a link."""
    why = refused.explanation
    said = {"what": why.what, "means": why.means, "next": why.next_step.advice}
    button = button_of(why.next_step)
    link = {"href": button.href, "words": button.words} if button else {}
    return JSONResponse(said | link, refused.status)


def failed(request: Request, error: Exception) -> Response:
    """The page for a failure that no form shows in its place."""
    explanation = explanation_of(error)
    if explanation is None:
        number = secrets.token_hex(4)
        # The text of an unplanned error may hold anything, so a page has only its number.
        _log.error("unplanned error %s at %s", number, request.url.path, exc_info=error)
        explanation = explained(
            f"Something went wrong here (number {number}).",
            "Look at the incident before you repeat it. The console's log has the number.",
        )
        return page(request, "failed", "That did not work", 500, explanation=explanation)
    status = _status(error)
    title = "There is no such page" if status == 404 else "That did not work"
    if isinstance(error, NotAllowed):
        title = "You may not do that"
    return page(request, "failed", title, status, explanation=explanation)


async def missing(request: Request, error: Exception) -> Response:
    """The page for an address that nothing answers, or not in this way."""
    status = error.status_code if isinstance(error, HTTPException) else 404
    explanation = explained("There is nothing at this address.", "Begin at the home page.")
    return page(request, "failed", "There is no such page", status, explanation=explanation)


def _status(error: BaseException) -> int:
    return next((code for kind, code in _STATUS if isinstance(error, kind)), 503)
