"""The sandbox's answers against the providers' published OpenAPI documents, if at hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

ME = "7000000001"
_NEAR = Path(__file__).parents[3] / "shared" / "specs"
_SPECS = Path(os.environ.get("FRONTFOOT_SPECS") or _NEAR)


def load(name: str) -> dict[str, Any]:
    path = _SPECS / name
    if not path.exists():
        pytest.skip(f"no {name}: point FRONTFOOT_SPECS at the folder of OpenAPI documents")
    document: dict[str, Any] = orjson.loads(path.read_bytes())
    return document


def check(document: dict[str, Any], schema: dict[str, Any], body: object) -> None:
    """Raise ValidationError when a body is not what the document says."""
    whole = {**schema, "components": document["components"]}
    jsonschema_rs.validator_for(whole).validate(body)


def resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def response(document: dict[str, Any], path: str, method: str, status: str) -> dict[str, Any]:
    """The JSON schema of one answer of one operation."""
    answers = document["paths"][path][method]["responses"]
    content = resolved(document, answers[status])["content"]
    schema: dict[str, Any] = content["application/json"]["schema"]
    return schema


Ask = Callable[[Any], Any]


def crowd(sandbox: Any) -> str:
    order = {"provider": "twitter", "count": 3}
    return str(sandbox.http.post("/_sandbox/crowd", json=order).json()["ids"][0])


ALL_OLD = (
    "author_id,created_at,conversation_id,entities,in_reply_to_user_id,referenced_tweets,lang,"
    "public_metrics,reply_settings"
)
ALL_NEW = ALL_OLD.replace("referenced_tweets", "referenced_posts")


def written(sandbox: Any) -> str:
    number = crowd(sandbox)
    answer = sandbox.tweet(
        "See https://status.acme.example/", reply={"in_reply_to_tweet_id": number}
    )
    return str(answer.json()["data"]["id"])


def create(sandbox: Any, fields: dict[str, str]) -> Any:
    return sandbox.tweet("See https://status.acme.example/")


def read_one(sandbox: Any, fields: dict[str, str]) -> Any:
    return sandbox.x.get(f"/2/tweets/{written(sandbox)}", params=fields)


def timeline(sandbox: Any, fields: dict[str, str]) -> Any:
    written(sandbox)
    return sandbox.x.get(f"/2/users/{ME}/tweets", params={**fields, "expansions": "author_id"})


def mentions(sandbox: Any, fields: dict[str, str]) -> Any:
    crowd(sandbox)
    return sandbox.x.get(f"/2/users/{ME}/mentions", params={**fields, "expansions": "author_id"})


def delete(sandbox: Any, fields: dict[str, str]) -> Any:
    return sandbox.x.delete(f"/2/tweets/{written(sandbox)}")


def me(sandbox: Any, fields: dict[str, str]) -> Any:
    return sandbox.x.get("/2/users/me")


X_CALLS = [
    ("/2/tweets", "post", "201", create),
    ("/2/tweets/{id}", "get", "200", read_one),
    ("/2/tweets/{id}", "delete", "200", delete),
    ("/2/users/{id}/tweets", "get", "200", timeline),
    ("/2/users/{id}/mentions", "get", "200", mentions),
    ("/2/users/me", "get", "200", me),
]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("x/openapi-2.165-tweetfields.json", {"tweet.fields": ALL_OLD}),
        ("x/openapi.json", {"post.fields": ALL_NEW}),
    ],
    ids=["2.165", "2.167"],
)
@pytest.mark.parametrize(
    ("path", "method", "status", "call"), X_CALLS, ids=[f"{c[1]} {c[0]}" for c in X_CALLS]
)
def test_x_answers_have_the_published_shape(
    sandbox: Any,
    name: str,
    fields: dict[str, str],
    path: str,
    method: str,
    status: str,
    call: Callable[[Any, dict[str, str]], Any],
) -> None:
    document = load(name)
    answer = call(sandbox, fields)
    assert str(answer.status_code) == status
    check(document, response(document, path, method, status), answer.json())


def test_what_x_would_refuse_by_its_schema_is_refused_here(sandbox: Any) -> None:
    document = load("x/openapi.json")
    operation = document["paths"]["/2/tweets"]["post"]
    schema = resolved(document, operation["requestBody"])["content"]["application/json"]["schema"]
    for body in (
        {"text": "a", "colour": "red"},
        {"text": "a", "reply": {"in_reply_to_tweet_id": "x"}},
        {"text": "a", "poll": {"options": ["one"], "duration_minutes": 5}},
        {"text": "a", "reply_settings": "nobody"},
    ):
        with pytest.raises(jsonschema_rs.ValidationError):
            check(document, schema, body)
        assert sandbox.x.post("/2/tweets", json=body).status_code == 400


REFUSALS: list[tuple[str, Ask]] = [
    ("400", lambda sandbox: sandbox.send("not-an-address")),
    ("401", lambda sandbox: sandbox.http.post("/v3/mail/send", json={})),
    ("413", lambda sandbox: too_large(sandbox)),
]


def too_large(sandbox: Any) -> Any:
    headers = {"Content-Type": "application/json"}
    body = b" " * (30 * 1024 * 1024 + 1)
    return sandbox.mailer.post("/v3/mail/send", content=body, headers=headers)


@pytest.mark.parametrize(("status", "ask"), REFUSALS, ids=[r[0] for r in REFUSALS])
def test_sendgrids_refusals_have_the_published_shape(sandbox: Any, status: str, ask: Ask) -> None:
    document = load("sendgrid/tsg_mail_v3.patched.json")
    answer = ask(sandbox)
    assert str(answer.status_code) == status
    # The document knows neither the nulls of the real answers nor their `help`, which is a link.
    told = [{k: v for k, v in e.items() if v and k != "help"} for e in answer.json()["errors"]]
    assert told
    check(document, response(document, "/v3/mail/send", "post", status), {"errors": told})


def add(sandbox: Any, name: str) -> None:
    body = {"list": name, "emails": ["a@example.com"]}
    assert sandbox.http.post("/_sandbox/suppress", json=body).status_code == 201


@pytest.mark.parametrize(
    "name", ["bounces", "blocks", "spam_reports", "invalid_emails", "unsubscribes"]
)
def test_suppression_lists_have_the_published_shape(sandbox: Any, name: str) -> None:
    document = load("sendgrid/tsg_suppressions_v3.json")
    add(sandbox, name)
    path = f"/v3/suppression/{name}"
    answer = sandbox.mailer.get(path).json()
    assert len(answer) == 1
    check(document, response(document, path, "get", "200"), answer)


def test_a_group_unsubscribe_has_the_published_shape(sandbox: Any) -> None:
    document = load("sendgrid/tsg_suppressions_v3.json")
    body = {"recipient_emails": ["a@example.com"]}
    answer = sandbox.mailer.post("/v3/asm/groups/4/suppressions", json=body)
    path = "/v3/asm/groups/{group_id}/suppressions"
    assert answer.status_code == 201
    check(document, response(document, path, "post", "201"), answer.json())


def test_the_webhook_key_has_the_published_shape(sandbox: Any) -> None:
    document = load("sendgrid/tsg_webhooks_v3.json")
    answer = sandbox.mailer.get("/v3/user/webhooks/event/settings/signed").json()
    path = "/v3/user/webhooks/event/settings/signed/{id}"
    check(document, response(document, path, "get", "200"), answer)
