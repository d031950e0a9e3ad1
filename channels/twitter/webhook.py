"""Reads X's activity webhook: what is said to the account, told at once.

Last verified against the live API: never yet. Written from docs.x.com, x-api/webhooks and
x-api/activity. X delivers at most for a while and not in order; the lists are read besides, and
what comes twice is known by its id. Private messages: see ``channels.twitter.private``.

X asks for a proof of the secret from time to time, by having us sign a token of its own. Anybody
can ask that. The answer would be a valid signature for a delivery with that token as its body, so
only tokens that can be no such body are signed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

import orjson
from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import MentionSource
from channels.configured import Key, Url
from channels.listening import AnyText, ChallengeAnswer, loose_json
from channels.twitter.posts import Post, User, each
from channels.twitter.private import RECEIVED, messages_told
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import Gone, Mention

SIGNATURE = "x-twitter-webhooks-signature"
_TOKEN = re.compile(r"[A-Za-z0-9+/=_.-]{1,200}")
_SAID = frozenset({"post.mention.create", "post.reply.create", "post.quote.create"})
_DELETED = "post.delete"


class TwitterWebhookSettings(BaseSettings):
    """What verifies deliveries, and which account is ours; nothing of it can post."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTFOOT_TWITTER_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    consumer_secret: Key = Field(description="API key secret of the app")
    user_id: str = Field(description="number of the account", pattern=r"^[0-9]{1,19}$")
    site_url: Url = "https://x.com"


class _Happened(BaseModel):
    event_type: AnyText = ""
    payload: object = None


class _Delivery(BaseModel):
    data: object = None
    includes: object = None


class TwitterWebhook:
    """Reads deliveries that X has signed with the app's secret."""

    def __init__(self, settings: TwitterWebhookSettings) -> None:
        self._secret = settings.consumer_secret.get_secret_value().encode()
        self._user_id = settings.user_id
        self._site_url = settings.site_url

    def read_mentions(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Mention | Gone]:
        """What was said to the account, and what was deleted; all else is passed over."""
        if not hmac.compare_digest(headers.get(SIGNATURE, "").encode(), self._signed(body)):
            raise EventsNotGenuine(
                "The signature of this delivery does not match.",
                "If it is X's: check FRONTFOOT_TWITTER_CONSUMER_SECRET.",
            )
        try:
            delivery = _Delivery.model_validate(loose_json(body))
        except ValueError:
            raise EventsUnreadable("This delivery is not in X's format.") from None
        happened = delivery.data if isinstance(delivery.data, list) else [delivery.data]
        users = {one.id: one for one in each(_users(delivery.includes), User)}
        found: list[Mention | Gone] = []
        for one in each(happened, _Happened):
            posts = each([one.payload], Post)
            if one.event_type == RECEIVED:
                found += [
                    message.mention("twitter", self._site_url, by)
                    for message, by in messages_told(one.payload, users)
                    if message.sender_id != self._user_id
                ]
            elif one.event_type == _DELETED:
                found += [Gone(channel="twitter", id=post.first()) for post in posts]
            elif one.event_type in _SAID:
                found += [
                    post.mention("twitter", self._site_url, users.get(post.author_id))
                    for post in posts
                    if post.author_id != self._user_id
                ]
        return found

    def answer_challenge(self, query: Mapping[str, str]) -> ChallengeAnswer | None:
        """The proof that we have the secret; None if X asks for none."""
        token = query.get("crc_token")
        if token is None:
            return None
        if not _TOKEN.fullmatch(token):
            raise EventsNotGenuine("This is no token of X's.")
        answer = orjson.dumps({"response_token": self._signed(token.encode()).decode()})
        return ChallengeAnswer(answer, "application/json")

    def _signed(self, body: bytes) -> bytes:
        return b"sha256=" + base64.b64encode(hmac.digest(self._secret, body, hashlib.sha256))


def _users(includes: object) -> object:
    return includes.get("users") if isinstance(includes, dict) else None


MENTIONS = MentionSource(
    TwitterWebhookSettings,
    TwitterWebhook,
    sandbox={"consumer_secret": "sandbox-consumer-secret", "user_id": "7000000001"},
)
