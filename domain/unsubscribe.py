"""Signed links by which a recipient unsubscribes from a class of message, without a login.

A link names a recipient by number and a class of message, and carries a signature. It has no
address, and opening it changes nothing, so it can be forwarded, logged or opened by a mail scanner.
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
"""The placeholder for each recipient's own link; only mail that has links may contain it."""

PATH = "/unsubscribe"
"""The path of the page below the public URL; the token follows it."""


class UnsubscribeRequest(Value):
    """Which recipient unsubscribes from which class of message."""

    recipient: int
    message_class: MessageClass


class UnsubscribeLinks:
    """Makes unsubscribe links; ``public_url`` is the address at which recipients reach the page."""

    def __init__(self, public_url: str, secret: bytes) -> None:
        self._start = f"{public_url.rstrip('/')}{PATH}/"
        self._secret = secret

    def to_each(self, recipients: Sequence[int], message_class: MessageClass) -> list[str]:
        """One link per recipient, for this class of message; safe in a header and in HTML."""
        signatures = _signatures(self._secret, recipients, message_class)
        of_class = message_class.value
        return [
            f"{self._start}{recipient}.{of_class}.{signature}"
            for recipient, signature in zip(recipients, signatures, strict=True)
        ]


def unsubscribe_token(secret: bytes, request: UnsubscribeRequest) -> str:
    """The token of a link: ``<recipient>.<class>.<signature of 96 bits>``; safe in a path."""
    [signature] = _signatures(secret, [request.recipient], request.message_class)
    return f"{request.recipient}.{request.message_class}.{signature}"


def read_unsubscribe_token(secret: bytes, token: str) -> UnsubscribeRequest:
    """What a token asks for; ``DomainError`` if we did not make it. Takes constant time."""
    number, _, rest = token.partition(".")
    name, _, _ = rest.partition(".")
    if _is_number(number) and name in tuple(MessageClass):
        request = UnsubscribeRequest(recipient=int(number), message_class=MessageClass(name))
        if hmac.compare_digest(token.encode(), unsubscribe_token(secret, request).encode()):
            return request
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
