"""A playbook for stories: small, quick, and with two people for every role."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from domain.escalation import Ladder
from domain.gate import GatePolicy
from domain.holding import Blank, BlankType
from domain.message import MessageKind
from domain.offer import OfferTerms
from domain.playbook import BroadcastPlan, Looking, MessagePlan, Playbook
from domain.playbook_holding import HoldingPlan, StatementPlan
from domain.roster import Person
from domain.severity import Severity

ROSTER = (
    Person(id="maya", roles=("comms_lead",)),
    Person(id="noor", roles=("founder",)),
    Person(id="tomas", roles=("legal",)),
    Person(id="ines", roles=("security",)),
    Person(id="lee", roles=("finance",)),
    Person(id="sam", roles=("support",)),
)

ONE_SIGNATURE = GatePolicy(roles=("founder", "legal", "security"))
TWO_WITH_SECURITY = GatePolicy(
    roles=("founder", "legal", "security"), quorum=2, must_include=("security",)
)
POSTS = ("twitter", "facebook")
HOLDING = HoldingPlan(
    gate=GatePolicy(roles=("founder", "legal")),
    statements=(
        StatementPlan(
            name="first_word",
            kind=MessageKind.ANNOUNCEMENT,
            channels=POSTS,
            released_by=("comms_lead", "support"),
            blanks={"what": Blank(type=BlankType.CHOICE, options=("an outage", "odd posts"))},
        ),
        StatementPlan(
            name="still_working",
            kind=MessageKind.PROGRESS_UPDATE,
            channels=("twitter",),
            released_by=("comms_lead",),
        ),
    ),
)


def a_plan(
    *,
    channels: tuple[str, ...] = POSTS,
    gate: GatePolicy = ONE_SIGNATURE,
    attempts: int = 3,
    looks: int = 2,
    apart: timedelta = timedelta(milliseconds=40),
    broadcast: BroadcastPlan | None = None,
    fresh_for: timedelta = timedelta(hours=12),
    escalation: dict[Severity, Ladder] | None = None,
    holding: bool = False,
) -> Playbook:
    """A plan whose every message goes to ``channels`` behind ``gate``.

    Looks at a platform are milliseconds apart, so that most stories need no time travel for them.
    """

    def plan(must: GatePolicy = gate) -> MessagePlan:
        return MessagePlan(channels=channels, gate=must, fresh_for=fresh_for)

    return Playbook(
        name="stories",
        title="Stories",
        company="Example Co",
        roster=ROSTER,
        messages={
            MessageKind.ANNOUNCEMENT: plan(),
            MessageKind.PROGRESS_UPDATE: plan(),
            MessageKind.RESOLUTION_NOTE: plan(),
            MessageKind.GOODWILL_OFFER: plan(),
            MessageKind.CORRECTION: plan(),
        },
        broadcast=broadcast or BroadcastPlan(),
        looking=Looking(looks=looks, apart=apart),
        attempts=attempts,
        escalation=escalation or {},
        offer=OfferTerms(
            title="10 USD credit",
            worth=Decimal(10),
            currency="USD",
            budget_cap=Decimal(1_000_000),
            expires=date(2027, 1, 1),
        ),
        holding=HOLDING if holding else None,
    )
