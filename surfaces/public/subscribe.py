"""The pages by which people subscribe to the status page, and look after that.

A GET only shows. Mail scanners open every link, some of them in a browser, so everything is done
by a button. There are no cookies and no login: the token in a link is the authority.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from client.errors import NotEntered
from client.subscriptions import Subscribing
from domain.errors import DomainError
from domain.subscribers import (
    CONFIRM_PATH,
    LEAVE_PATH,
    MANAGE_PATH,
    SUBSCRIBE_PATH,
    LinkInvalid,
    SubscriberView,
)
from surfaces.public.pages import STYLES_PATH, button, choice, page, said, styles, submit
from surfaces.public.sources import WITHIN, Sources

FORM_LIMIT = 16 * 1024
"""Bytes of a form."""

HONEYPOT = "nickname"
"""A field that people do not see, and that programs fill in."""

Form = dict[str, list[str]]
Handler = Callable[[Request], Awaitable[Response]]


class Subscriptions:
    """The handlers of the pages."""

    def __init__(self, subscribing: Subscribing, sources: Sources) -> None:
        self._subscribing = subscribing
        self._sources = sources

    def routes(self) -> list[Route]:
        """GET shows, POST does."""

        async def stylesheet(_: Request) -> Response:
            return styles()

        pages: dict[str, tuple[Handler, Handler]] = {
            f"{CONFIRM_PATH}/{{token}}": (self.show_request, self.confirm),
            f"{MANAGE_PATH}/{{token}}": (self.show_subscription, self.change),
            f"{LEAVE_PATH}/{{token}}": (self.show_leaving, self.leave),
        }
        if self._subscribing.takes_sign_ups:
            pages[f"{SUBSCRIBE_PATH}/"] = (self.show_form, self.sign_up)
        made = [Route(STYLES_PATH, stylesheet, methods=["GET"])]
        for path, (show, do) in pages.items():
            made += [
                Route(path, _in_words(show), methods=["GET"]),
                Route(path, _in_words(do), methods=["POST"]),
            ]
        return made

    async def show_form(self, _: Request) -> Response:
        """The form to subscribe."""
        words = await self._subscribing.words()
        return page(
            f"Status updates of {words.company}",
            "<p>You get an e-mail when something is wrong, and when it is over.</p>"
            '<form method="post"><label>E-mail address<input type="email" name="address" required '
            'autocomplete="email" maxlength="254"></label>'
            f'<div class="other" aria-hidden="true"><label>Leave this empty<input '
            f'name="{HONEYPOT}" tabindex="-1" autocomplete="off"></label></div>'
            f"{choice(words.components, ())}{submit('Subscribe')}</form>"
            "<p>We send you a link first. Nothing else is sent unless you confirm it.</p>",
        )

    async def sign_up(self, request: Request) -> Response:
        """Have the address asked; the answer is the same for every address."""
        if not self._sources.may_ask(request):
            return said(
                "Too many requests",
                "Somebody at your address has asked too often.",
                "Try again in ten minutes.",
                status=429,
                Retry_After=f"{WITHIN:.0f}",
            )
        form = await _form(request)
        typed = form.get("address", [""])[0]
        if not any(form.get(HONEYPOT, [])):
            await self._subscribing.ask(typed, form.get("component", []))
        return said(
            "Look into your mailbox",
            "If this address can get mail, a message with a link is on its way.",
            "Open the link within 24 hours and press the button there. If nothing comes, look for "
            "it in the spam folder. An address gets at most three of these messages a day.",
        )

    async def show_request(self, request: Request) -> Response:
        """A button to confirm; changes nothing."""
        await self._subscribing.refuse_void(_token(request))
        words = await self._subscribing.words()
        why = "<p>Press the button to get an e-mail whenever the status changes.</p>"
        return page(f"Status updates of {words.company}", why + button("Confirm"))

    async def confirm(self, request: Request) -> Response:
        """Subscribe, and lead to the page to look after it."""
        managed = await self._subscribing.confirm(_token(request))
        return page(
            "You are subscribed",
            "<p>You will get an e-mail whenever the status changes.</p>"
            f'<p><a href="{MANAGE_PATH}/{escape(managed)}">Choose what you are told about, or '
            "unsubscribe</a></p>",
        )

    async def show_subscription(self, request: Request) -> Response:
        """All that is known, and what can be changed; changes nothing."""
        known = await self._subscribing.read(_token(request))
        words = await self._subscribing.words()
        return page("Your subscription", _known(known) + _changes(known, words.components))

    async def change(self, request: Request) -> Response:
        """Choose, unsubscribe, or delete all that is known."""
        token, form = _token(request), await _form(request)
        match form.get("do", [""])[0]:
            case "choose":
                await self._subscribing.choose(token, form.get("component", []))
                return RedirectResponse(f"{MANAGE_PATH}/{token}", status_code=303)
            case "unsubscribe":
                await self._subscribing.leave_managed(token)
                return _left()
            case "delete":
                await self._subscribing.forget(token)
                return said("Everything is deleted", "Nothing is known of your address any more.")
        return said("That did not work", "Go back and press one of the buttons.", status=422)

    async def show_leaving(self, request: Request) -> Response:
        """A button to unsubscribe; changes nothing."""
        self._subscribing.read_leaving(_token(request))
        why = "<p>You will get no more e-mail about the status page.</p>"
        return page("Unsubscribe?", why + button("Unsubscribe"))

    async def leave(self, request: Request) -> Response:
        """Unsubscribe at once, as RFC 8058 asks of a mail program's POST."""
        await self._subscribing.leave(_token(request))
        return _left()


def _in_words(handler: Handler) -> Handler:
    """``handler``, with every refusal as a page."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except LinkInvalid as error:
            return said("That link does not work", error.what, str(error.next_step), status=404)
        except DomainError as error:
            return said("That did not work", error.what, str(error.next_step), status=422)
        except NotEntered:
            return said("Please try again", "We could not record this just now.", status=503)
        except _TooLarge:
            return said("That did not work", "The form is too large.", status=413)
        except ClientDisconnect:
            return said("That did not work", "The request was cut off.", status=400)

    return answer


class _TooLarge(Exception):
    """A form that nobody could have filled in."""


async def _form(request: Request) -> Form:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_LIMIT:
            raise _TooLarge
    # A lone surrogate, or a NUL, is nothing that an address or a component has.
    text = body.decode("utf-8", "replace").replace("%00", "")
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        raise _TooLarge from None


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token


def _left() -> Response:
    return said(
        "You are unsubscribed",
        "You will get no more e-mail about the status page.",
        "If you are a customer, you still get mail that concerns your account.",
    )


def _known(known: SubscriberView) -> str:
    state = "Subscribed" if known.subscribed else "Unsubscribed"
    how = {"page": "on this page", "import": "elsewhere, and brought here"}.get(known.source, "")
    rows = {
        "Address": known.address,
        "State": f"{state} since {known.since}",
        "Signed up": how,
        "You chose": ", ".join(known.components) or "everything",
    }
    shown = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in rows.items())
    return f"<p>This is all that is known of you here.</p><dl>{shown}</dl>"


def _changes(known: SubscriberView, components: tuple[str, ...]) -> str:
    parts = []
    if known.subscribed and components:
        chosen = f"{choice(components, known.components)}{submit('Save', 'do', 'choose')}"
        parts.append(f'<form method="post">{chosen}</form>')
    if known.subscribed:
        parts.append(button("Unsubscribe", "do", "unsubscribe"))
    parts.append(
        "<details><summary>Delete everything</summary><p>The address is deleted at once, and "
        f"cannot be brought back.</p>{button('Delete everything', 'do', 'delete')}</details>"
    )
    return "".join(parts)
