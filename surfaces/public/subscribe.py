"""The pages by which people subscribe to the status page, and look after that.

A GET only shows. Mail scanners open every link, some of them in a browser, so everything is done
by a button. A few press that, too: so whoever is to get mail from now on ticks a box first, and so
does whoever has everything deleted. Unsubscribing takes one press, as the law of several countries
and RFC 8058 ask. There are no cookies and no login: the token in a link is the authority.
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
from surfaces.public.pages import (
    SHOWN,
    STYLES_PATH,
    SURE,
    Pages,
    choice,
    consent,
    form,
    styles,
    submit,
    wrong,
)
from surfaces.public.sources import WITHIN, Sources

FORM_LIMIT = 16 * 1024
"""Bytes of a form."""

HONEYPOT = "nickname"
"""A field that people do not see, and that programs fill in."""

Form = dict[str, list[str]]
Handler = Callable[[Request], Awaitable[Response]]


class Subscriptions:
    """The handlers of the pages."""

    def __init__(self, subscribing: Subscribing, sources: Sources, pages: Pages) -> None:
        self._subscribing = subscribing
        self._sources = sources
        self._pages = pages

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
                Route(path, self._in_words(show), methods=["GET"]),
                Route(path, self._in_words(do), methods=["POST"]),
            ]
        return made

    async def show_form(self, _: Request) -> Response:
        """The form to subscribe."""
        return await self._form()

    async def _form(
        self, typed: str = "", chosen: tuple[str, ...] = (), lacks: str = ""
    ) -> Response:
        """The form; with what ``lacks``, and what was typed, if it has to be sent again."""
        words = await self._subscribing.words()
        return self._pages.page(
            f"Status updates of {words.company}",
            wrong(lacks)
            + "<p>You get an e-mail when something is wrong, and when it is over.</p>"
            + form(
                '<label>E-mail address<input type="email" name="address" required '
                f'autocomplete="email" maxlength="254" value="{escape(typed)}"></label>'
                f'<div class="other" aria-hidden="true"><label>Leave this empty<input '
                f'name="{HONEYPOT}" tabindex="-1" autocomplete="off"></label></div>',
                choice(words.components, chosen),
                submit("Subscribe"),
            )
            + '<p class="quiet">We send you a link first. Nothing else is sent unless you confirm '
            "it.</p>",
            422 if lacks else 200,
        )

    async def sign_up(self, request: Request) -> Response:
        """Have the address asked; the answer is the same for every address."""
        if not self._sources.may_ask(request):
            return self._pages.said(
                "Too many requests",
                "Somebody at your address has asked too often.",
                "Try again in ten minutes.",
                status=429,
                Retry_After=f"{WITHIN:.0f}",
            )
        sent = await _form(request)
        typed = sent.get("address", [""])[0]
        chosen = sent.get("component", [])
        if not any(sent.get(HONEYPOT, [])):
            try:
                await self._subscribing.ask(typed, chosen)
            except DomainError as error:
                return await self._form(typed, tuple(chosen), f"{error.what} {error.next_step}")
        return self._pages.said(
            "Look into your mailbox",
            "If this address can get mail, a message with a link is on its way.",
            "Open the link within 24 hours and press the button there. If nothing comes, look for "
            "it in the spam folder. An address gets at most three of these messages a day.",
        )

    async def show_request(self, request: Request) -> Response:
        """A box and a button to confirm; changes nothing."""
        return await self._asked(request)

    async def confirm(self, request: Request) -> Response:
        """Subscribe, and lead to the page to look after it."""
        token, sent = _token(request), await _form(request)
        if _unticked(sent):
            return await self._asked(request, "Tick the box if you want to get these e-mails.")
        managed = await self._subscribing.confirm(token)
        return self._pages.page(
            "You are subscribed",
            "<p>You will get an e-mail whenever the status changes.</p>"
            f'<p><a href="{MANAGE_PATH}/{escape(managed)}">Choose what you are told about, or '
            "unsubscribe</a></p>",
        )

    async def _asked(self, request: Request, lacks: str = "") -> Response:
        await self._subscribing.refuse_void(_token(request))
        words = await self._subscribing.words()
        return self._pages.page(
            f"Status updates of {words.company}",
            wrong(lacks)
            + "<p>One more step, and you get an e-mail whenever the status changes.</p>"
            + form(consent("Yes, send me these e-mails"), submit("Confirm"))
            + '<p class="quiet">If you did not ask for this, close the page: nothing is sent, and '
            "the address is deleted after a week.</p>",
            422 if lacks else 200,
        )

    async def show_subscription(self, request: Request) -> Response:
        """All that is known, and what can be changed; changes nothing."""
        return await self._managed(_token(request))

    async def _managed(self, token: str, lacks: str = "") -> Response:
        known = await self._subscribing.read(token)
        words = await self._subscribing.words()
        body = wrong(lacks) + _known(known) + _changes(known, words.components, bool(lacks))
        return self._pages.page("Your subscription", body, 422 if lacks else 200)

    async def change(self, request: Request) -> Response:
        """Choose, unsubscribe, or delete all that is known."""
        token, sent = _token(request), await _form(request)
        match sent.get("do", [""])[0]:
            case "choose":
                await self._subscribing.choose(token, sent.get("component", []))
                return RedirectResponse(f"{MANAGE_PATH}/{token}", status_code=303)
            case "unsubscribe":
                await self._subscribing.leave_managed(token)
                return self._left()
            case "delete" if _unticked(sent):
                return await self._managed(token, "Tick the box if everything is to be deleted.")
            case "delete":
                await self._subscribing.forget(token)
                return self._pages.said(
                    "Everything is deleted", "Nothing is known of your address any more."
                )
        return self._pages.said(
            "That did not work", "Go back and press one of the buttons.", status=422
        )

    async def show_leaving(self, request: Request) -> Response:
        """A button to unsubscribe; changes nothing."""
        self._subscribing.read_leaving(_token(request))
        why = "<p>You will get no more e-mail about the status page.</p>"
        return self._pages.page("Unsubscribe?", why + form(submit("Unsubscribe")))

    async def leave(self, request: Request) -> Response:
        """Unsubscribe at once, as RFC 8058 asks of a mail program's POST."""
        await self._subscribing.leave(_token(request))
        return self._left()

    def _left(self) -> Response:
        return self._pages.said(
            "You are unsubscribed",
            "You will get no more e-mail about the status page.",
            "If you are a customer, you still get mail that concerns your account.",
        )

    def _in_words(self, handler: Handler) -> Handler:
        """``handler``, with every refusal as a page."""

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except LinkInvalid as error:
                return self._pages.said(
                    "That link does not work", error.what, str(error.next_step), status=404
                )
            except DomainError as error:
                return self._pages.said(
                    "That did not work", error.what, str(error.next_step), status=422
                )
            except NotEntered:
                return self._pages.said(
                    "Please try again", "We could not record this just now.", status=503
                )
            except _TooLarge:
                return self._pages.said("That did not work", "The form is too large.", status=413)
            except ClientDisconnect:
                return self._pages.said("That did not work", "The request was cut off.", status=400)

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


def _unticked(sent: Form) -> bool:
    """Whether a form that asks for consent was sent without it.

    A program that posts to a link by itself has seen no box, and is taken at its word.
    """
    return bool(sent.get(SHOWN)) and not sent.get(SURE)


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


def _changes(known: SubscriberView, components: tuple[str, ...], opened: bool) -> str:
    parts = ["<hr>"]
    if known.subscribed and components:
        parts.append(form(choice(components, known.components), submit("Save", "do", "choose")))
    if known.subscribed:
        parts.append(form(submit("Unsubscribe", "do", "unsubscribe", rank="second")))
    deleting = form(
        consent("Yes, delete everything"),
        submit("Delete everything", "do", "delete", rank="last"),
    )
    parts.append(
        f"<hr><details{' open' if opened else ''}><summary>Delete everything</summary><p>The "
        f"address is deleted at once, and cannot be brought back.</p>{deleting}</details>"
    )
    return "".join(parts)
