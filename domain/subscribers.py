"""Subscribers of the status page: what their choice covers, and the links in their mail.

A link is signed and has no address in it. It names a subscriber by number, or a request to
subscribe by random letters; opening one changes nothing, because mail scanners open them all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from domain.derived import for_recipients
from domain.errors import DomainError
from domain.message import Document
from domain.model import Value

SUBSCRIBE_PATH = "/subscribe"
"""The page to subscribe, below the public URL; the other pages are below it."""

CONFIRM_PATH = f"{SUBSCRIBE_PATH}/confirm"
MANAGE_PATH = f"{SUBSCRIBE_PATH}/manage"
LEAVE_PATH = f"{SUBSCRIBE_PATH}/unsubscribe"
"""The pages behind the links in mail; a token follows each."""

UNSUBSCRIBE_VALUE, MANAGE_VALUE = "unsubscribe_url", "manage_url"
SUBSCRIBER_FIELDS = frozenset({UNSUBSCRIBE_VALUE, MANAGE_VALUE})
"""What is filled in for each subscriber, in copy for them alone."""

UNSUBSCRIBE_FIELD, MANAGE_FIELD = f"[[{UNSUBSCRIBE_VALUE}]]", f"[[{MANAGE_VALUE}]]"
"""Their places in the copy."""

LINK_WORKS_FOR = timedelta(hours=24)
FORGOTTEN_AFTER = timedelta(days=7)
"""How long a link to confirm works, and when a request that nobody confirmed is removed."""

MAILS_A_DAY = 3
"""The most mails that one address gets because somebody typed it in."""

_SIGNATURE = 16
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
_TOKEN = re.compile(r"([0-9]{1,19})\.([A-Za-z0-9_-]{16})")

CONFIRMATIONS_KEY = hashlib.sha256(b"subscribers/confirmations").hexdigest()[:16]
"""What stands for the key of a broadcast in mails that ask for a confirmation."""


class LinkInvalid(DomainError):
    """A link that is not ours, was used, or has expired."""


class SubscriberView(Value):
    """All that is known of a subscriber, for themselves. ``components`` is empty for all."""

    address: str
    subscribed: bool
    since: str
    source: str
    components: tuple[str, ...] = ()


class SubscriberColumns(NamedTuple):
    """The links of several subscribers, in their order."""

    unsubscribe: list[str]
    manage: list[str]


class SubscriberLinks:
    """Makes the links; ``public_url`` is the address at which people reach the pages."""

    def __init__(self, public_url: str, secret: bytes) -> None:
        self._url = public_url.rstrip("/")
        self._secret = secret

    @property
    def public_url(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        return self._url

    def to_each(self, subscribers: Sequence[int]) -> SubscriberColumns:
        """The two links of each subscriber, safe in a header and in HTML."""
        leave = _signatures(self._secret, LEAVE_PATH, subscribers)
        manage = _signatures(self._secret, MANAGE_PATH, subscribers)
        starts = f"{self._url}{LEAVE_PATH}/", f"{self._url}{MANAGE_PATH}/"
        return SubscriberColumns(
            [f"{starts[0]}{one}.{mark}" for one, mark in zip(subscribers, leave, strict=True)],
            [f"{starts[1]}{one}.{mark}" for one, mark in zip(subscribers, manage, strict=True)],
        )

    def to_confirm(self, nonce: str) -> str:
        """The link that confirms a request to subscribe."""
        return f"{self._url}{CONFIRM_PATH}/{confirm_token(self._secret, nonce)}"


def confirm_token(secret: bytes, nonce: str) -> str:
    """The token for a request with this nonce (22 letters): ``<nonce>.<signature of 96 bits>``."""
    made = hmac.digest(secret, f"{CONFIRM_PATH}|{nonce}".encode(), "sha256")
    return f"{nonce}.{base64.urlsafe_b64encode(made).decode()[:_SIGNATURE]}"


def read_confirm_token(secret: bytes, token: str) -> str:
    """The nonce in a token; ``LinkInvalid`` if we did not make it. Takes constant time."""
    nonce = token.partition(".")[0]
    if _NONCE.fullmatch(nonce) and _same(token, confirm_token(secret, nonce)):
        return nonce
    raise not_ours()


def subscriber_token(secret: bytes, path: str, subscriber: int) -> str:
    """The token of a subscriber for the page at ``path``: ``<number>.<signature of 96 bits>``."""
    return f"{subscriber}.{_signatures(secret, path, [subscriber])[0]}"


def read_subscriber_token(secret: bytes, path: str, token: str) -> int:
    """Which subscriber a token is for; ``LinkInvalid`` if we did not make it for that page."""
    match = _TOKEN.fullmatch(token)
    if match and _same(token, subscriber_token(secret, path, int(match[1]))):
        return int(match[1])
    raise not_ours()


def not_ours() -> LinkInvalid:
    """The answer to a link that cannot be ours."""
    return LinkInvalid(
        "This link is not one of ours, or it was cut off.",
        "Open the whole link from the e-mail once more.",
    )


def touched_components(document: Document) -> tuple[str, ...]:
    """The components whose state the message sets; none if it concerns every subscriber."""
    page = getattr(document, "page", None)
    components = () if page is None else page.components
    return tuple(str(one.name) for one in components if one.state is not None)


def _same(token: str, ours: str) -> bool:
    return hmac.compare_digest(token.encode(), ours.encode())


def _signatures(secret: bytes, path: str, subscribers: Sequence[int]) -> list[str]:
    text = base64.urlsafe_b64encode(for_recipients(secret, path.encode(), subscribers)).decode()
    return [text[at : at + _SIGNATURE] for at in range(0, len(text), _SIGNATURE)]
