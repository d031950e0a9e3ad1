"""Web Push against the worked example of RFC 8291, appendix A."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import orjson
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from domain.web_push import (
    CURVE,
    Pair,
    UnfitKeys,
    authorization,
    check_keys,
    encoded,
    encrypted,
    pair_of,
    public_of,
)

AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
SEALED = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)
NOON = datetime(2026, 10, 26, 12, tzinfo=UTC)


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_example_of_the_rfc_comes_out_byte_by_byte() -> None:
    own = Pair(secret=raw(OURS), public=public_of(raw(OURS)))
    said = b"When I grow up, I want to be a watermelon"
    assert encoded(encrypted(said, THEIRS, AUTH, own, raw(SALT))) == SEALED


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [("", AUTH), (THEIRS, ""), ("B" + "A" * 86, AUTH), (THEIRS[:-2], AUTH), (THEIRS, "é")],
)
def test_what_is_no_key_of_a_browser_is_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(UnfitKeys):
        check_keys(p256dh, auth)


def test_each_service_is_told_who_sends_in_words_that_no_other_takes() -> None:
    pair = pair_of(ec.generate_private_key(CURVE))
    for host in ("push.example.com", "other.example.com:8443"):
        said = authorization(f"https://{host}/send/1", pair.secret, "mailto:ops@example.com", NOON)
        token, _, key = said.removeprefix("vapid t=").partition(", k=")
        head, claims, signature = token.split(".")
        assert orjson.loads(raw(claims)) == {
            "aud": f"https://{host}",
            "exp": int(NOON.timestamp()) + 12 * 3600,
            "sub": "mailto:ops@example.com",
        }
        public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, raw(key))
        r, s = raw(signature)[:32], raw(signature)[32:]
        signed = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
        public.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        with pytest.raises(InvalidSignature):
            public.verify(signed, f"{head}.{claims}x".encode(), ec.ECDSA(SHA256()))
