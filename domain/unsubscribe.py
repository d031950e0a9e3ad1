"""Signed links by which a recipient says "no more of these", without a login or an address.

The link names a recipient by number and a class of message, and carries a signature, so that it
can be forwarded, logged and opened by a mail scanner without telling or doing anything.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from domain.errors import DomainError
from domain.message import MessageClass
from domain.model import Value

_SIGNATURE_BYTES = 12
_PURPOSE = b"unsubscribe|"


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

    def to(self, recipient: int, message_class: MessageClass) -> str:
        """The link by which this recipient leaves the class; safe in a header and in HTML.

        A broadcast makes a million of them.
        """
        content = f"{recipient}.{message_class.value}"
        return f"{self._start}{content}.{_sign(self._secret, content)}"


def leaving_token(secret: bytes, leaving: Leaving) -> str:
    """The token of a link: ``<recipient>.<class>.<signature of 96 bits>``; safe in a path."""
    content = f"{leaving.recipient}.{leaving.message_class}"
    return f"{content}.{_sign(secret, content)}"


def read_leaving_token(secret: bytes, token: str) -> Leaving:
    """Who leaves what by this token; ``DomainError`` if we did not make it. Constant time."""
    content, _, signature = token.rpartition(".")
    number, _, name = content.partition(".")
    genuine = hmac.compare_digest(signature.encode(), _sign(secret, content).encode())
    if not genuine or not number.isdecimal() or name not in tuple(MessageClass):
        raise DomainError(
            "This link is not one of ours, or it was cut off.",
            "Open the whole link from the e-mail once more, or reply to the e-mail.",
        )
    return Leaving(recipient=int(number), message_class=MessageClass(name))


def _sign(secret: bytes, content: str) -> str:
    digest = hmac.digest(secret, _PURPOSE + content.encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode()
