"""Whatever people do, in whatever order: what is published was approved, byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from domain.actor import Actor
from domain.errors import DecisionRefused, DomainError
from domain.gate import Gate, GatePolicy, Verdict
from domain.judging import judge
from domain.message import Copy, Document, MessageKind
from domain.message_state import MessageState
from domain.publication import Destination

NOW = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
PEOPLE = {
    "maya": ("comms_lead", "legal"),
    "noor": ("founder",),
    "tomas": ("legal",),
    "ines": ("security", "legal"),
    "sam": ("support",),
}
POLICIES = [
    GatePolicy(roles=("founder", "legal", "security"), quorum=1),
    GatePolicy(roles=("founder", "legal", "security"), quorum=2, must_include=("security",)),
    GatePolicy(roles=("legal",), quorum=3),
]


class ApprovalStory(RuleBasedStateMachine):
    """Edits, signals for old and new digests, and attempts to publish, in any order.

    The machine keeps a book of its own: who said what about which bytes. What gets published is
    judged by that book and not by the gate's.
    """

    @initialize(policy=st.sampled_from(POLICIES), author=st.sampled_from(sorted(PEOPLE)))
    def propose(self, policy: GatePolicy, author: str) -> None:
        self.policy = policy
        self.said: list[tuple[str, Verdict, str]] = []
        self.authors: dict[str, str] = {}
        self.published: list[tuple[str, int]] = []
        self.seen: list[str] = []
        self.revision = 0
        self._put("We are sorry.", author)

    def _put(self, text: str, author: str) -> None:
        self.revision += 1
        self.document = Document(
            incident="site-down",
            number=1,
            revision=self.revision,
            kind=MessageKind.ANNOUNCEMENT,
            proposed_at=NOW,
            copies=(Copy(channel="twitter", text=text),),
        )
        self.message = MessageState(
            number=1,
            kind=self.document.kind,
            ordinal=1,
            revision=self.revision,
            author=author,
            proposed_at=NOW,
            gate=Gate(policy=self.policy, digest=self.document.digest(), author=author),
            destinations=(Destination(channel="twitter"),),
        )
        self.authors[self.message.digest] = author
        self.seen.append(self.message.digest)

    @rule(text=st.sampled_from(["a", "b", "We are sorry."]), author=st.sampled_from(sorted(PEOPLE)))
    def revise(self, text: str, author: str) -> None:
        self._put(text, author)

    @rule(
        by=st.sampled_from([*sorted(PEOPLE), "eve"]),
        verdict=st.sampled_from(Verdict),
        which=st.integers(min_value=0, max_value=30),
        digits=st.sampled_from([8, 12, 64]),
    )
    def decide(self, by: str, verdict: Verdict, which: int, digits: int) -> None:
        digest = self.seen[which % len(self.seen)]
        try:
            decision = judge(
                self.message.gate,
                actor=Actor(person=by),
                verdict=verdict,
                digest=digest[:digits],
                roles=PEOPLE,
                at=NOW,
            )
        except DecisionRefused:
            return
        self.said.append((by, verdict, digest))
        gate = self.message.gate.with_decision(decision)
        self.message = self.message.model_copy(update={"gate": gate})

    @rule()
    def publish(self) -> None:
        try:
            self.message.refuse_unopened()
        except DomainError:
            return
        if self.document.digest() == self.message.digest:
            self.published.append((self.document.digest(), len(self.said)))

    @invariant()
    def only_what_was_approved_is_published(self) -> None:
        for digest, said_so_far in getattr(self, "published", []):
            about = [one for one in self.said[:said_so_far] if one[2] == digest]
            signers = {by for by, verdict, _ in about if verdict is Verdict.APPROVE}
            roles = {role for by in signers for role in PEOPLE.get(by, ())}
            assert not any(verdict is Verdict.REJECT for _, verdict, _ in about)
            assert self.authors[digest] not in signers
            assert all(set(PEOPLE.get(by, ())) & set(self.policy.roles) for by in signers)
            assert len(signers) >= self.policy.quorum
            assert set(self.policy.must_include) <= roles


ApprovalStory.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, database=None
)
TestNoOrderOfSignalsAndEditsPublishesSomethingUnapproved = ApprovalStory.TestCase


def test_the_story_does_publish_once_the_people_have_signed() -> None:
    """The machine above would also be content if nothing was ever published."""
    story = ApprovalStory()
    story.propose(POLICIES[1], "maya")
    story.decide("ines", Verdict.APPROVE, 0, 64)
    story.publish()
    story.decide("noor", Verdict.APPROVE, 0, 8)
    story.publish()
    assert [digest for digest, _ in story.published] == [story.document.digest()]


def test_an_edit_after_the_last_signature_takes_the_approval_away() -> None:
    story = ApprovalStory()
    story.propose(POLICIES[0], "maya")
    story.decide("noor", Verdict.APPROVE, 0, 64)
    story.revise("And one more thing.", "maya")
    story.publish()
    assert story.published == []
