"""Who may sign, what a signature is worth, and what people are told when it is worth nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from domain.actor import Actor
from domain.errors import DecisionRefused
from domain.gate import Decision, Gate, GatePolicy, GateState, Verdict
from domain.judging import judge

DIGEST = "ab12" * 16
OTHER_DIGEST = "cd34" * 16
NOW = datetime(2013, 10, 26, 14, 5, tzinfo=UTC)
ROLES = {
    "maya": ("comms_lead", "legal"),
    "noor": ("founder",),
    "tomas": ("legal",),
    "ines": ("security", "legal"),
    "sam": ("support",),
}
TWO_WITH_SECURITY = GatePolicy(
    roles=("founder", "legal", "security"), quorum=2, must_include=("security",)
)


def gate(policy: GatePolicy = TWO_WITH_SECURITY, author: str = "maya") -> Gate:
    return Gate(policy=policy, digest=DIGEST, author=author)


def decide(
    one: Gate, by: str, verdict: Verdict = Verdict.APPROVE, digest: str = DIGEST, reason: str = ""
) -> Gate:
    decision = judge(
        one,
        actor=Actor(person=by),
        verdict=verdict,
        digest=digest,
        roles=ROLES,
        at=NOW,
        reason=reason,
    )
    return one.with_decision(decision)


def test_a_gate_opens_when_enough_people_with_the_right_roles_have_signed() -> None:
    assert decide(decide(gate(), "ines"), "noor").state is GateState.OPEN


def test_one_signature_of_two_leaves_the_gate_waiting() -> None:
    assert decide(gate(), "ines").state is GateState.WAITING


def test_two_signatures_without_the_role_that_must_be_there_leave_the_gate_waiting() -> None:
    assert decide(decide(gate(), "noor"), "tomas").state is GateState.WAITING


def test_one_person_with_two_roles_counts_as_one_person() -> None:
    policy = GatePolicy(roles=("legal", "security"), quorum=2)
    assert decide(gate(policy), "ines").state is GateState.WAITING


def test_one_rejection_closes_the_gate_whoever_has_approved() -> None:
    rejected = decide(decide(gate(), "ines"), "noor", Verdict.REJECT)
    assert rejected.state is GateState.REJECTED


def test_a_signature_on_another_digest_is_worth_nothing_even_if_it_is_recorded() -> None:
    stray = Decision(
        actor=Actor(person="ines"),
        verdict=Verdict.APPROVE,
        digest=OTHER_DIGEST,
        roles=("security",),
        at=NOW,
    )
    one = gate(GatePolicy(roles=("security",))).with_decision(stray)
    assert (one.state, one.missing()) == (GateState.WAITING, "1 more of security")


def test_an_authors_approval_is_worth_nothing_even_if_it_is_recorded() -> None:
    own = Decision(
        actor=Actor(person="maya"), verdict=Verdict.APPROVE, digest=DIGEST, roles=("legal",), at=NOW
    )
    assert gate(GatePolicy(roles=("legal",))).with_decision(own).state is GateState.WAITING


@pytest.mark.parametrize(
    ("by", "verdict", "digest", "words"),
    [
        ("ines", Verdict.APPROVE, OTHER_DIGEST, "it was edited since"),
        ("ines", Verdict.APPROVE, DIGEST[:7], "8 or more hexadecimal digits"),
        ("ines", Verdict.APPROVE, "", "8 or more hexadecimal digits"),
        ("ines", Verdict.APPROVE, "not-a-digest", "8 or more hexadecimal digits"),
        ("ines", Verdict.APPROVE, DIGEST + "0", "it was edited since"),
        ("eve", Verdict.APPROVE, DIGEST, "not in this incident's roster"),
        ("sam", Verdict.APPROVE, DIGEST, "has none of the roles"),
        ("sam", Verdict.REJECT, DIGEST, "has none of the roles"),
        ("maya", Verdict.APPROVE, DIGEST, "cannot approve it"),
    ],
)
def test_a_decision_that_may_not_count_is_refused_with_the_reason(
    by: str, verdict: Verdict, digest: str, words: str
) -> None:
    with pytest.raises(DecisionRefused, match=words):
        decide(gate(), by, verdict, digest)


def test_nobody_signs_twice() -> None:
    with pytest.raises(DecisionRefused, match="has decided here already"):
        decide(decide(gate(), "ines"), "ines")


def test_a_released_gate_takes_no_decisions_and_says_who_made_them() -> None:
    released = gate().model_copy(update={"released": True})
    with pytest.raises(DecisionRefused, match="already approved beforehand"):
        decide(released, "noor")


def test_an_open_gate_takes_no_more_decisions() -> None:
    opened = decide(decide(gate(), "ines"), "noor")
    with pytest.raises(DecisionRefused, match="already approved by noor at 14:05 UTC"):
        decide(opened, "tomas", Verdict.REJECT)


def test_a_prefix_of_eight_digits_names_a_digest_and_the_whole_one_is_recorded() -> None:
    assert decide(gate(), "ines", digest="  AB12AB12 ").decisions[0].digest == DIGEST


def test_an_author_may_withdraw_their_message_by_rejecting_it() -> None:
    assert decide(gate(), "maya", Verdict.REJECT).state is GateState.REJECTED


def test_a_long_reason_is_cut_so_that_no_history_swells() -> None:
    rejected = decide(gate(), "noor", Verdict.REJECT, reason="x" * 10_000)
    assert len(rejected.decisions[0].reason) == 500


@pytest.mark.parametrize(
    ("signed", "missing"),
    [
        ((), "2 more of founder or legal or security; security must be among them"),
        (("ines",), "1 more of founder or legal or security"),
        (("noor",), "1 more of founder or legal or security; security must be among them"),
        (("noor", "tomas"), "1 more of founder or legal or security; security must be among them"),
        (("noor", "ines"), ""),
    ],
)
def test_people_are_told_whose_signature_is_missing(signed: tuple[str, ...], missing: str) -> None:
    one = gate()
    for person in signed:
        one = decide(one, person)
    assert one.missing() == missing


def test_a_policy_cannot_demand_a_role_that_may_not_sign() -> None:
    with pytest.raises(ValueError, match="may not sign here"):
        GatePolicy(roles=("legal",), must_include=("finance",))


def test_a_decision_without_a_time_zone_is_not_taken() -> None:
    with pytest.raises(ValueError, match="no zone"):
        judge(
            gate(),
            actor=Actor(person="ines"),
            verdict=Verdict.APPROVE,
            digest=DIGEST,
            roles=ROLES,
            at=datetime(2013, 10, 26, 14, 5),  # noqa: DTZ001 - the mistake under test
        )
