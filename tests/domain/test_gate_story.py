"""Decisions, edits, expiries, delegations, break-glass and news, in any order: what opens a gate.

The machine keeps a book of its own, of who said what about which bytes and in whose name. Whether a
gate may be open is judged by that book and not by the gate's own reckoning.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.actor import Actor
from domain.break_glass import judge_override
from domain.delegation import Delegation, delegated, in_force
from domain.errors import DecisionRefused
from domain.escalation import DEFAULT_LADDERS, Escalation
from domain.gate import Decision, Gate, GatePolicy, GateState, Verdict
from domain.judging import judge
from domain.notifications import NotificationState
from domain.severity import Severity

START = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE = {
    "maya": ("comms_lead", "legal"),
    "noor": ("founder",),
    "tomas": ("legal",),
    "ines": ("security", "legal"),
    "sam": ("support",),
    "lee": ("finance",),
}
POLICIES = [
    GatePolicy(roles=("founder", "legal", "security"), quorum=2, must_include=("security",)),
    GatePolicy.model_validate({"roles": ["founder", "legal"], "quorum": "all"}),
    GatePolicy.model_validate({"tiers": [["security", "comms_lead"], ["founder", "legal"]]}),
    GatePolicy(roles=("founder",), expires_after=2 * HOUR),
]
NAMES = st.sampled_from(sorted(PEOPLE))
Said = tuple[str, str, tuple[str, ...]]
"""Who approved, in whose name, as what."""


class GateStory(RuleBasedStateMachine):
    """One gate after another, under one policy."""

    @initialize(policy=st.sampled_from(POLICIES), author=NAMES)
    def propose(self, policy: GatePolicy, author: str) -> None:
        self.policy, self.now, self.number = policy, START, 0
        self.delegations: tuple[Delegation, ...] = ()
        self._put(author)

    def _put(self, author: str) -> None:
        self.number += 1
        ends = self.policy.expires_after
        self.gate = Gate(
            policy=self.policy,
            digest=f"{self.number:064x}"[::-1],
            author=author,
            expires_at=self.now + ends if ends else None,
        )
        self.approved: list[Said] = []
        self.overriding: set[str] = set()
        self.rejected = False
        ladder = DEFAULT_LADDERS[Severity.CRITICAL]
        self.asking = Escalation(message=1, revision=self.number, since=self.now, ladder=ladder)

    @rule(author=NAMES, seldom=st.integers(min_value=0, max_value=5))
    def revise(self, author: str, seldom: int) -> None:
        if seldom == 0:
            self._put(author)

    @rule(by=NAMES)
    def approve(self, by: str) -> None:
        self.decide(by, Verdict.APPROVE, old=False)

    @rule(people=st.lists(NAMES, min_size=2, max_size=4, unique=True))
    def approve_in_turn(self, people: list[str]) -> None:
        for one in people:
            self.decide(one, Verdict.APPROVE, old=False)

    @rule(minutes=st.integers(min_value=1, max_value=90))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def notice_expiry(self) -> None:
        over = self.gate.expires_at is not None and self.now >= self.gate.expires_at
        if over and self.gate.state is GateState.WAITING:
            self.gate = self.gate.model_copy(update={"expired": True})

    @rule(holder=NAMES, to=NAMES, minutes=st.integers(min_value=-5, max_value=60))
    def delegate(self, holder: str, to: str, minutes: int) -> None:
        until, who = self.now + timedelta(minutes=minutes), Actor(person=holder)
        one = Delegation(holder=holder, to=to, until=until, at=self.now, actor=who)
        self.delegations = (*self.delegations, one)

    @rule(person=NAMES, state=st.sampled_from(NotificationState))
    def news(self, person: str, state: NotificationState) -> None:
        self.asking.asks((person,), self.now)
        self.asking.climbed((), self.now)
        self.asking.heard(person, state)

    @rule(by=st.sampled_from(["eve", "sam", "ines"]), old=st.booleans())
    def reject(self, by: str, old: bool) -> None:
        self.decide(by, Verdict.REJECT, old)

    @rule(by=NAMES)
    def approve_what_was_before(self, by: str) -> None:
        self.decide(by, Verdict.APPROVE, old=True)

    def decide(self, by: str, verdict: Verdict, old: bool) -> None:
        with suppress(DecisionRefused):
            decision = judge(
                self.gate,
                actor=Actor(person=by),
                verdict=verdict,
                digest="0" * 64 if old else self.gate.digest,
                roles=PEOPLE,
                at=self.now,
                delegated=delegated(in_force(self.delegations, self.now), PEOPLE),
            )
            self._check(decision, by, old)
            self.gate = self.gate.with_decision(decision)
            if verdict is Verdict.REJECT:
                self.rejected = True
            else:
                self.approved.append((by, decision.on_behalf_of or by, decision.roles))

    def _check(self, decision: Decision, by: str, old: bool) -> None:
        assert not old
        holder = decision.on_behalf_of
        if holder:
            running = [
                one
                for one in self.delegations
                if (one.holder, one.to) == (holder, by) and one.until > self.now
            ]
            assert running, "signed for somebody who has not delegated, or not any more"
        assert set(decision.roles) <= set(PEOPLE[holder or by])

    @rule(by=st.one_of(NAMES, st.just("eve")), why=st.sampled_from(["It cannot wait.", " "]))
    def override(self, by: str, why: str) -> None:
        with suppress(DecisionRefused):
            decision = judge_override(
                self.gate,
                actor=Actor(person=by),
                digest=self.gate.digest,
                roles=PEOPLE,
                at=self.now,
                reason=why,
            )
            assert why.strip()
            assert by in PEOPLE
            self.gate = self.gate.with_override(decision)
            self.overriding.add(by)

    @invariant()
    def only_what_was_approved_is_open(self) -> None:
        if self.gate.state is not GateState.OPEN:
            return
        author = self.gate.author
        assert not self.rejected
        if len(self.overriding - {author}) >= 2:
            return
        signed = [one for one in self.approved if author not in one[:2]]
        # Nobody counts twice, neither themselves nor through somebody else.
        names = [name for by, whose, _ in signed for name in {by, whose}]
        assert len(names) == len(set(names))
        assert len(signed) >= self.policy.quorum
        present = {role for _, _, roles in signed for role in roles}
        assert set(self.policy.must_include) <= present
        for tier, (_, _, roles) in zip(self.policy.tiers, signed, strict=False):
            assert set(tier) & set(roles)
        assert self.gate.missing() == ""


GateStory.TestCase.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)
TestGateStory = GateStory.TestCase
