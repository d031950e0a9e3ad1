"""Facebook's webhook: believed only if signed over the bytes as they came, whatever is in it."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.facebook.webhook import SIGNATURE, FacebookWebhook, FacebookWebhookSettings
from channels.listening import ReadsMentions
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import Gone, MentionKind, version_of

PAGE = "100"
SECRET = "app-secret"
READER = FacebookWebhook(
    FacebookWebhookSettings(app_secret=SECRET, verify_token="agreed", page_id=PAGE)
)
AT = datetime(2026, 11, 28, 12, tzinfo=UTC)
COMMENT = {
    "item": "comment",
    "verb": "add",
    "comment_id": "p1_c1",
    "post_id": "p1",
    "parent_id": "p1",
    "from": {"id": "9", "name": "Ann"},
    "message": "why? \u00e9",
    "created_time": int(AT.timestamp()),
}


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {SIGNATURE: f"sha256={hmac.digest(secret.encode(), body, hashlib.sha256).hex()}"}


def told(*values: Any, field: str = "feed", page: str = PAGE, later: int = 60) -> Any:
    time = int(AT.timestamp()) + later
    changes = [{"field": field, "value": one} for one in values]
    body = json.dumps({"object": "page", "entry": [{"id": page, "time": time, "changes": changes}]})
    return READER.read_mentions(body.encode(), signed(body.encode()))


def test_a_comment_is_the_mention_that_the_list_of_comments_shows() -> None:
    assert isinstance(READER, ReadsMentions)
    (mention,) = told(COMMENT)
    assert (mention.id, mention.kind, mention.text) == ("p1_c1", MentionKind.COMMENT, "why? \u00e9")
    assert (mention.conversation, mention.reply_to) == ("p1", "p1")
    assert (mention.version, mention.written_at) == (version_of("why? \u00e9"), AT)
    (below,) = told({**COMMENT, "parent_id": "p1_c0"})
    assert (below.conversation, below.reply_to) == ("p1_c0", "p1_c0")


def test_an_edit_is_a_later_version_and_a_deletion_is_told() -> None:
    (edited,) = told({**COMMENT, "verb": "edited", "message": "so?"})
    assert edited.changed_at > edited.written_at == AT
    assert told({**COMMENT, "verb": "remove"}) == [Gone(channel="facebook", id="p1_c1")]


def test_the_first_version_that_is_told_late_does_not_come_before_what_a_list_has_shown() -> None:
    """A list shows the edited words with the time at which the first ones were written."""
    (first,) = told(COMMENT)
    assert first.changed_at < first.written_at == AT


def test_posts_of_others_and_mentions_of_the_page_count() -> None:
    post = {"item": "status", "verb": "add", "post_id": "v1", "from": {"id": "9"}, "message": "hi"}
    (visit,) = told(post)
    assert (visit.id, visit.kind, visit.reply_to) == ("v1", MentionKind.MENTION, "")
    (named,) = told({**COMMENT, "item": ""}, field="mention")
    assert (named.id, named.kind) == ("p1_c1", MentionKind.MENTION)


def test_what_is_ours_or_another_pages_and_what_cannot_be_read_is_passed_over() -> None:
    ours = {**COMMENT, "from": {"id": PAGE}}
    like = {"item": "reaction", "verb": "add", "post_id": "p1", "from": {"id": "9"}}
    hidden = {**COMMENT, "from": None, "message": None, "created_time": "soon"}
    assert [one.id for one in told(ours, like, None, 7, {**COMMENT, "comment_id": ""})] == []
    assert told(COMMENT, page="101") == []
    (mention,) = told(hidden)
    assert (mention.text, mention.author.id) == ("", "")


@pytest.mark.parametrize(
    "headers",
    [{}, {SIGNATURE: "sha256="}, {SIGNATURE: "é"}, signed(b"{}", "other"), signed(b"{ }")],
)
def test_what_is_not_signed_is_not_read(headers: dict[str, str]) -> None:
    with pytest.raises(EventsNotGenuine):
        READER.read_mentions(b"{}", headers)


@pytest.mark.parametrize("body", [b"", b"[1]", b'{"entry": 7}', b"null", b"[" * 100_000])
def test_a_body_that_is_signed_and_no_delivery_is_unreadable(body: bytes) -> None:
    with pytest.raises(EventsUnreadable):
        READER.read_mentions(body, signed(body))


def test_the_question_is_answered_with_its_word_and_only_for_the_agreed_one() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "agreed", "hub.challenge": "11584"}
    answer = READER.answer_challenge(query)
    assert answer is not None
    assert (answer.body, answer.media_type) == (b"11584", "text/plain")
    assert READER.answer_challenge({}) is None
    for wrong in (
        {"hub.verify_token": "other"},
        {"hub.verify_token": "é"},
        {"hub.challenge": "<script>"},
        {"hub.challenge": ""},
    ):
        with pytest.raises(EventsNotGenuine):
            READER.answer_challenge({**query, **wrong})
