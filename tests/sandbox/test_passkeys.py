"""Passkeys of people who are played: what the sandbox signs, others can verify."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

ORIGIN = "http://localhost:8092"


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_a_passkey_signs_what_a_page_asks_for(sandbox: Any) -> None:
    new = {"origin": ORIGIN, "options": {"challenge": "AAAA", "rp": {"id": "localhost"}}}
    made = sandbox.http.post("/_sandbox/passkeys", json=new)
    assert made.status_code == 201
    asked = {"origin": ORIGIN, "options": {"challenge": "BBBB", "rpId": "localhost"}}

    answer = sandbox.http.post(f"/_sandbox/passkeys/{made.json()['id']}/signatures", json=asked)

    assert answer.status_code == 201
    said = {name: bytes_of(text) for name, text in answer.json()["response"].items()}
    client = json.loads(said["clientDataJSON"])
    assert (client["challenge"], client["origin"]) == ("BBBB", ORIGIN)
    key = load_der_public_key(bytes_of(made.json()["response"]["publicKey"]))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    signed = said["authenticatorData"] + hashlib.sha256(said["clientDataJSON"]).digest()
    key.verify(said["signature"], signed, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "order", [{}, {"origin": ORIGIN, "options": {}}, {"origin": ORIGIN, "options": {"rp": 1}}]
)
def test_what_is_no_request_of_a_page_makes_no_passkey(sandbox: Any, order: object) -> None:
    assert sandbox.http.post("/_sandbox/passkeys", json=order).status_code == 400


def test_a_passkey_that_was_never_made_signs_nothing(sandbox: Any) -> None:
    asked = {"origin": ORIGIN, "options": {"challenge": "BBBB", "rpId": "localhost"}}
    answer = sandbox.http.post("/_sandbox/passkeys/AAAA/signatures", json=asked)
    assert answer.status_code == 404
