"""The verification key is read however it was copied; what is none is called what it is."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from channels import registry
from channels.configured import ChannelMisconfigured
from channels.sendgrid.verification_key import read_key

VARIABLE = "FRONTFOOT_EMAIL_EVENTS_PUBLIC_KEY"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
SPKI = PublicFormat.SubjectPublicKeyInfo
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, SPKI).decode()
K = base64.b64encode(PRIVATE.public_key().public_bytes(Encoding.DER, SPKI)).decode()
FIRST, SECOND = K[:64], K[64:]

GOOD = {
    "as it is shown": K,
    "white space around it": f"  {K}\t",
    "a line end after it": f"{K}\n",
    "PEM": PEM,
    "PEM on one line": PEM.replace("\n", " "),
    "PEM with CRLF": PEM.replace("\n", "\r\n"),
    "PEM with escaped line ends": PEM.replace("\n", "\\n"),
    "PEM with escaped CRLF in quotes": '"' + PEM.replace("\n", "\\r\\n") + '"',
    "PEM lines without line ends": f"-----BEGIN PUBLIC KEY-----{K}-----END PUBLIC KEY-----",
    "its first PEM line lost": PEM.partition("\n")[2],
    "two lines": f"{FIRST}\n{SECOND}",
    "two lines, indented": f"{FIRST}\r\n    {SECOND}",
    "double quotes": f'"{K}"',
    "single quotes": f"'{K}'",
    "typographic quotes": f"\u201c{K}\u201d",
    "backticks": f"`{K}`",
    "URL-safe": K.translate(str.maketrans("+/", "-_")),
    "URL-safe without padding": K.translate(str.maketrans("+/", "-_")).rstrip("="),
    "without padding": K.rstrip("="),
    "a byte order mark": f"\ufeff{K}",
    "an invisible space": f"{FIRST}\u200b{SECOND}",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_the_key_is_read_however_it_was_copied(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert registry.event_reader("email") is not None
    assert read_key(text) == K


def private(key: PrivateKeyTypes, encoding: Encoding = Encoding.PEM) -> bytes:
    return key.private_bytes(encoding, PrivateFormat.PKCS8, NoEncryption())


def public(key: PrivateKeyTypes) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, SPKI)).decode()


BAD = {
    "last letter missing": (K[:-1], "is not a whole key"),
    "last three letters missing": (K[:-3], "is not a whole key"),
    "last four letters missing": (K[:-4], "is not a whole key"),
    "first letter missing": (K[1:], "is not a whole key"),
    "a letter too many": (f"{K}A", "is not a whole key"),
    "the key twice": (f"{K},{K}", "is not a whole key"),
    "an API key": ("SG.aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbb", "is an API key"),
    "an API key with its name": ("Bearer SG.aaaaaaaa.bbbbbbbb", "is an API key"),
    "a placeholder": ("changeme", "is not a whole key"),
    "the id of a key": ("5f3c2a9e-11d2-4b7e-9c41-1f2e3d4c5b6a", "is not a whole key"),
    "PEM lines alone": ("-----BEGIN PUBLIC KEY-----", "is not a whole key"),
    "a certificate": (PEM.replace("PUBLIC KEY", "CERTIFICATE")[:90], "is not a whole key"),
    "a private key": (private(PRIVATE).decode(), "is a private key"),
    "a private key on one line": (
        base64.b64encode(private(PRIVATE, Encoding.DER)).decode(),
        "is a private key",
    ),
    "an RSA key": (public(rsa.generate_private_key(65537, 2048)), "is an RSA key"),
    "a key of another curve": (public(ec.generate_private_key(ec.SECP384R1())), "of another kind"),
    "an Ed25519 key": (public(ed25519.Ed25519PrivateKey.generate()), "of another kind"),
    "no ASCII": ("sch\u00fcssel", "is not a whole key"),
}


@pytest.mark.parametrize(("text", "says"), BAD.values(), ids=BAD)
def test_what_is_no_key_is_named_with_the_place_of_the_right_one(
    monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ChannelMisconfigured) as caught:
        registry.event_reader("email")
    said = str(caught.value)
    assert (VARIABLE in said, says in said, "Event Webhooks" in said) == (True, True, True)
    assert text not in said
