"""Checking OAuth 1.0a signatures: the standard's own examples, and everything that is refused."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest

from sandbox.oauth1 import parse_header, signature


def test_the_example_of_rfc_5849_is_signed_as_printed_there() -> None:
    parameters = [
        ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
        ("oauth_token", "nnch734d00sl2jdk"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131202"),
        ("oauth_nonce", "chapoH"),
        ("file", "vacation.jpg"),
        ("size", "original"),
    ]
    url = "http://photos.example.net/photos"
    made = signature("GET", url, parameters, "kd94hf93k423kf44", "pfkkdhi9sl3r4s00")
    assert made == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


def test_the_example_of_xs_documentation_is_signed_as_printed_there() -> None:
    parameters = [
        ("status", "Hello Ladies + Gentlemen, a signed OAuth request!"),
        ("include_entities", "true"),
        ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
        ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "1318622958"),
        ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
        ("oauth_version", "1.0"),
    ]
    made = signature(
        "POST",
        "https://api.twitter.com/1.1/statuses/update.json",
        parameters,
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    assert made == "hCtSmYh+iHYCEqBWrE7C7hYmtUk="


_NONCES = iter(range(1_000_000))


def header(method: str, url: str, **changes: str | None) -> str:
    """A header signed with the sandbox's secrets; a change of None leaves a parameter out."""
    base, _, query = url.partition("?")
    given: dict[str, str | None] = {
        "oauth_consumer_key": "sandbox-consumer-key",
        "oauth_nonce": f"nonce{next(_NONCES)}",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
        "oauth_token": "sandbox-token",
        "oauth_version": "1.0",
    }
    given.update({k: v for k, v in changes.items() if k != "oauth_signature"})
    kept = {k: v for k, v in given.items() if v is not None}
    pairs = [tuple(pair.split("=", 1)) for pair in query.split("&") if pair]
    signed = [*kept.items(), *[(k, v) for k, v in pairs]]
    made = signature(method, base, signed, "sandbox-consumer-secret", "sandbox-token-secret")
    kept["oauth_signature"] = changes.get("oauth_signature") or made
    return "OAuth " + ", ".join(f'{k}="{quote(v, safe="")}"' for k, v in sorted(kept.items()))


def me(sandbox: Any, authorization: str) -> int:
    answer = sandbox.http.get("/2/users/me", headers={"Authorization": authorization})
    return int(answer.status_code)


def test_a_request_signed_with_the_right_secrets_is_let_in(sandbox: Any) -> None:
    assert me(sandbox, header("GET", f"{sandbox.url}/2/users/me")) == 200


def test_query_parameters_are_part_of_the_signature(sandbox: Any) -> None:
    url = f"{sandbox.url}/2/users/7000000001/tweets?max_results=5"
    signed = {"Authorization": header("GET", url)}
    assert sandbox.http.get(url, headers=signed).status_code == 200
    signed = {"Authorization": header("GET", url)}
    assert sandbox.http.get(url.replace("=5", "=6"), headers=signed).status_code == 401


def test_a_json_body_is_not_part_of_the_signature(sandbox: Any) -> None:
    url = f"{sandbox.url}/2/tweets"
    signed = {"Authorization": header("POST", url)}
    assert sandbox.http.post(url, json={"text": "hello"}, headers=signed).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"oauth_consumer_key": "someone-else"},
        {"oauth_consumer_key": None},
        {"oauth_token": "other-token"},
        {"oauth_token": None},
        {"oauth_nonce": None},
        {"oauth_timestamp": None},
        {"oauth_timestamp": "yesterday"},
        {"oauth_timestamp": "1318622958"},
        {"oauth_signature_method": "PLAINTEXT"},
        {"oauth_signature": "AAAA"},
        {"oauth_version": "2.0"},
    ],
    ids=str,
)
def test_a_header_that_is_wrong_in_one_thing_is_unauthorized(
    sandbox: Any, changes: dict[str, str | None]
) -> None:
    assert me(sandbox, header("GET", f"{sandbox.url}/2/users/me", **changes)) == 401


def test_a_signature_for_another_method_is_unauthorized(sandbox: Any) -> None:
    assert me(sandbox, header("POST", f"{sandbox.url}/2/users/me")) == 401


def test_a_header_is_good_only_once(sandbox: Any) -> None:
    signed = header("GET", f"{sandbox.url}/2/users/me")
    assert [me(sandbox, signed), me(sandbox, signed)] == [200, 401]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Basic abc", "OAuth", "OAuth x"])
def test_anything_else_is_answered_with_a_blank_problem(sandbox: Any, authorization: str) -> None:
    answer = sandbox.http.get("/2/users/me", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthorized",
        "detail": "Unauthorized",
        "type": "about:blank",
        "status": 401,
    }


def test_a_parameter_given_twice_is_no_header() -> None:
    assert parse_header('OAuth oauth_token="a", oauth_token="b"') is None
