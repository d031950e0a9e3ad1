"""Signed links by which a recipient says "no more of these", without a login or an address.

The link names a recipient by number and a class of message, and carries a signature, so that it
can be forwarded, logged and opened by a mail scanner without telling or doing anything.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from domain.derived import for_recipients
from domain.errors import DomainError
from domain.message import MessageClass
from domain.model import Value

_SIGNATURE = 16
"""Letters of a signature: 96 bits in base 64."""

_LONGEST_NUMBER = 19

FIELD = "[[unsubscribe_url]]"
"""Where each recipient's own link goes in copy; only mail that has links may hold it."""

PATH = "/unsubscribe"
"""Where the page is, below the public URL; the token follows."""


class Leaving(Value):
    """Who wants no more messages of which class."""

    recipient: int
    message_class: MessageClass


class LeavingLinks:
    """Makes the links by which recipients leave; ``public_url`` is where they reach the page."""

    def __init__(self, public_url: str, secret: bytes) -> None:
        self._start = f"{public_url.rstrip('/')}{PATH}/"
        self._secret = secret

    def to_each(self, recipients: Sequence[int], message_class: MessageClass) -> list[str]:
        """The link by which each recipient leaves the class; safe in a header and in HTML."""
        signatures = _signatures(self._secret, recipients, message_class)
        of_class = message_class.value
        return [
            f"{self._start}{recipient}.{of_class}.{signature}"
            for recipient, signature in zip(recipients, signatures, strict=True)
        ]


def leaving_token(secret: bytes, leaving: Leaving) -> str:
    """The token of a link: ``<recipient>.<class>.<signature of 96 bits>``; safe in a path."""
    [signature] = _signatures(secret, [leaving.recipient], leaving.message_class)
    return f"{leaving.recipient}.{leaving.message_class}.{signature}"


def read_leaving_token(secret: bytes, token: str) -> Leaving:
    """Who leaves what by this token; ``DomainError`` if we did not make it. Constant time."""
    number, _, rest = token.partition(".")
    name, _, _ = rest.partition(".")
    if _is_number(number) and name in tuple(MessageClass):
        leaving = Leaving(recipient=int(number), message_class=MessageClass(name))
        if hmac.compare_digest(token.encode(), leaving_token(secret, leaving).encode()):
            return leaving
    raise DomainError(
        "This link is not one of ours, or it was cut off.",
        "Open the whole link from the e-mail once more, or reply to the e-mail.",
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _signatures(secret: bytes, recipients: Sequence[int], message_class: MessageClass) -> list[str]:
    purpose = f"unsubscribe|{message_class.value}".encode()
    text = base64.urlsafe_b64encode(for_recipients(secret, purpose, recipients)).decode()
    return [text[at : at + _SIGNATURE] for at in range(0, len(text), _SIGNATURE)]
