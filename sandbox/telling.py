"""Webhooks about what strangers said, as X and Facebook send them: late, twice or not at all.

Nothing goes out by itself: whoever tests orders each delivery, so that it can come in any order and
as often as is wanted. Shapes: docs.x.com "Webhooks" and "Activity", developers.facebook.com
"Webhooks from Meta" and its reference of the field `feed`. Never compared with live deliveries.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Any

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.inbound import deliveries_of
from sandbox.world import SandboxWorld
from sandbox.xbook import XPost
from sandbox.xtimelines import rfc3339

APP_SECRET = "sandbox-app-secret"
VERIFY_TOKEN = "sandbox-verify-token"
_SECONDS = 30.0


class TellOrder(BaseModel):
    """Which posts, comments or mails to tell of, where, and how often.

    `private` says that they are private messages, `deleted` tells of their end; a mail has no end,
    and may have an `attachment` of so many bytes.
    """

    model_config = ConfigDict(extra="forbid")

    provider: str = Field(pattern="^(twitter|facebook|email)$")
    url: str
    ids: list[str] = Field(default_factory=list, max_length=1000)
    times: int = Field(default=1, ge=1, le=10)
    deleted: bool = False
    forged: bool = False
    private: bool = False
    attachment: int = Field(default=0, ge=0, le=30 * 1024 * 1024)


class Telling:
    """Delivers webhooks, and asks a receiver whether it knows the secret."""

    def __init__(self, world: SandboxWorld) -> None:
        self._world = world
        self._config = world.config
        self._posts = world.posts
        self._page = world.page
        self._messages = world.messages
        self._clock = world.clock

    def routes(self) -> list[Route]:
        base = "/_sandbox/tell"
        return [
            Route(base, self.tell, methods=["POST"]),
            Route(f"{base}/challenge", self.challenge, methods=["POST"]),
        ]

    async def tell(self, request: Request) -> Response:
        """Deliver one webhook, as often as is ordered; the statuses that came back."""
        try:
            order = TellOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _json({"error": str(error)}, 400)
        if order.provider == "email":
            deliveries = deliveries_of(self._world, order.ids, order.attachment, order.forged)
        else:
            told = self._of_x(order) if order.provider == "twitter" else self._of_facebook(order)
            body = orjson.dumps(told)
            headers = {"content-type": "application/json", **self._signed(order, body)}
            deliveries = iter([(body, headers)])
        answers = []
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            for body, headers in deliveries:
                for _ in range(order.times):
                    answer = await client.post(order.url, content=body, headers=headers)
                    answers.append(answer.status_code)
        return _json({"answers": answers})

    async def challenge(self, request: Request) -> Response:
        """Ask as the provider does when a webhook is registered; whether the answer was right."""
        try:
            order = TellOrder.model_validate_json(await request.body())
        except ValidationError as error:
            return _json({"error": str(error)}, 400)
        token = secrets.token_urlsafe(24)
        query = {"crc_token": token}
        wanted: bytes = orjson.dumps({"response_token": self._of_key(token.encode())})
        if order.provider == "facebook":
            query = {
                "hub.mode": "subscribe",
                "hub.challenge": token,
                "hub.verify_token": "wrong" if order.forged else VERIFY_TOKEN,
            }
            wanted = token.encode()
        async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as client:
            answer = await client.get(order.url, params=query)
        return _json({"status": answer.status_code, "right": answer.content == wanted})

    def _signed(self, order: TellOrder, body: bytes) -> dict[str, str]:
        signed = b"something else" if order.forged else body
        if order.provider == "twitter":
            return {"x-twitter-webhooks-signature": self._of_key(signed)}
        signature = hmac.new(APP_SECRET.encode(), signed, hashlib.sha256).hexdigest()
        return {"x-hub-signature-256": f"sha256={signature}"}

    def _of_key(self, signed: bytes) -> str:
        key = self._config.x_consumer_secret.encode()
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        return f"sha256={base64.b64encode(digest).decode()}"

    def _of_x(self, order: TellOrder) -> dict[str, Any]:
        if order.private:
            return self._messages_of_x(order)
        if order.deleted:
            return {"data": [self._event("post.delete", {"id": one}) for one in order.ids]}
        posts = [post for one in order.ids if (post := self._posts.post(int(one)))]
        users = self._posts.users({post.author_id for post in posts})
        return {
            "data": [self._event("post.mention.create", self._shown(post)) for post in posts],
            "includes": {
                "users": [
                    {"id": one.id, "username": one.username, "name": one.name} for one in users
                ]
            },
        }

    def _messages_of_x(self, order: TellOrder) -> dict[str, Any]:
        """In the documented shape; those we wrote are told of as sent."""
        found = [one for number in order.ids if (one := self._messages.x_message(number))]
        fields = {"sender_id", "dm_conversation_id", "created_at"}
        told = []
        for one in found:
            kind = "dm.sent" if one.sender_id == self._config.x_user_id else "dm.received"
            told.append(self._event(kind, self._world.x.messages.shown(one, fields)))
        return {"data": told}

    def _event(self, kind: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {
            "event_uuid": secrets.token_hex(16),
            "filter": {"user_id": self._config.x_user_id},
            "event_type": kind,
            "payload": payload,
        }

    def _shown(self, post: XPost) -> dict[str, Any]:
        return {
            "id": str(post.id),
            "text": post.wrapped,
            "author_id": post.author_id,
            "created_at": rfc3339(post.at),
            "conversation_id": str(post.conversation_id),
            "edit_history_tweet_ids": [str(one) for one in self._posts.history(post.id)],
        }

    def _of_facebook(self, order: TellOrder) -> dict[str, Any]:
        if order.private:
            entry = {"id": self._config.page_id, "time": int(self._clock() * 1000)}
            entry["messaging"] = self._messages_of_page(order)
            return {"object": "page", "entry": [entry]}
        changes = [{"field": "feed", "value": one} for one in self._values(order)]
        entry = {"id": self._config.page_id, "time": int(self._clock()), "changes": changes}
        return {"object": "page", "entry": [entry]}

    def _messages_of_page(self, order: TellOrder) -> list[dict[str, Any]]:
        """A message of the Page itself comes back as an echo, without the names of either."""
        found = [one for number in order.ids if (one := self._messages.page_message(number))]
        page = {"id": self._config.page_id}
        told = []
        for one in found:
            person = {"id": one.person_id}
            message: dict[str, Any] = {"mid": one.id, "text": one.message}
            if one.by_page:
                message["is_echo"] = True
            sides = (page, person) if one.by_page else (person, page)
            told.append(
                {
                    "sender": sides[0],
                    "recipient": sides[1],
                    "timestamp": int(one.at * 1000),
                    "message": message,
                }
            )
        return told

    def _values(self, order: TellOrder) -> Sequence[dict[str, Any]]:
        if order.deleted:
            return [{"item": "comment", "verb": "remove", "comment_id": one} for one in order.ids]
        comments = [found for one in order.ids if (found := self._page.comment(one))]
        return [
            {
                "item": "comment",
                "verb": "add",
                "comment_id": one.id,
                "post_id": one.post_id,
                "parent_id": one.parent_id or one.post_id,
                "from": {"id": one.author_id, "name": one.author_name},
                "message": one.message,
                "created_time": int(one.at),
            }
            for one in comments
        ]


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
