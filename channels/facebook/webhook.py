"""Reads Facebook's webhook of a Page: comments, posts of others, messages, and what was deleted.

Last verified against the live API: never yet. Written from developers.facebook.com,
graph-api/webhooks and the reference of the fields ``feed``, ``mention`` and ``messages``. Facebook
repeats what was not answered for 36 hours, and tells of our own comments, too.

The signature is over the bytes as they came: Facebook escapes letters in its JSON, and the same
JSON written by anybody else has another one.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from channels.adapter import MentionSource
from channels.configured import Key, Url
from channels.facebook.private import messages_told
from channels.http import Clock, unix_time, utc_now
from channels.listening import AnyText, ChallengeAnswer, loose_json, readable
from domain.delivery_events import EventsNotGenuine, EventsUnreadable
from domain.mentions import Author, Gone, Mention, MentionKind, version_of

SIGNATURE = "x-hub-signature-256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_POSTS = frozenset({"post", "status", "photo", "share", "video"})
_ADDED = frozenset({"add", "edit", "edited"})
_MILLISECONDS = 10**11


class FacebookWebhookSettings(BaseSettings):
    """What verifies deliveries, and which Page is ours; nothing of it can post."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTFOOT_FACEBOOK_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    app_secret: Key = Field(description="secret of the app")
    verify_token: Key = Field(description="the word that was given to Meta for its webhook")
    page_id: str = Field(description="number of the Page", pattern=r"^[0-9]{1,32}$")
    site_url: Url = "https://www.facebook.com"


class _Somebody(BaseModel):
    id: AnyText = ""
    name: AnyText = ""


class _Value(BaseModel):
    item: AnyText = ""
    verb: AnyText = ""
    comment_id: AnyText = ""
    post_id: AnyText = ""
    parent_id: AnyText = ""
    message: AnyText = ""
    created_time: object = None
    author: object = Field(default=None, validation_alias="from")

    def by(self) -> _Somebody:
        known = isinstance(self.author, dict)
        return _Somebody.model_validate(self.author) if known else _Somebody()


class _Change(BaseModel):
    field: AnyText = ""
    value: _Value


class _Entry(BaseModel):
    id: AnyText = ""
    time: object = None
    changes: object = None
    messaging: object = None
    standby: object = None


class FacebookWebhook:
    """Reads deliveries that Facebook has signed with the app's secret."""

    def __init__(self, settings: FacebookWebhookSettings, *, clock: Clock = utc_now) -> None:
        self._secret = settings.app_secret.get_secret_value().encode()
        self._verify_token = settings.verify_token.get_secret_value().encode()
        self._page_id = settings.page_id
        self._site_url = settings.site_url
        self._clock = clock

    def read_mentions(self, body: bytes, headers: Mapping[str, str]) -> Sequence[Mention | Gone]:
        """What was said to the Page, and what was deleted; all else is passed over."""
        signature = "sha256=" + hmac.digest(self._secret, body, hashlib.sha256).hex()
        if not hmac.compare_digest(headers.get(SIGNATURE, "").encode(), signature.encode()):
            raise EventsNotGenuine(
                "The signature of this delivery does not match.",
                "If it is Facebook's: check FRONTFOOT_FACEBOOK_APP_SECRET.",
            )
        try:
            delivery = loose_json(body)
            entries, _ = readable(delivery["entry"], _Entry)
        except (ValueError, TypeError, KeyError):
            raise EventsUnreadable("This delivery is not in Facebook's format.") from None
        return [one for entry in entries if entry.id == self._page_id for one in self._told(entry)]

    def answer_challenge(self, query: Mapping[str, str]) -> ChallengeAnswer | None:
        """The word that Facebook wants to hear; None if it asks for none."""
        if query.get("hub.mode") != "subscribe":
            return None
        given, challenge = query.get("hub.verify_token", ""), query.get("hub.challenge", "")
        known = hmac.compare_digest(given.encode(), self._verify_token)
        if not known or not _CHALLENGE.fullmatch(challenge):
            raise EventsNotGenuine(
                "This is not the verification that was agreed on.",
                "If it is Meta's: give it the word in FRONTFOOT_FACEBOOK_VERIFY_TOKEN.",
            )
        return ChallengeAnswer(challenge.encode(), "text/plain")

    def _told(self, entry: _Entry) -> Iterator[Mention | Gone]:
        changes, _ = readable(entry.changes if isinstance(entry.changes, list) else [], _Change)
        for change in changes:
            value = change.value
            comment = value.item == "comment" or (bool(value.comment_id) and not value.item)
            number = value.comment_id if comment else value.post_id
            concerns = change.field == "mention" or (
                change.field == "feed" and (comment or value.item in _POSTS)
            )
            if not concerns or not number or value.by().id == self._page_id:
                continue
            if value.verb == "remove":
                yield Gone(channel="facebook", id=number)
            elif value.verb in _ADDED:
                yield self._mention(change, number, _moment(entry.time), comment=comment)
        # In ``standby`` if another app, such as the Page's inbox, is the one that answers.
        for events in (entry.messaging, entry.standby):
            yield from messages_told(events, self._page_id, self._site_url, self._clock, _moment)

    def _mention(
        self, change: _Change, number: str, told_at: datetime | None, *, comment: bool
    ) -> Mention:
        value = change.value
        under = (value.parent_id or value.post_id) if comment else ""
        written = _moment(value.created_time) or told_at or self._clock()
        # Lists show an edited comment with the time of the first version. That one may be told of
        # after it was edited, and must not take the place of what a list has shown.
        first = written - timedelta(microseconds=1)
        changed = first if value.verb == "add" else max(told_at or written, written)
        is_comment = comment and change.field == "feed"
        by = value.by()
        return Mention.model_validate(
            {
                "channel": "facebook",
                "id": number,
                "version": version_of(value.message),
                "kind": MentionKind.COMMENT if is_comment else MentionKind.MENTION,
                "conversation": under or number,
                "author": Author(id=by.id, name=by.name),
                "text": value.message,
                "reply_to": under,
                "url": f"{self._site_url}/{number}",
                "written_at": written,
                "changed_at": changed,
            }
        )


def _moment(value: object) -> datetime | None:
    """Seconds since 1970, or milliseconds as some fields have them; None if it is no time."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    seconds = value / 1000 if value > _MILLISECONDS else value
    at = unix_time(str(seconds))
    return at.astimezone(UTC) if at is not None else None


MENTIONS = MentionSource(
    FacebookWebhookSettings,
    FacebookWebhook,
    sandbox={
        "app_secret": "sandbox-app-secret",
        "verify_token": "sandbox-verify-token",
        "page_id": "100000000000001",
    },
)
