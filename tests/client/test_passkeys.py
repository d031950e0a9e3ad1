"""What a page does with passkeys, from enrolment to a proof that counts, with one in software."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from client import passkeys
from client.engine import Engine
from client.errors import WrongInput
from client.passkey_browser import unusable_at
from domain.errors import DomainError
from domain.gate import GateState, Requirement, Verdict
from domain.message import MessageKind
from domain.message_state import MessagePhase
from domain.passkey import base64url, verify
from domain.proof import Credential, ProofRefused, read_statement
from domain.status import MessageStatus
from sandbox.authenticator import Authenticator
from settings import Settings
from store.kernel.database import Database
from store.people import credentials
from store.record import proofs
from tests.fresh_ledger import empty_ledger, ledger

__all__ = ["empty_ledger", "ledger"]

ORIGIN = "https://console.example.com"
WAITING = MessageStatus(
    number=1,
    kind=MessageKind.ANNOUNCEMENT,
    revision=2,
    author="maya",
    proposed_at=datetime(2026, 10, 26, 12, 0, tzinfo=UTC),
    digest="ab12" * 16,
    phase=MessagePhase.WAITING,
    gate=GateState.WAITING,
    missing="1 more of founder",
    decisions=(),
    approved_at=None,
    told=False,
    audience_count=0,
    codes_worth=None,
    outcomes=(),
    requires=Requirement.PASSKEY,
    signs_as={"noor": ("founder",)},
)


@pytest.fixture
def engine(ledger: Database) -> Engine:
    return Engine(Settings(), ledger=ledger)


@dataclass(frozen=True)
class Namesake(Authenticator):
    """One that calls itself like another."""

    named: bytes = b""

    @property
    def id(self) -> bytes:
        return self.named


async def enrolled(engine: Engine, passkey: Authenticator, person: str = "noor") -> Credential:
    asked = await passkeys.begin_enrolment(engine, person, "Noor Haddad", ORIGIN)
    return await passkeys.finish_enrolment(
        engine,
        person,
        asked.token,
        passkey.create(asked.options, origin=ORIGIN),
        by="maya",
        origin=ORIGIN,
        name="phone",
    )


@pytest.mark.parametrize("maker", [Authenticator.ed25519, Authenticator.es256, Authenticator.rs256])
async def test_a_passkey_that_was_enrolled_signs_a_decision_that_can_be_verified(
    engine: Engine, maker: object
) -> None:
    assert callable(maker)
    passkey: Authenticator = maker()
    credential = await enrolled(engine, passkey)

    asked = await passkeys.begin_signing(
        engine, "site-down", WAITING, "noor", Verdict.APPROVE, ORIGIN
    )
    proof_id = await passkeys.finish_signing(
        engine, asked.token, passkey.get(asked.options, origin=ORIGIN)
    )

    kept = await proofs.load(await engine.ledger(), proof_id)
    assert kept is not None
    said = verify(kept.evidence, credential)
    assert (said.message, said.revision, said.roles) == (1, 2, ("founder",))
    assert asked.options["userVerification"] == "required"
    assert asked.options["allowCredentials"] == [
        {"id": base64url(passkey.id), "type": "public-key"}
    ]


async def test_a_passkey_is_bound_to_the_consoles_host(engine: Engine) -> None:
    credential = await enrolled(engine, Authenticator.es256())

    assert (credential.rp_id, credential.origin) == ("console.example.com", ORIGIN)
    [known] = await credentials.of_person(await engine.ledger(), "noor")
    assert (known.credential, known.created_by) == (credential, "maya")


async def test_an_enrolment_is_finished_once(engine: Engine) -> None:
    asked = await passkeys.begin_enrolment(engine, "noor", "Noor", ORIGIN)
    first, second = (Authenticator.es256().create(asked.options, origin=ORIGIN) for _ in range(2))
    await passkeys.finish_enrolment(engine, "noor", asked.token, first, by="maya", origin=ORIGIN)

    with pytest.raises(ProofRefused, match="finished already"):
        await passkeys.finish_enrolment(
            engine, "noor", asked.token, second, by="maya", origin=ORIGIN
        )


async def test_one_person_cannot_finish_what_was_begun_for_another(engine: Engine) -> None:
    asked = await passkeys.begin_enrolment(engine, "noor", "Noor", ORIGIN)

    with pytest.raises(ProofRefused, match="finished already"):
        await passkeys.finish_enrolment(
            engine,
            "ines",
            asked.token,
            Authenticator.es256().create(asked.options, origin=ORIGIN),
            by="maya",
            origin=ORIGIN,
        )


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"origin": "https://evil.example"}, "another site"),
        ({"rp_id": "evil.example"}, "another host"),
        ({"flags": 0x41}, "did not check who was there"),
        ({"flags": 0x05}, "names another passkey"),
        ({"crossOrigin": True}, "embedded"),
        ({"type": "webauthn.get"}, "not a signature"),
    ],
)
async def test_an_enrolment_of_another_kind_is_refused(
    engine: Engine, how: dict[str, object], why: str
) -> None:
    asked = await passkeys.begin_enrolment(engine, "noor", "Noor", ORIGIN)
    answer = Authenticator.es256().create(asked.options, **{"origin": ORIGIN, **how})

    with pytest.raises(ProofRefused, match=why):
        await passkeys.finish_enrolment(
            engine, "noor", asked.token, answer, by="maya", origin=ORIGIN
        )

    assert await credentials.all_of_them(await engine.ledger()) == []


async def test_the_signature_of_a_passkey_that_nobody_enrolled_is_for_the_incident_to_refuse(
    engine: Engine,
) -> None:
    asked = await passkeys.begin_signing(
        engine, "site-down", WAITING, "noor", Verdict.APPROVE, ORIGIN
    )

    proof_id = await passkeys.finish_signing(
        engine, asked.token, Authenticator.es256().get(asked.options, origin=ORIGIN)
    )

    kept = await proofs.load(await engine.ledger(), proof_id)
    assert kept is not None
    assert (kept.evidence.credential, kept.verified) == ("", None)


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("http://localhost:8092", None),
        ("https://console.example.com", None),
        ("http://console.localhost", None),
        ("http://127.0.0.1:8092", "is a number"),
        ("https://192.168.1.5", "is a number"),
        ("http://console.example.com", "only on pages with HTTPS"),
        ("http://localhost.example.com", "only on pages with HTTPS"),
    ],
)
async def test_where_browsers_use_no_passkeys_none_is_asked_for(
    engine: Engine, origin: str, why: str | None
) -> None:
    if why is None:
        assert unusable_at(origin) is None
        await passkeys.begin_enrolment(engine, "noor", "Noor", origin)
        return
    with pytest.raises(WrongInput, match=why):
        await passkeys.begin_enrolment(engine, "noor", "Noor", origin)


async def test_no_passkey_can_call_itself_like_one_of_somebody_else(engine: Engine) -> None:
    """Whoever signs in with that one would be looked up as the other."""
    hers = Authenticator.es256()
    await enrolled(engine, hers)
    asked = await passkeys.begin_enrolment(engine, "ines", "Ines", ORIGIN)
    own = Authenticator.es256()
    namesake = Namesake(own.public, own.sign, hers.id)
    forged = namesake.create(asked.options, origin=ORIGIN)

    with pytest.raises(DomainError, match="enrolled here already"):
        await passkeys.finish_enrolment(
            engine, "ines", asked.token, forged, by="ines", origin=ORIGIN
        )


async def test_people_see_and_remove_their_own_only(engine: Engine) -> None:
    hers, his = Authenticator.es256(), Authenticator.es256()
    credential = await enrolled(engine, hers)
    other = await enrolled(engine, his, "tomas")

    assert [one.credential for one in await passkeys.passkeys_of(engine, "noor")] == [credential]
    with pytest.raises(WrongInput, match="no such passkey"):
        await passkeys.remove_passkey(engine, "noor", other.id)
    await passkeys.remove_passkey(engine, "noor", credential.id)

    assert await passkeys.passkeys_of(engine, "noor") == []
    assert not await passkeys.has_passkey(engine, "noor", ORIGIN)
    assert await passkeys.has_passkey(engine, "tomas", ORIGIN)
    with pytest.raises(WrongInput, match="no such passkey"):
        await passkeys.remove_passkey(engine, "noor", credential.id)


@pytest.mark.parametrize("answer", [None, {}, [], {"id": "x", "response": {"signature": "!"}}])
async def test_an_answer_that_cannot_be_read_is_refused_in_words(
    engine: Engine, answer: object
) -> None:
    asked = await passkeys.begin_signing(
        engine, "site-down", WAITING, "noor", Verdict.REJECT, ORIGIN
    )

    with pytest.raises(DomainError, match="cannot be read"):
        await passkeys.finish_signing(engine, asked.token, answer)


async def test_what_was_signed_for_one_request_does_not_fit_another(engine: Engine) -> None:
    passkey = Authenticator.es256()
    credential = await enrolled(engine, passkey)
    one, other = [
        await passkeys.begin_signing(engine, "site-down", WAITING, "noor", verdict, ORIGIN)
        for verdict in (Verdict.APPROVE, Verdict.REJECT)
    ]

    proof_id = await passkeys.finish_signing(
        engine, other.token, passkey.get(one.options, origin=ORIGIN)
    )

    kept = await proofs.load(await engine.ledger(), proof_id)
    assert kept is not None
    assert read_statement(kept.evidence.statement).verdict is Verdict.REJECT
    with pytest.raises(ProofRefused, match="something else"):
        verify(kept.evidence, credential)
