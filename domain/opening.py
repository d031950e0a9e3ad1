"""Openings: the ledger's sealed entries that something may go out. The wire checks them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from enum import StrEnum

from domain.model import Value
from domain.sealing import canonical


class OpeningKind(StrEnum):
    """What may go out.

    A ``message`` by its digest, once on each destination. A ``form``: what is made of words with
    a blank that were signed, as replies; ``holding``: the same of holding statements. ``released``:
    one of those, by its digest, which the wire compares with its form.
    """

    MESSAGE = "message"
    FORM = "form"
    HOLDING = "holding"
    RELEASED = "released"


class SealedOpening(Value):
    """The opening of one gate, as it was sealed.

    ``destinations`` are objects with ``channel`` and ``audience``, ``decisions`` the decisions that
    opened the gate, and ``opened_at`` is a text: they are sealed as the ledger has them.
    """

    kind: str
    incident: str
    number: int
    revision: int
    digest: str
    destinations: Sequence[Mapping[str, object]]
    decisions: Sequence[Mapping[str, object]]
    opened_at: str
    key_id: str = ""
    seal: str = ""
    revoked_at: str = ""

    def sealed_digest(self) -> str:
        """SHA-256 of its canonical JSON: what is sealed. Revoking it comes later."""
        content = self.model_dump(mode="json", exclude={"key_id", "seal", "revoked_at"})
        return hashlib.sha256(canonical(content)).hexdigest()

    def covers(self, channel: str, audience: str | None) -> bool:
        """Whether it lets something out on ``channel``, to ``audience``."""
        return any(
            (one.get("channel"), one.get("audience")) == (channel, audience)
            for one in self.destinations
        )
