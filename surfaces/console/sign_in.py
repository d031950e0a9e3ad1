"""Signing in by a link or with a passkey, and signing out.

Opening a link changes nothing: a POST spends it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import JSONResponse, Response

from client.oidc import CALLBACK, begin_oidc, finish_oidc, provider_name
from client.passkey_browser import unusable_at
from client.passkey_sign_in import begin_sign_in, finish_sign_in
from client.recovery_codes import sign_in_with_code
from client.signing_in import LinkSpent, people_of_link, sign_in, sign_out
from domain.people import Member
from surfaces.console.access import (
    came_for,
    challenge_cookie_name,
    cookie_name,
    engine_of,
    forget_what_for,
    oidc_cookie_name,
    origin,
    set_challenge_cookie,
    set_cookie,
    set_oidc_cookie,
    suits,
)
from surfaces.console.failures import Page, Refused, attempted, refused_as_json
from surfaces.console.rendering import page, see

router = APIRouter(route_class=Page)


@router.get("/enter/{token}")
async def show_people(request: Request, token: str) -> Response:
    """Who is it? Changes nothing."""
    people = await attempted(_people(request, token))
    if isinstance(people, Refused):
        return sign_in_page(request, people)
    return page(request, "enter", "Who are you?", token=token, people=people)


@router.post("/enter/{token}")
async def enter(request: Request, token: str, person: Annotated[str, Form()] = "") -> Response:
    """Spend the link, and begin a session with a new id."""
    begun = await attempted(_enter(request, token, person))
    return await _signed_in(request, begun)


@router.post("/sign-in/requests")
async def ask_for_signature(request: Request) -> Response:
    """What the browser has to be asked so that a passkey says who is there."""
    asked = await attempted(begin_sign_in(engine_of(request), origin(request)))
    if isinstance(asked, Refused):
        return refused_as_json(asked)
    answer = JSONResponse({"options": asked.options, "token": ""})
    set_challenge_cookie(request, answer, asked.secret)
    return answer


@router.post("/sign-in")
async def take_signature(request: Request, answer: Annotated[str, Form()] = "") -> Response:
    """Begin a session with a new id for whose passkey has signed in this browser."""
    secret = request.cookies.get(challenge_cookie_name(request), "")
    begun = await attempted(finish_sign_in(engine_of(request), secret, answer, origin(request)))
    response = await _signed_in(request, begun)
    set_challenge_cookie(request, response, "")
    return response


@router.post("/sign-in/recovery")
async def take_code(request: Request, code: Annotated[str, Form()] = "") -> Response:
    """Begin a session for whose recovery code it is; it is spent by that."""
    begun = await attempted(sign_in_with_code(engine_of(request), code))
    if isinstance(begun, Refused):
        return sign_in_page(request, begun, code_refused=True)
    return await _signed_in(request, begun, "/passkeys")


@router.get("/sign-in/oidc")
async def ask_provider(request: Request) -> Response:
    """Lead the browser to the identity provider.

    A GET, since a form that ends on another site would need that site in the page's policy.
    """
    asked = await attempted(begin_oidc(engine_of(request)))
    if isinstance(asked, Refused):
        return sign_in_page(request, asked)
    answer = see(asked.url)
    set_oidc_cookie(request, answer, asked.secret)
    return answer


@router.get(CALLBACK)
async def come_back(request: Request) -> Response:
    """Begin a session with a new id for whom the provider names, in the browser that had asked."""
    secret = request.cookies.get(oidc_cookie_name(request), "")
    begun = await attempted(finish_oidc(engine_of(request), secret, str(request.url)))
    response = await _signed_in(request, begun)
    set_oidc_cookie(request, response, "")
    return response


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    """End the session."""
    await sign_out(engine_of(request), request.cookies.get(cookie_name(request), ""))
    answer = see("/")
    set_cookie(request, answer, "")
    return answer


def sign_in_page(
    request: Request, refused: Refused | None = None, *, code_refused: bool = False
) -> Response:
    """How to sign in, and perhaps why it did not work."""
    return page(
        request,
        "sign_in",
        "Sign in to Frontfoot",
        refused.status if refused else 200,
        explanation=refused.explanation if refused else None,
        unusable=unusable_at(origin(request)),
        code_refused=code_refused,
        provider=provider_name(engine_of(request).settings),
    )


async def _people(request: Request, token: str) -> tuple[Member, ...]:
    _refuse_link_of_elsewhere(request, token)
    return await people_of_link(engine_of(request), token)


async def _enter(request: Request, token: str, person: str) -> str:
    _refuse_link_of_elsewhere(request, token)
    return await sign_in(engine_of(request), token, person)


def _refuse_link_of_elsewhere(request: Request, token: str) -> None:
    if not suits(request, token):
        raise LinkSpent


async def _signed_in(request: Request, begun: str | Refused, then: str = "/") -> Response:
    """Home, or ``then``, with the new session in place of any before, or why there is none."""
    if isinstance(begun, Refused):
        return sign_in_page(request, begun)
    await sign_out(engine_of(request), request.cookies.get(cookie_name(request), ""))
    wanted = came_for(request)
    answer = see(wanted or then)
    if wanted:
        forget_what_for(request, answer)
    set_cookie(request, answer, begun)
    return answer
