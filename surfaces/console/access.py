"""Who is asking: the session behind a request, and where those go who have none.

Closed by default: a route is open to strangers only if it is in ``OPEN``.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Literal

from fastapi import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from client.engine import Engine
from client.oidc import CALLBACK
from client.passkey_sign_in import LASTS
from client.signing_in import AT_MOST_FOR, READING, Session, session_of
from domain.actor import Actor
from surfaces.console.guard import READS_ONLY

OPEN = (
    "/",
    "/health",
    "/enter/{token}",
    "/sign-in",
    "/sign-in/requests",
    "/sign-in/recovery",
    "/sign-in/oidc",
    CALLBACK,
    "/sign-out",
)
"""The paths of routes that need nobody signed in."""


_THEN = "frontfoot-then"
"""The cookie with the page that somebody came for. It opens nothing, so it needs no prefix."""


class NotSignedIn(Exception):
    """Nobody is signed in."""


def engine_of(request: Request) -> Engine:
    """The engine of this console."""
    engine: Engine = request.app.state.engine
    return engine


async def signed_in(request: Request) -> Session:
    """The session of a request, a dependency of every page; ``NotSignedIn`` without one."""
    cookie = request.cookies.get(cookie_name(request), "")
    session = await session_of(engine_of(request), cookie) if suits(request, cookie) else None
    if session is None:
        raise NotSignedIn
    request.state.session = session
    return session


async def maybe_signed_in(request: Request) -> Session | None:
    """The session of a request, if there is one."""
    try:
        return await signed_in(request)
    except NotSignedIn:
        return None


def session(request: Request) -> Session:
    """The session that ``signed_in`` has found."""
    found: Session = request.state.session
    return found


def actor(request: Request) -> Actor:
    """Who acts."""
    return session(request).actor


def only_reads(request: Request) -> bool:
    """Whether it came in where the console is only read."""
    return bool(request.scope.get(READS_ONLY))


def suits(request: Request, secret: str) -> bool:
    """Whether what signs somebody in was made for the address at which the request came in."""
    return secret.startswith(READING) == only_reads(request)


def origin(request: Request) -> str:
    """The address of the console's pages, which passkeys are bound to."""
    return engine_of(request).settings.console_url


_NOTIFIED = re.compile(r"/n/[0-9A-Za-z-]{8,9}")
_REMEMBERED_FOR = timedelta(minutes=15)


def ask_to_sign_in(request: Request) -> Response:
    """Lead a page to the sign-in page; a stream or a form is refused, since nobody reads that.

    Whoever came by the link in a notification is led back to it once they are signed in.
    """
    wants_page = request.method in ("GET", "HEAD") and not request.headers.get("hx-request")
    if wants_page and "text/event-stream" not in request.headers.get("accept", ""):
        answer = RedirectResponse("/", 303)
        if _NOTIFIED.fullmatch(request.url.path):
            _set(request, answer, _THEN, request.url.path, _REMEMBERED_FOR, "lax")
        return answer
    return PlainTextResponse("You are signed out. Sign in, then send it again.", 401)


def cookie_name(request: Request) -> str:
    """The session's cookie. Its prefix binds it to this host, where there is HTTPS."""
    if only_reads(request):
        # Cookies do not distinguish ports.
        return "frontfoot-reading"
    return "__Host-frontfoot" if _is_https(request) else "frontfoot-session"


def came_for(request: Request) -> str:
    """The page to which a browser had come before it was asked to sign in; "" if none is known."""
    path = request.cookies.get(_THEN, "")
    return path if _NOTIFIED.fullmatch(path) else ""


def forget_what_for(request: Request, answer: Response) -> None:
    """Have the browser forget it."""
    _set(request, answer, _THEN, "", _REMEMBERED_FOR, "lax")


def set_cookie(request: Request, answer: Response, value: str) -> None:
    """Give the browser the id of a session, or take it away with an empty one."""
    _set(request, answer, cookie_name(request), value, AT_MOST_FOR, "lax")


def set_challenge_cookie(request: Request, answer: Response, value: str) -> None:
    """Give the browser the secret of a challenge, or take it away with an empty one."""
    _set(request, answer, challenge_cookie_name(request), value, LASTS, "strict")


def set_oidc_cookie(request: Request, answer: Response, value: str) -> None:
    """Give the browser the secret of an attempt, or take it away with an empty one.

    Not strict: the browser must send it when the identity provider's page leads back here.
    """
    _set(request, answer, oidc_cookie_name(request), value, LASTS, "lax")


def _set(
    request: Request,
    answer: Response,
    name: str,
    value: str,
    lasts: timedelta,
    sent_along: Literal["lax", "strict"],
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=int(lasts.total_seconds()) if value else 0,
        path="/",
        secure=_is_https(request),
        httponly=True,
        samesite=sent_along,
    )


def oidc_cookie_name(request: Request) -> str:
    """The cookie of a browser that was sent to the identity provider."""
    return "__Host-frontfoot-oidc" if _is_https(request) else "frontfoot-oidc"


def challenge_cookie_name(request: Request) -> str:
    """The cookie of a browser that was asked to sign in with a passkey."""
    return "__Host-frontfoot-challenge" if _is_https(request) else "frontfoot-challenge"


def _is_https(request: Request) -> bool:
    return origin(request).startswith("https:") and not only_reads(request)
