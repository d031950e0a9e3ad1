"""Sends mail through SendGrid's v3 API, up to a thousand recipients in one request.

Last verified against the live API: never yet. Written from the published reference and OpenAPI
description (January 2026), and tested against those and the sandbox.

What SendGrid forces on us:

- There is no idempotency key. Each request carries our batch key in ``custom_args``, which every
  webhook event repeats: one event proves that the whole batch was taken. ``find`` can look itself
  only in the Email Activity feed, a paid add-on; without it the events decide.
- One address it does not like refuses the whole request, by its position (``BadRecipient``).
- An empty account answers 401, like a dead key.
- A suppressed recipient is accepted here and reported as ``dropped`` later.

Bulk mail uses httpx and our own request body. The ``sendgrid`` package checks the signatures of
events (``events.py``) and has no part in this file: one client of it mixes up the headers of
concurrent requests, has no time-out and no keep-alive, and follows redirects on POST.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime

import httpx
from pydantic import BaseModel, ValidationError

from channels.adapter import SANDBOX, Adapter
from channels.batch import Batch
from channels.contract import (
    BadCredentials,
    BadRecipient,
    BroadcastRefused,
    Capabilities,
    ChannelError,
    ChannelKind,
    Health,
    Publication,
    Refused,
    Template,
)
from channels.http import Clock, Effect, body_of, utc_now
from channels.mail_copy import CONTENT_LIMIT, render_mail
from channels.mail_reply import TERMS, number_of_reply, render_mail_reply
from channels.sendgrid.body import BATCH_ARG, body_of_batch
from channels.sendgrid.events import EVENTS
from channels.sendgrid.inbound import INBOUND
from channels.sendgrid.lists import read_lists
from channels.sendgrid.replying import REPLY_ARG, body_of_reply, no_mail_there
from channels.sendgrid.settings import PROVIDER, SendGridSettings
from channels.wire import Wire
from domain.mentions import Mention
from domain.message import Copy
from domain.publication import Finding, Receipt, Sighting
from domain.suppression import ListedAddress

BATCH_LIMIT = 1000

_NAMED = re.compile(r"personalizations[.\[](\d+)\]?(?:\.(?:to|substitutions)\b|$)")
"""A complaint about what is an addressee's own; the rest is the same for all of them."""


class _Complaint(BaseModel):
    message: str = ""
    field: str | None = None


class _Complaints(BaseModel):
    errors: list[_Complaint] = []


class _Scopes(BaseModel):
    scopes: list[str]


class _Seen(BaseModel):
    msg_id: str


class _Activity(BaseModel):
    messages: list[_Seen]


class SendGridChannel:
    """Mail, one to each, over one SendGrid account."""

    name = "email"

    def __init__(
        self,
        settings: SendGridSettings,
        *,
        client: httpx.AsyncClient | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._settings = settings
        # As many connections as a playbook may have requests in flight.
        self._wire = Wire(PROVIDER, settings, client, own=_own_words, clock=clock, pool=64)
        self._clock = clock
        self.capabilities = Capabilities(
            kind=ChannelKind.DIRECT,
            max_length=CONTENT_LIMIT,
            length_unit="bytes",
            batch_limit=BATCH_LIMIT,
            reads_back=settings.activity_feed,
            tells_events=True,
            replies=TERMS,
        )

    def render(self, template: Template) -> Copy:
        """Return the mail with its sender filled in. Raises ``CannotExpress``."""
        return render_mail(
            template,
            self.name,
            name=self._settings.from_name,
            address=self._settings.from_address,
        )

    async def send(self, batch: Batch) -> Receipt:
        """Send one batch in one request of at most 1,000 addressees."""
        count = len(batch.addressees)
        if not 1 <= count <= BATCH_LIMIT:
            raise Refused(
                f"SendGrid: a batch has 1 to {BATCH_LIMIT} addressees, this one has {count}.",
                "Set batch_size in the playbook accordingly.",
            )
        body = body_of_batch(batch, asm_group_id=self._settings.asm_group_id)
        response = await self._wire.publish(
            self._request("POST", "/v3/mail/send", body=body),
            own=lambda answer: _own_words(answer, count),
        )
        # Any 2xx is acceptance: the answer has no body, and a lost header loses only a name.
        return Receipt(id=response.headers.get("x-message-id") or batch.key, at=self._clock())

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Say whether the batch with ``key`` was taken, by the Email Activity feed if there is one.

        The feed takes six requests a minute, and lags: ask again before believing in absence.
        """
        if not self._settings.activity_feed:
            return Sighting(
                finding=Finding.CANNOT_TELL,
                why="SendGrid shows what it took only in its events, or in the Email Activity "
                "add-on, which is not switched on here.",
            )
        return await self._seen(BATCH_ARG, key)

    async def _seen(self, argument: str, value: str) -> Sighting:
        """What the Email Activity feed says about mail with that custom argument."""
        clause = f"(unique_args['{argument}'] = '{value}')"
        try:
            answer = await self._ask("/v3/messages", {"query": clause, "limit": "1"})
        except Refused as error:
            return Sighting(finding=Finding.CANNOT_TELL, why=str(error))
        seen = body_of(answer, _Activity, Effect.REPEATABLE, PROVIDER).messages
        if not seen:
            return Sighting(finding=Finding.ABSENT, why="No message carries our key.")
        return Sighting(
            finding=Finding.FOUND,
            # A message's own id starts with the id of the request that it was in.
            receipt=Receipt(id=seen[0].msg_id.partition(".")[0], at=self._clock()),
        )

    def render_reply(self, text: str, to: Mention) -> Copy:
        """Return the mail, by the sender of the settings. Raises ``CannotExpress``."""
        settings = self._settings
        return render_mail_reply(
            text, to, self.name, name=settings.from_name, address=settings.from_address
        )

    async def reply(self, publication: Publication, to: Mention) -> Receipt:
        """Answer the author's mail in one request. Raises like ``publish``, and ``NotAllowed``."""
        request = self._request("POST", "/v3/mail/send", body=body_of_reply(publication.copy, to))
        try:
            response = await self._wire.publish(request, own=lambda one: _own_words(one, 1))
        except BadRecipient:
            raise no_mail_there() from None
        number = response.headers.get("x-message-id") or number_of_reply(to)
        return Receipt(id=number, at=self._clock())

    async def find_reply(self, to: Mention, since: datetime) -> Sighting:
        """Look for an answer to ``to`` in the Email Activity feed, if there is one."""
        if self._settings.activity_feed:
            return await self._seen(REPLY_ARG, number_of_reply(to))
        return Sighting(
            finding=Finding.CANNOT_TELL,
            why="SendGrid shows what it took only in its Email Activity, an add-on; search there "
            f"for the custom argument {REPLY_ARG} with {number_of_reply(to)}.",
        )

    async def check(self) -> Health:
        """Say whether the key works and may send."""
        try:
            answer = await self._ask("/v3/scopes")
            scopes = body_of(answer, _Scopes, Effect.REPEATABLE, PROVIDER).scopes
        except ChannelError as error:
            return Health(ok=False, detail=str(error))
        needed = ["mail.send"] + ["messages.read"] * self._settings.activity_feed
        missing = [scope for scope in needed if scope not in scopes]
        if missing:
            return Health(
                ok=False,
                detail=f"SendGrid: the key works but lacks {' and '.join(missing)}. "
                "Make a key that has it, and restart the worker.",
            )
        return Health(ok=True, detail="SendGrid: the key works and may send.")

    async def _ask(self, path: str, query: dict[str, str] | None = None) -> httpx.Response:
        return await self._wire.ask(self._request("GET", path, query=query))

    def suppressions(self) -> AsyncIterator[ListedAddress]:
        """Every address on the account's lists that SendGrid never writes to again."""
        return read_lists(self._ask, self._settings.asm_group_id, self._clock)

    async def close(self) -> None:
        """Close connections."""
        await self._wire.close()

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        query: dict[str, str] | None = None,
    ) -> httpx.Request:
        headers = {"Authorization": f"Bearer {self._settings.api_key.get_secret_value()}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self._wire.request(
            method,
            f"{self._settings.base_url}{path}",
            params=query,
            content=body,
            headers=headers,
        )


def _own_words(response: httpx.Response, addressees: int = 0) -> ChannelError | None:
    """SendGrid's own meaning of an answer; None where the plain reading is right."""
    try:
        complaints = _Complaints.model_validate_json(response.content).errors
    except ValidationError:
        complaints = []
    match response.status_code:
        case 400:
            return _complained(complaints, addressees)
        case 401 if any("maximum credits" in one.message.lower() for one in complaints):
            return BadCredentials(
                "SendGrid: the account has used up its credits.",
                "Raise the plan or wait for its renewal, then retry the channel; the key is fine.",
            )
        case 403:
            return BroadcastRefused(
                "SendGrid: it forbids this (403): the sender's address is not verified there, the "
                "key lacks a scope, or the account is blocked, perhaps until it is reviewed.",
                "Verify the sender and look at the account in SendGrid, then retry the channel.",
            )
        case 404 | 405 | 406 | 415:
            return BroadcastRefused(
                "SendGrid: what answers at its address does not know such a request "
                f"({response.status_code}).",
                "Correct FRONTFOOT_EMAIL_BASE_URL and restart the worker, then retry the channel.",
            )
        case 413:
            return Refused(
                "SendGrid: the batch is too large for one request (413).",
                "Set a smaller batch_size in the playbook.",
            )
    return None


def _complained(complaints: list[_Complaint], addressees: int) -> ChannelError | None:
    """The meaning of a 400: about some addressees, about us, or None where it does not say."""
    positions: set[int] = set()
    unclear = False
    for one in complaints:
        # A doubled address is a complaint about the list; only its sentence has the place.
        named = _NAMED.match(one.field or "")
        if named is None and one.field == "personalizations":
            named = _NAMED.search(one.message)
        if named is not None:
            position = int(named[1])
            unclear = unclear or position >= addressees
            positions.add(position)
        elif one.field and one.field != "personalizations":
            return BroadcastRefused(
                "SendGrid: it refused the sender or another part that is the same in every mail "
                "(400).",
                "Check the voice in the playbook and the account's settings, then retry the "
                "channel. If it is the copy, propose the message again.",
            )
        else:
            unclear = True
    if unclear or not positions:
        return None
    return BadRecipient(
        f"SendGrid: it refused the batch over {len(positions)} of its {addressees} addressees.",
        positions=sorted(positions),
        next_step="The others go out without them; correct their rows in the audience.",
    )


ADAPTER = Adapter(
    SendGridSettings,
    SendGridChannel,
    events=EVENTS,
    mentions=INBOUND,
    sandbox={"api_key": "SG.sandbox", "base_url": SANDBOX},
    look_for=f"In SendGrid's Activity, search for the custom argument {BATCH_ARG} with the key.",
)
