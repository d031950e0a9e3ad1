"""The outbox: what is due for an endpoint, sent."""

from __future__ import annotations

from activities.signatures.signature import Signature
from domain.model import Value


class SendDue(Value):
    """Send an endpoint what is due; ``endpoint`` is its name."""

    endpoint: str


class DueSent(Value):
    """In how many seconds the next item is due; None if nothing waits that could be sent."""

    again_in: float | None = None


SEND_DUE = Signature("send_due", SendDue, DueSent)
