"""Signatures agree with the examples of RFC 5849 and of X's documentation."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx
from pydantic import SecretStr

from channels.twitter.oauth1 import SignedRequests, UserKeys, authorization, sign, signature_base

# RFC 5849, section 1.2: the photo that is asked for with token credentials.
PHOTO = "http://photos.example.net/photos?file=vacation.jpg&size=original"
PHOTO_FIELDS = {
    "oauth_consumer_key": "dpf43f3p2l4k3l03",
    "oauth_token": "nnch734d00sl2jdk",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "137131202",
    "oauth_nonce": "chapoH",
}

# X's documentation, "Creating a signature": a post by form, whose fields are signed too.
POST = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true"
POST_FIELDS = {
    "status": "Hello Ladies + Gentlemen, a signed OAuth request!",
    "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
    "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": "1318622958",
    "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "oauth_version": "1.0",
}
CONSUMER_SECRET = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
TOKEN_SECRET = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"

KEYS = UserKeys(
    SecretStr(POST_FIELDS["oauth_consumer_key"]),
    SecretStr(CONSUMER_SECRET),
    SecretStr(POST_FIELDS["oauth_token"]),
    SecretStr(TOKEN_SECRET),
)


def test_the_example_of_the_rfc_gets_its_signature() -> None:
    base = signature_base("get", PHOTO, PHOTO_FIELDS.items())
    assert sign(base, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00") == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


def test_the_example_of_x_gets_its_signature() -> None:
    base = signature_base("POST", POST, POST_FIELDS.items())
    assert sign(base, CONSUMER_SECRET, TOKEN_SECRET) == "hCtSmYh+iHYCEqBWrE7C7hYmtUk="


def test_the_base_string_of_the_rfc_is_made_exactly() -> None:
    """Section 3.4.1.1: doubled names, empty values, escapes, upper-case host, default port."""
    fields = [
        ("oauth_consumer_key", "9djdj82h48djs9d2"),
        ("oauth_token", "kkk9d7dh3k39sjv7"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131201"),
        ("oauth_nonce", "7d8f3e4a"),
        ("c2", ""),
        ("a3", "2 q"),
    ]
    url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"
    assert signature_base("POST", url, fields) == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D"
        "%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce"
        "%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26"
        "oauth_token%3Dkkk9d7dh3k39sjv7"
    )


def test_a_port_that_is_not_the_default_is_signed() -> None:
    assert "%3A8443%2F" in signature_base("GET", "https://localhost:8443/", [])


def test_a_json_body_takes_no_part_in_the_signature() -> None:
    auth = SignedRequests(KEYS, nonce=lambda: "n", clock=lambda: 1.0)
    url = "https://api.x.com/2/tweets"
    requests = [httpx.Request("POST", url, json={"text": text}) for text in ("one", "two")]
    first, second = (next(auth.auth_flow(one)).headers["authorization"] for one in requests)
    assert first == second


def test_the_header_names_every_field_once_and_escapes_it() -> None:
    header = authorization("GET", PHOTO, KEYS, nonce="a b", timestamp=7)
    fields = dict(re.findall(r'(\w+)="([^"]*)"', header))
    assert header.startswith("OAuth ")
    assert set(fields) == set(POST_FIELDS) - {"status"} | {"oauth_signature"}
    assert unquote(fields["oauth_nonce"]) == "a b"
    assert " " not in fields["oauth_nonce"]


def test_keys_do_not_show_when_printed() -> None:
    assert CONSUMER_SECRET not in repr(KEYS)
    assert TOKEN_SECRET not in repr(KEYS)
