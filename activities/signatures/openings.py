"""Openings: entering that a gate has opened, without which nothing goes out."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Nothing, Signature
from domain.gate import Decision
from domain.ids import MessageRef
from domain.model import Value
from domain.opening import OpeningKind
from domain.publication import Destination


class OpenGate(Value):
    """Enter that the gate of a message has opened, by these decisions, for these destinations.

    ``at`` is when; the same order again changes nothing. ``kind`` is what the gate lets out.
    """

    message: MessageRef
    digest: str
    destinations: tuple[Destination, ...]
    decisions: tuple[Decision, ...]
    at: datetime
    kind: OpeningKind = OpeningKind.MESSAGE


class RevokeOpening(Value):
    """Let nothing more of a message out: it was withdrawn, or something newer overtook it."""

    message: MessageRef
    at: datetime


OPEN_GATE = Signature("open_gate", OpenGate, Nothing)
REVOKE_OPENING = Signature("revoke_opening", RevokeOpening, Nothing)
