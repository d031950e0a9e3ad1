"""A proof counts for exactly the decision that was signed, and for nothing else."""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain.actor import Actor, AuthenticatedBy
from domain.errors import DecisionRefused
from domain.gate import Decision, Gate, GatePolicy, GateState, Requirement, Verdict
from domain.judging import judge
from domain.passkey import verify
from domain.proof import Evidence, ProofRefused, refuse_other
from sandbox.authenticator import Authenticator
from tests.proving import key_of, passkey_of, signed_by_key, signed_by_passkey, statement

NOW = datetime(2026, 10, 26, 12, 5, tzinfo=UTC)
MAKERS = {
    "EdDSA": Authenticator.ed25519,
    "ES256": Authenticator.es256,
    "RS256": Authenticator.rs256,
}
PASSKEY = Authenticator.es256()


def test_what_a_key_signed_is_verified_with_its_public_half_alone() -> None:
    assert verify(signed_by_key(statement()), key_of()) == statement()


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_what_a_passkey_signed_is_verified_with_its_public_half_alone(maker: object) -> None:
    assert callable(maker)
    passkey: Authenticator = maker()

    assert verify(signed_by_passkey(statement(), passkey), passkey_of(passkey)) == statement()


def test_the_signature_of_another_key_counts_for_nothing() -> None:
    forged = signed_by_key(statement(), Ed25519PrivateKey.generate())

    with pytest.raises(ProofRefused, match="not one of the enrolled key"):
        verify(forged, key_of())


def test_the_signature_of_another_passkey_counts_for_nothing() -> None:
    forged = signed_by_passkey(statement(), Authenticator.es256())

    with pytest.raises(ProofRefused, match="not one of the enrolled passkey"):
        verify(forged, passkey_of(PASSKEY))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"incident": "site-up"}, "another incident"),
        ({"message": 2}, "another message"),
        ({"revision": 2}, "another revision"),
        ({"digest": "cd34" * 16}, "other words"),
        ({"verdict": Verdict.REJECT}, "another verdict"),
        ({"person": "ines"}, "somebody else"),
        ({"roles": ("legal",)}, "other roles"),
    ],
)
def test_a_proof_of_another_decision_is_refused_by_its_difference(
    changes: dict[str, object], what: str
) -> None:
    with pytest.raises(ProofRefused, match=what):
        refuse_other(statement(**changes), statement())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"origin": "http://localhost:9000"}, "another site"),
        ({"origin": "https://localhost:8092"}, "another site"),
        ({"origin": "http://localhost:8092.evil.example"}, "another site"),
        ({"rp_id": "evil.example"}, "another host"),
        ({"flags": 0x04}, "anybody was there"),
        ({"flags": 0x01}, "did not check who was there"),
        ({"crossOrigin": True}, "embedded"),
        ({"crossOrigin": "false"}, "embedded"),
        ({"topOrigin": "https://evil.example"}, "embedded"),
        ({"type": "webauthn.create"}, "not a signature"),
        ({"challenge": "AAAA"}, "something else"),
    ],
)
def test_a_passkey_that_was_asked_in_another_way_is_refused(
    changes: dict[str, object], why: str
) -> None:
    asked = signed_by_passkey(statement(), PASSKEY, **changes)  # type: ignore[arg-type]

    with pytest.raises(ProofRefused, match=why):
        verify(asked, passkey_of(PASSKEY))


def test_a_browser_that_says_nothing_of_an_embedding_page_is_believed() -> None:
    given_in = signed_by_passkey(statement(), PASSKEY)
    assert b'"crossOrigin":false' in given_in.client_data

    silent = PASSKEY.answer(
        statement().challenge(), origin="http://localhost:8092", rp_id="localhost"
    )
    client_data = silent.client_data.replace(b',"crossOrigin":false', b"")
    without = _resigned(given_in, client_data)

    assert verify(without, passkey_of(PASSKEY)) == statement()


def test_a_name_that_is_there_twice_is_refused() -> None:
    given_in = signed_by_passkey(statement(), PASSKEY)
    twice = given_in.client_data.replace(
        b'"origin":', b'"origin":"https://evil.example","origin":', 1
    )

    with pytest.raises(ProofRefused, match="cannot be read"):
        verify(_resigned(given_in, twice), passkey_of(PASSKEY))


def _resigned(evidence: Evidence, client_data: bytes) -> Evidence:
    signature = PASSKEY.sign(evidence.authenticator_data + hashlib.sha256(client_data).digest())
    return evidence.model_copy(update={"client_data": client_data, "signature": signature})


KEY_SIGNED = signed_by_key(statement())
PASSKEY_SIGNED = signed_by_passkey(statement(), PASSKEY)
PARTS = ["statement", "signature", "authenticator_data", "client_data"]


@given(st.sampled_from(PARTS), st.integers(min_value=0), st.integers(1, 255))
def test_no_byte_of_a_passkeys_proof_can_be_changed(part: str, place: int, by: int) -> None:
    _refuses_changed(PASSKEY_SIGNED, part, place, by)


@given(st.sampled_from(PARTS[:2]), st.integers(min_value=0), st.integers(1, 255))
def test_no_byte_of_a_keys_proof_can_be_changed(part: str, place: int, by: int) -> None:
    _refuses_changed(KEY_SIGNED, part, place, by)


def _refuses_changed(evidence: Evidence, part: str, place: int, by: int) -> None:
    content = bytearray(getattr(evidence, part))
    content[place % len(content)] ^= by
    changed = evidence.model_copy(update={part: bytes(content)})
    credential = key_of() if evidence is KEY_SIGNED else passkey_of(PASSKEY)

    with pytest.raises(ProofRefused):
        verify(changed, credential)


def test_one_decision_has_one_spelling() -> None:
    loose = statement().canonical().replace(b",", b", ", 1)

    with pytest.raises(ProofRefused, match="one form"):
        verify(KEY_SIGNED.model_copy(update={"statement": loose}), key_of())


# --- the gate ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requires", "method", "counts"),
    [
        (Requirement.NONE, AuthenticatedBy.NONE, True),
        (Requirement.NONE, AuthenticatedBy.PASSKEY, True),
        (Requirement.KEY, AuthenticatedBy.NONE, False),
        (Requirement.KEY, AuthenticatedBy.SESSION, False),
        (Requirement.KEY, AuthenticatedBy.TOKEN, False),
        (Requirement.KEY, AuthenticatedBy.KEY, True),
        (Requirement.KEY, AuthenticatedBy.PASSKEY, True),
        (Requirement.PASSKEY, AuthenticatedBy.SESSION, False),
        (Requirement.PASSKEY, AuthenticatedBy.KEY, False),
        (Requirement.PASSKEY, AuthenticatedBy.PASSKEY, True),
    ],
)
def test_a_gate_counts_what_is_proven_as_it_requires(
    requires: Requirement, method: AuthenticatedBy, counts: bool
) -> None:
    gate = Gate(policy=_policy(requires), digest="ab12" * 16, author="maya")
    deciding = pytest.raises(DecisionRefused, match="This gate requires")

    with contextlib.nullcontext() if counts else deciding:
        decided = judge(
            gate,
            actor=Actor(person="noor", authenticated_by=method),
            verdict=Verdict.APPROVE,
            digest=gate.digest,
            roles={"noor": ("founder",)},
            at=NOW,
        )
        assert gate.with_decision(decided).state is GateState.OPEN


def test_a_decision_without_a_proof_opens_no_gate_that_requires_one_however_it_got_there() -> None:
    stray = Decision(
        actor=Actor(person="noor"),
        verdict=Verdict.APPROVE,
        digest="ab12" * 16,
        roles=("founder",),
        at=NOW,
    )
    gate = Gate(
        policy=_policy(Requirement.KEY), digest=stray.digest, author="maya", decisions=(stray,)
    )

    assert gate.state is GateState.WAITING


def _policy(requires: Requirement) -> GatePolicy:
    return GatePolicy(roles=("founder",), requires=requires)
