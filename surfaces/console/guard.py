"""What every request passes: the right host, the right origin, and headers on every answer.

Pure ASGI, because a stream must pass it, too. There is no token in forms: a browser says itself
which page a request comes from, by ``Sec-Fetch-Site`` or, on plain HTTP to another machine, by
``Origin``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEALTH = "/health"
STATIC = "/static/"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
ONLY_READING = "Here the console can only be read: this address has no HTTPS."
_SAFE_METHODS = ("GET", "HEAD")
READS_ONLY = "frontfoot.reads_only"
"""The key in a request's scope: it came in where the console is only read."""

_OPEN_TO_READERS = ("/enter/", "/sign-out")
_OWN_MACHINE = ("127.0.0.1", "[::1]")


class Guard:
    """Refuses what is not meant for ``url``, or was sent by another site's page.

    If ``reads_only``, everything but reading is refused too: that address has no HTTPS.
    """

    def __init__(self, app: ASGIApp, url: str, *, reads_only: bool = False) -> None:
        self._app = app
        self._reads_only = reads_only
        self._url = url
        self._host = urlsplit(url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(MutableHeaders(scope=message), scope["path"], self._url)
            await send(message)

        scope[READS_ONLY] = self._reads_only
        refusal = None if scope["path"] == HEALTH else self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, method = Headers(scope=scope), scope["method"]
        host = headers.get("host", "").lower()
        if host != self._host:
            return self._misdirected(scope, host)
        if self._reads_only and not self._reads(scope):
            return PlainTextResponse(f"{ONLY_READING} Nothing was done.", 403)
        if method in _SAFE_METHODS:
            return None
        site = headers.get("sec-fetch-site")
        if site == "same-origin" or (site is None and headers.get("origin") == self._url):
            return None
        return PlainTextResponse(
            "This form was sent by a page of another site, and nothing was done. Open the console "
            f"at {self._url} and try again there.",
            403,
        )

    def _reads(self, scope: Scope) -> bool:
        path: str = scope["path"]
        return path.startswith(_OPEN_TO_READERS) or (
            scope["method"] in _SAFE_METHODS and not path.startswith("/sign-in/")
        )

    def _misdirected(self, scope: Scope, host: str) -> Response:
        name, _, port = host.rpartition(":")
        wanted, _, own_port = self._host.rpartition(":")
        here = name in _OWN_MACHINE and (wanted, port) == ("localhost", own_port)
        if here and scope["method"] in _SAFE_METHODS:
            # Passkeys are bound to a name, and a session begun there would be worthless here.
            path = scope["raw_path"].decode("latin-1").split("?")[0]
            return RedirectResponse(f"{self._url}/{path.lstrip('/')}", 307)
        return PlainTextResponse(f"The console is at {self._url}.", 421)


def _complete(headers: MutableHeaders, path: str, url: str) -> None:
    headers.setdefault("Content-Security-Policy", CSP)
    headers["X-Content-Type-Options"] = "nosniff"
    # A link to a page is no secret; a link that signs in is, and it is the path.
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if not path.startswith(STATIC):
        headers["Cache-Control"] = "no-store"
    if url.startswith("https:"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
