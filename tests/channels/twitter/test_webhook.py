"""X's webhook: believed only if signed, whatever is in it, and no oracle for signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from channels.listening import ReadsMentions
from channels.twitter.webhook import SIGNATURE, TwitterWebhook, TwitterWebhookSettings
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import Gone, Mention

SECRET = "consumer-secret"
READER = TwitterWebhook(TwitterWebhookSettings(consumer_secret=SECRET, user_id="42"))


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.digest(secret.encode(), body, hashlib.sha256)
    return {SIGNATURE: f"sha256={base64.b64encode(digest).decode()}"}


def read(body: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return READER.read_mentions(content, signed(content))


def event(kind: str, payload: Any) -> dict[str, Any]:
    return {"event_uuid": "e1", "event_type": kind, "payload": payload}


POST = {"id": "1900000000000000001", "text": "why?", "author_id": "9"}


def test_it_reads_mentions() -> None:
    assert isinstance(READER, ReadsMentions)


def test_what_is_said_is_a_mention_and_what_is_deleted_is_gone() -> None:
    users = {"users": [{"id": "9", "username": "ann", "name": "Ann"}]}
    told = read({"data": event("post.mention.create", POST), "includes": users})
    (mention,) = told
    assert isinstance(mention, Mention)
    assert (mention.text, mention.author.handle) == ("why?", "ann")
    assert mention.id == POST["id"]

    (gone,) = read({"data": [event("post.delete", {"id": POST["id"]})]})
    assert gone == Gone(channel="twitter", id=POST["id"])


def test_our_own_posts_likes_and_what_cannot_be_read_are_passed_over() -> None:
    ours = {**POST, "author_id": "42"}
    kinds = [event("post.reply.create", ours), event("like.create", POST)]
    broken = [None, 7, event("post.mention.create", {"text": "no id"}), {"payload": POST}]
    assert read({"data": [*kinds, *broken, event("post.reply.create", POST)]})[0].id == POST["id"]
    assert read({"data": None}) == read({}) == []


def test_half_a_character_costs_nothing() -> None:
    body = json.dumps({"data": event("post.mention.create", POST)}).replace("why", "wh\\ud83dy")
    (mention,) = read(body.encode())
    assert mention.text == "wh\ufffdy?"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SIGNATURE: ""},
        {SIGNATURE: "sha256="},
        {SIGNATURE: "\u00e9"},
        signed(b'{"data":1}', "other"),
        signed(b'{"data": 1}'),
    ],
)
def test_what_is_not_signed_is_not_read(headers: dict[str, str]) -> None:
    with pytest.raises(EventsNotGenuine):
        READER.read_mentions(b'{"data":1}', headers)


@pytest.mark.parametrize("body", [b"", b"[1]", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_body_that_is_signed_and_no_delivery_is_unreadable(body: bytes) -> None:
    with pytest.raises(EventsUnreadable):
        read(body)


def test_the_question_is_answered_with_a_proof() -> None:
    answer = READER.answer_challenge({"crc_token": "abc-DEF_123="})
    assert answer is not None
    assert json.loads(answer.body) == {"response_token": signed(b"abc-DEF_123=")[SIGNATURE]}
    assert READER.answer_challenge({}) is None


@pytest.mark.parametrize("token", ['{"data":{}}', "", " ", "a" * 201, "é", "[1]"])
def test_nobody_gets_a_delivery_signed_by_asking(token: str) -> None:
    with pytest.raises(EventsNotGenuine):
        READER.answer_challenge({"crc_token": token})
