"""The unsubscribe page: one click in the mail program, or a button in the browser.

RFC 8058 requires a POST that works without cookies and without a second step. A GET only shows the
page: mail scanners open every link, and must not unsubscribe anybody.
"""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from client.errors import NotEntered
from client.unsubscribe import Unsubscriber
from domain.errors import DomainError
from domain.message import MessageClass
from domain.unsubscribe import PATH

_WHAT = {
    MessageClass.GOODWILL: "You will get no more offers, and no other mail that is not about your "
    "safety. If your account or your data is in danger, we will still tell you.",
    MessageClass.SAFETY: "You will get no more mail from us at all, not even if your account or "
    "your data is in danger.",
}

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 34rem;
  margin: 12vh auto; padding: 0 1.2rem }}
button {{ font: inherit; padding: .7rem 1.4rem; border-radius: .5rem;
  border: 1px solid; cursor: pointer }}
</style></head><body><main><h1>{title}</h1>{body}</main></body></html>
"""


class Unsubscribing:
    """The two handlers behind an unsubscribe link."""

    def __init__(self, links: Unsubscriber) -> None:
        self._links = links

    def routes(self) -> list[Route]:
        """GET shows, POST does."""
        path = f"{PATH}/{{token}}"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.unsubscribe, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """Show what the button does; changes nothing."""
        try:
            asked = self._links.read(request.path_params["token"])
        except DomainError as error:
            return _page("That link does not work", f"{error.what} {error.next_step}", 404)
        body = (
            f"<p>{escape(_WHAT[asked.message_class])}</p>"
            '<form method="post"><button>Unsubscribe</button></form>'
        )
        return HTMLResponse(_PAGE.format(title="Unsubscribe?", body=body), headers=_HEADERS)

    async def unsubscribe(self, request: Request) -> Response:
        """Unsubscribe at once; a repeat changes nothing."""
        try:
            asked = await self._links.unsubscribe(request.path_params["token"])
        except DomainError as error:
            return _page("That link does not work", f"{error.what} {error.next_step}", 404)
        except NotEntered:
            return _page("Please try again", "We could not record this just now.", 503)
        return _page("You are unsubscribed", _WHAT[asked.message_class], 200)


_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def _page(title: str, detail: str, status: int) -> Response:
    html = _PAGE.format(title=escape(title), body=f"<p>{escape(detail)}</p>")
    return HTMLResponse(html, status_code=status, headers=_HEADERS)
