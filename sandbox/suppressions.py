"""SendGrid's suppression lists: who asked, bounced or complained, and must not be written to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.faults import Operation
from sandbox.gate import Handler, SandboxGate
from sandbox.mailbag import LISTS, Mailbag
from sandbox.sendgrid import keyed


class Suppressions:
    """The handlers of `/v3/suppression/...` and `/v3/asm/...`.

    The global unsubscribe list has two endpoints at SendGrid (`suppression/unsubscribes` to list,
    `asm/suppressions/global` to change); here too they lead to one list.
    """

    def __init__(self, mailbag: Mailbag, gate: SandboxGate, clock: Callable[[], float]) -> None:
        self._mailbag = mailbag
        self._gate = gate
        self._clock = clock

    def routes(self) -> list[Route]:
        def route(path: str, operation: Operation, handler: Handler, method: str) -> Route:
            return self._gate.route(path, operation, keyed(handler), method)

        lists, asm = "/v3/suppression/{list}", "/v3/asm"
        everyone, group = f"{asm}/suppressions/global", f"{asm}/groups/{{group:int}}/suppressions"
        return [
            route(lists, Operation.LIST, self.listing, "GET"),
            route(lists, Operation.DELETE, self.remove_many, "DELETE"),
            route(lists + "/{email}", Operation.LIST, self.one, "GET"),
            route(lists + "/{email}", Operation.DELETE, self.remove_one, "DELETE"),
            route(everyone, Operation.POST, self.unsubscribe, "POST"),
            route(everyone, Operation.LIST, self.listing, "GET"),
            route(everyone + "/{email}", Operation.LIST, self.is_unsubscribed, "GET"),
            route(everyone + "/{email}", Operation.DELETE, self.remove_one, "DELETE"),
            route(group, Operation.LIST, self.group_members, "GET"),
            route(group, Operation.POST, self.unsubscribe, "POST"),
            route(group + "/{email}", Operation.DELETE, self.remove_one, "DELETE"),
        ]

    async def listing(self, request: Request) -> Response:
        """One list, newest first, with SendGrid's paging and time filters."""
        name = _list_of(request)
        if name is None:
            return _not_found()
        query = request.query_params
        try:
            limit, offset = int(query.get("limit", "500")), int(query.get("offset", "0"))
            start, end = float(query.get("start_time", "0")), float(query.get("end_time", "inf"))
        except ValueError:
            return _json(400, {"errors": [{"message": "invalid number", "field": None}]})
        rows = self._mailbag.suppressed(name, query.get("email", ""))
        kept = [row for row in rows if start <= row[1] <= end][offset : offset + limit]
        return _json(200, [_entry(name, *row) for row in kept])

    async def one(self, request: Request) -> Response:
        name = _list_of(request)
        if name is None:
            return _not_found()
        email = request.path_params["email"].lower()
        rows = self._mailbag.suppressed(name, email)
        return _json(200, [_entry(name, *row) for row in rows if row[0] == email])

    async def is_unsubscribed(self, request: Request) -> Response:
        email = request.path_params["email"].lower()
        found = any(row[0] == email for row in self._mailbag.suppressed("unsubscribes", email))
        return _json(200, {"recipient_email": email} if found else {})

    async def group_members(self, request: Request) -> Response:
        name = f"group:{request.path_params['group']}"
        return _json(200, [row[0] for row in self._mailbag.suppressed(name)])

    async def unsubscribe(self, request: Request) -> Response:
        """Add `recipient_emails` to a group or to the global list: 201 with what was added."""
        emails = await _emails(request, "recipient_emails")
        if not emails:
            message = "recipient_emails is required"
            return _json(400, {"errors": [{"message": message, "field": "recipient_emails"}]})
        name = _list_of(request)
        assert name is not None
        self._mailbag.suppress(name, emails, self._clock(), "unsubscribed")
        return _json(201, {"recipient_emails": emails})

    async def remove_one(self, request: Request) -> Response:
        name = _list_of(request)
        if name is None or not self._mailbag.unlist(name, [request.path_params["email"]]):
            return _not_found()
        return Response(status_code=204)

    async def remove_many(self, request: Request) -> Response:
        """`{"delete_all": true}` or `{"emails": [...]}`: 204."""
        name = _list_of(request)
        if name is None:
            return _not_found()
        body = await _body(request)
        emails = await _emails(request, "emails")
        if not emails and body.get("delete_all") is not True:
            message = "delete_all or emails is required"
            return _json(400, {"errors": [{"message": message, "field": None}]})
        self._mailbag.unlist(name, emails or None)
        return Response(status_code=204)


def _list_of(request: Request) -> str | None:
    if "group" in request.path_params:
        return f"group:{request.path_params['group']}"
    name = request.path_params.get("list", "unsubscribes")
    return name if name in LISTS else None


def _entry(name: str, email: str, created: float, reason: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"created": int(created), "email": email}
    if name == "spam_reports":
        entry["ip"] = "127.0.0.1"
    elif name != "unsubscribes":
        entry["reason"] = reason
        if name != "invalid_emails":
            entry["status"] = "5.1.1"
    return entry


async def _body(request: Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


async def _emails(request: Request, name: str) -> list[str]:
    emails = (await _body(request)).get(name)
    return [e for e in emails if isinstance(e, str)] if isinstance(emails, list) else []


def _not_found() -> Response:
    return _json(404, {"errors": [{"message": "resource not found", "field": None, "help": None}]})


def _json(status: int, body: object) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
