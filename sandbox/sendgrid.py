"""SendGrid's v3 API: sending mail, checking a key, looking up what happened to a message."""

from __future__ import annotations

import gzip
import re
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.config import SandboxConfig
from sandbox.events import EventSender
from sandbox.faults import Operation
from sandbox.gate import Handler, SandboxGate, credential_of
from sandbox.mailbag import Mailbag
from sandbox.mailrules import MAX_BODY, judge
from sandbox.windows import Window

_CLAUSE = re.compile(
    r"""\(?\s*(?:msg_id\s+LIKE\s+["'](?P<msg>[^"'%]*)%?["']"""
    r"""|unique_args\[\s*["'](?P<key>[^"']+)["']\s*\]\s*=\s*["'](?P<value>[^"']*)["']"""
    r"""|to_email\s*=\s*["'](?P<to>[^"']+)["'])\s*\)?""",
    re.IGNORECASE,
)


class SendGridErrors:
    """SendGrid's errors for the faults."""

    def throttled(self, seconds: float) -> Response:
        return _refusal(
            429,
            "too many requests",
            headers={
                "X-RateLimit-Limit": "600",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(int(time.time() + seconds) + 1),
            },
        )

    def dead_token(self) -> Response:
        return _refusal(401, "The provided authorization grant is invalid, expired, or revoked")

    def out_of_credits(self) -> Response:
        # SendGrid answers 401 for an empty account too: quota looks like a bad key.
        return _refusal(401, "Maximum credits exceeded")

    def server_error(self, status: int) -> Response:
        return _refusal(status, "Internal error" if status == 500 else "Service unavailable")


class SendGrid:
    """The handlers of the mail API, over a mailbag."""

    def __init__(
        self,
        config: SandboxConfig,
        mailbag: Mailbag,
        events: EventSender,
        gate: SandboxGate,
        clock: Callable[[], float],
    ) -> None:
        self._config = config
        self._mailbag = mailbag
        self._events = events
        self._gate = gate
        self._clock = clock
        self._activity = Window()

    def routes(self) -> list[Route]:
        def route(path: str, operation: Operation, handler: Handler, method: str) -> Route:
            return self._gate.route(path, operation, keyed(handler), method)

        return [
            route("/v3/mail/send", Operation.SEND, self.send, "POST"),
            route("/v3/scopes", Operation.LIST, self.scopes, "GET"),
            route(
                "/v3/user/webhooks/event/settings/signed", Operation.LIST, self.public_key, "GET"
            ),
            route("/v3/messages", Operation.LIST, self.messages, "GET"),
        ]

    async def send(self, request: Request) -> Response:
        """`POST /v3/mail/send`: 202 with X-Message-Id once everything is recorded."""
        raw = await request.body()
        if len(raw) > MAX_BODY:
            return _refusal(413, "The JSON payload you have included in your request is too large.")
        if not request.headers.get("content-type", "").startswith("application/json"):
            return _refusal(415, "Content-Type should be application/json.")
        try:
            if request.headers.get("content-encoding") == "gzip":
                raw = gzip.decompress(raw)
            mail = orjson.loads(raw)
        except (orjson.JSONDecodeError, OSError, EOFError):
            return _refusal(400, "Bad Request")
        judged = judge(mail)
        if judged.errors:
            return _json(400, {"errors": judged.errors})
        if judged.validate_only:
            return Response(status_code=200)
        now = self._clock()
        dues = self._events.dues(now, judged.send_at)
        message_id = self._mailbag.accept(judged, now, dues)
        self._events.wake()
        return Response(status_code=202, headers={"X-Message-Id": message_id})

    async def scopes(self, request: Request) -> Response:
        """`GET /v3/scopes`: what the key may do; a cheap way of asking whether it works."""
        return _json(200, {"scopes": ["mail.send", "messages.read", "suppression.read"]})

    async def public_key(self, request: Request) -> Response:
        """The key with which a listener checks event signatures (base64 DER)."""
        return _json(200, {"id": "sandbox", "public_key": self._events.public_key})

    async def messages(self, request: Request) -> Response:
        """`GET /v3/messages`: the Email Activity feed, by message id or unique argument.

        The real one is a paid add-on limited to six requests a minute.
        """
        limit_of = self._config.dials.email_activity_per_minute
        if not self._activity.take(self._clock(), limit_of, 60.0):
            return SendGridErrors().throttled(60.0)
        text = request.query_params.get("query", "")
        limit = request.query_params.get("limit", "10")
        if not limit.isdigit() or not 1 <= int(limit) <= 1000:
            return _refusal(400, "limit must be between 1 and 1000", "limit")
        where: list[str] = []
        values: dict[str, Any] = {"limit": int(limit)}
        for number, clause in enumerate(re.split(r"\s+AND\s+", text, flags=re.IGNORECASE)):
            match = _CLAUSE.fullmatch(clause.strip())
            if match is None:
                return _refusal(400, "invalid query", "query")
            key = f"v{number}"
            if match["msg"] is not None:
                # A sg_message_id starts with the id that the send answered with.
                where.append(f"q.message_id = :{key}")
                values[key] = match["msg"].split(".")[0]
            elif match["to"] is not None:
                where.append(f"lower(m.address) = lower(:{key})")
                values[key] = match["to"]
            else:
                where.append(
                    f"coalesce(json_extract(m.args, :p{number}), json_extract(q.args, :p{number}))"
                    f" = :{key}"
                )
                values[f"p{number}"] = '$."' + match["key"] + '"'
                values[key] = match["value"]
        pending = self._clock() - 2 * self._config.event_delay.total_seconds()

        def query(db: sqlite3.Connection) -> list[dict[str, Any]]:
            rows = db.execute(
                "SELECT m.address, m.n, m.outcome, q.message_id, q.at, c.body FROM mail m"
                " JOIN mail_request q ON q.id = m.request_id"
                " JOIN mail_content c ON c.id = q.content_id"
                f" WHERE {' AND '.join(where)} ORDER BY m.request_id DESC, m.n LIMIT :limit",
                values,
            )
            return [_activity(row, pending) for row in rows]

        return _json(200, {"messages": await self._mailbag.read(query)})


def keyed(handler: Handler) -> Handler:
    """The handler, behind SendGrid's check of the API key (any that starts with `SG.`)."""

    async def checked(request: Request) -> Response:
        if not credential_of(request).startswith("SG."):
            return SendGridErrors().dead_token()
        return await handler(request)

    return checked


def _activity(row: tuple[Any, ...], pending: float) -> dict[str, Any]:
    address, n, outcome, message_id, at, body = row
    content = orjson.loads(body)
    status = "delivered" if outcome is None else "not_delivered"
    return {
        "from_email": content["from"]["email"],
        "msg_id": f"{message_id}.sandbox-{n}",
        "subject": content.get("subject") or "",
        "to_email": address,
        "status": "processed" if at > pending else status,
        "opens_count": 0,
        "clicks_count": 0,
        "last_event_time": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _refusal(
    status: int, message: str, name: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    body = orjson.dumps({"errors": [{"message": message, "field": name, "help": None}]})
    return Response(body, status, headers, "application/json")
