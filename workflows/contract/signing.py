"""Signing: decisions, also out of policy, and who decides for somebody else."""

from __future__ import annotations

from datetime import datetime

from domain.actor import Actor
from domain.gate import Verdict
from domain.model import Value
from domain.roster import PersonId


class Decide(Value):
    """Approve or reject the message with this digest; ``digest`` may be a prefix of 8 or more.

    Without ``message`` the digest finds it. ``proof`` is the id of its proof in the ledger: what
    ``actor`` says of a key or a passkey counts only as far as that was verified.
    """

    actor: Actor
    digest: str
    message: int | None = None
    verdict: Verdict = Verdict.APPROVE
    reason: str = ""
    proof: str = ""


class SignalledDecision(Value):
    """The one value of the signals ``approve`` and ``reject``, for any client of Temporal."""

    by: str
    digest: str
    message: int | None = None
    reason: str = ""
    proof: str = ""


class BreakGlass(Value):
    """Ask to open a gate out of policy, or agree to it as the second person; why, in writing."""

    message: int
    actor: Actor
    digest: str
    reason: str
    proof: str = ""


class ReviewGate(Value):
    """Say, with no part in it, what is to be said of a gate that was opened out of policy."""

    message: int
    actor: Actor
    note: str


class Delegate(Value):
    """Give ``to`` the roles of ``holder`` until ``until``; None: end that now."""

    holder: PersonId
    to: PersonId
    until: datetime | None
    actor: Actor
