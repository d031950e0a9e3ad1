"""Our requests are ones that X's own published descriptions know, old and new."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import orjson
import pytest

from domain.listening import Cursor
from domain.publication import Receipt
from tests.channels.one_shot import Canned
from tests.channels.twitter.x_world import (
    COPY,
    ME,
    NOW,
    PUBLICATION,
    World,
    id_at,
    page,
    post,
)

# The published descriptions: 2.165 with the old field names, 2.167 with the new.
DESCRIPTIONS = {"tweet.fields": "openapi-2.165-tweetfields.json", "post.fields": "openapi.json"}


@pytest.fixture(scope="session", params=sorted(DESCRIPTIONS))
def description(request: pytest.FixtureRequest, specs: Path) -> tuple[str, dict[str, Any]]:
    return request.param, orjson.loads((specs / "x" / DESCRIPTIONS[request.param]).read_bytes())


async def test_every_request_is_one_that_xs_own_description_knows(
    description: tuple[str, dict[str, Any]],
) -> None:
    fields, document = description

    def serve(request: httpx.Request) -> Canned:
        match request.method, request.url.path:
            case "POST", _:
                return Canned(201, b'{"data":{"id":"19","text":"t"}}')
            case "DELETE", _:
                return Canned(200, b'{"data":{"deleted":true}}')
            case _, "/2/users/me":
                return ME
        if "pagination_token" in request.url.params:
            return page()
        return page(post("Another"), token="7140dibdnow9c7btw3w29grvxfcgvpb9n9coehpk7xz5i")

    world = World(serve, user_id=None, fields=fields)
    await world.channel.publish(PUBLICATION)
    await world.channel.find("key", COPY, NOW)
    await world.channel.retract(Receipt(id="19", at=NOW))
    assert [complaints(request, document) for request in world.requests] == [[]] * 5


async def test_every_request_that_listens_is_one_that_xs_own_description_knows(
    description: tuple[str, dict[str, Any]],
) -> None:
    fields, document = description

    def serve(request: httpx.Request) -> Canned:
        if "next_token" in request.url.params or "pagination_token" in request.url.params:
            return page()
        return page(post("Hello", "1500"), token="7140dibdnow9c7btw3w29grvxfcgvpb9n9coehpk7xz5i")

    world = World(serve, handle="acme", fields=fields)
    # X's ids have the time in them: one of an hour ago can still be searched for, this one not.
    for since in (str(id_at(NOW - timedelta(hours=1))), "1000"):
        cursor = Cursor(since=since, newest=since)
        for _ in range(4):
            cursor = (await world.channel.mentions(cursor)).cursor
        assert not cursor.token
    assert [complaints(request, document) for request in world.requests] == [[]] * 8


async def test_a_request_for_private_messages_is_one_that_xs_own_description_knows(
    description: tuple[str, dict[str, Any]],
) -> None:
    fields, document = description
    token = "7140dibdnow9c7btw3w29grvxfcgvpb9n9coehpk7xz5i"
    shown = {"id": str(id_at(NOW)), "text": "Hello", "sender_id": "9"}
    world = World(lambda request: page(shown, token=token), handle="acme", fields=fields)
    cursor = (await world.channel.private_messages(Cursor())).cursor
    await world.channel.private_messages(cursor)
    assert world.requests[1].url.params["pagination_token"] == token
    assert [complaints(request, document) for request in world.requests] == [[], []]


def test_the_description_would_notice_a_faulty_request(
    description: tuple[str, dict[str, Any]],
) -> None:
    fields, document = description
    other = next(name for name in DESCRIPTIONS if name != fields)
    faulty = [
        httpx.Request("POST", "https://api.x.com/2/tweets", json={"text": "t", "link": "x"}),
        httpx.Request("GET", "https://api.x.com/2/users/7/tweets?max_results=1"),
        httpx.Request("GET", f"https://api.x.com/2/users/7/tweets?{other}=created_at"),
    ]
    assert all(complaints(request, document) for request in faulty)


def complaints(request: httpx.Request, document: dict[str, Any]) -> list[str]:
    """What the description finds wrong with a request."""
    path = request.url.path
    for known in document["paths"]:
        parts = zip(known.split("/"), path.split("/"), strict=False)
        same_depth = known.count("/") == path.count("/")
        if same_depth and all(a == b or (a.startswith("{") and b.isdigit()) for a, b in parts):
            operation = document["paths"][known].get(request.method.lower())
            if operation is not None:
                return [
                    *of_query(request, operation, document),
                    *of_body(request, operation, document),
                ]
    return [f"no such operation: {request.method} {path}"]


def of_query(
    request: httpx.Request, operation: dict[str, Any], document: dict[str, Any]
) -> list[str]:
    parameters = {}
    for parameter in operation.get("parameters", []):
        if "$ref" in parameter:
            parameter = document["components"]["parameters"][parameter["$ref"].rpartition("/")[2]]
        if parameter["in"] == "query":
            parameters[parameter["name"]] = parameter["schema"]
    found = []
    for name, text in request.url.params.multi_items():
        if name not in parameters:
            found.append(f"unknown parameter {name}")
            continue
        kind = parameters[name].get("type")
        value = int(text) if kind == "integer" else text.split(",") if kind == "array" else text
        found += validate(value, parameters[name], document)
    return found


def of_body(
    request: httpx.Request, operation: dict[str, Any], document: dict[str, Any]
) -> list[str]:
    if not request.content:
        return []
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return validate(orjson.loads(request.content), schema, document)


def validate(value: object, schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [str(error) for error in jsonschema_rs.validator_for(whole).iter_errors(value)]
