"""Private messages: X's `dm_events`, and the conversations of a Facebook Page.

Shapes: OpenAPI 2.167 and docs.x.com "Direct Messages lookup"; developers.facebook.com, reference of
the edges `conversations` and `messages`. Never compared with live answers.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.book import Book
from sandbox.config import SandboxConfig
from sandbox.graphbook import EdgeSlice
from sandbox.grapherrors import error
from sandbox.graphpages import edge_page
from sandbox.xbook import XBook, epoch_id
from sandbox.xproblems import invalid, json_answer, problem
from sandbox.xtimelines import rfc3339

_REACH_SECONDS = 30 * 24 * 3600.0
_TOKEN = "DAAAAAAAAAAAAAAA"
_MOST_OF_CONVERSATION = 20
_FIELDS = frozenset(
    "attachments created_at dm_conversation_id entities event_type id participant_ids "
    "referenced_posts referenced_tweets sender_id text".split()
)
_MESSAGES = re.compile(r"messages(?:\.limit\((\d+)\))?\{([a-z_,]+)\}")
_PERMISSIONS = "https://api.twitter.com/2/problems/oauth1-permissions"


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """One message between the account and somebody; `sender_id` is the one or the other."""

    id: int
    person_id: str
    sender_id: str
    text: str
    at: float


@dataclass(frozen=True, slots=True)
class PageMessage:
    """One message between the Page and somebody."""

    seq: int
    id: str
    person_id: str
    person_name: str
    by_page: bool
    message: str
    at: float


class MessageBook:
    """Writes and reads private messages of both accounts."""

    def __init__(self, config: SandboxConfig, book: Book, clock: Callable[[], float]) -> None:
        self._config = config
        self._book = book
        self._clock = clock

    def write_to_x(
        self, db: sqlite3.Connection, person_id: str, text: str, *, by_us: bool = False
    ) -> str:
        """Write a message inside a transaction of the caller's; returns its id."""
        now = self._clock()
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM x_dm").fetchone()
        number = max(int(last) + 1, epoch_id(now))
        sender = self._config.x_user_id if by_us else person_id
        db.execute(
            "INSERT INTO x_dm VALUES (?, ?, ?, ?, ?)", (number, person_id, sender, text, now)
        )
        return str(number)

    def write_to_page(
        self,
        db: sqlite3.Connection,
        person: tuple[str, str],
        text: str,
        *,
        by_us: bool = False,
    ) -> str:
        """The same for the Page."""
        cursor = db.execute(
            "INSERT INTO fb_message (person_id, person_name, by_page, message, at)"
            " VALUES (?, ?, ?, ?, ?)",
            (*person, by_us, text, self._clock()),
        )
        number = f"m_{1_000_000_000 + (cursor.lastrowid or 0)}"
        db.execute("UPDATE fb_message SET id = ? WHERE seq = ?", (number, cursor.lastrowid))
        return number

    def of_x(self, before: int | None, limit: int) -> list[DirectMessage]:
        """Messages of the last 30 days, the newest first."""
        rows = self._book.db.execute(
            "SELECT id, person_id, sender_id, text, at FROM x_dm"
            " WHERE id < ? AND at > ? ORDER BY id DESC LIMIT ?",
            (before or 1 << 62, self._clock() - _REACH_SECONDS, limit),
        )
        return [DirectMessage(*row) for row in rows]

    def x_message(self, number: str) -> DirectMessage | None:
        """One message on X by its id."""
        row = self._book.db.execute(
            "SELECT id, person_id, sender_id, text, at FROM x_dm WHERE id = ?", (number,)
        ).fetchone()
        return DirectMessage(*row) if row else None

    def page_message(self, number: str) -> PageMessage | None:
        """One message to the Page by its id."""
        found = self._page_rows("id = ?", (number,), 1)
        return found[0] if found else None

    def conversations(self, after: int | None, limit: int) -> list[PageMessage]:
        """The newest message of each conversation, the newest first; `after` is its cursor."""
        newest = "seq IN (SELECT max(seq) FROM fb_message GROUP BY person_id) AND seq < ?"
        return self._page_rows(newest, (after or 1 << 62,), limit)

    def conversation(self, person_id: str, limit: int) -> list[PageMessage]:
        """The newest messages of one conversation, and one more if there is one."""
        return self._page_rows("person_id = ?", (person_id,), limit + 1)

    def _page_rows(self, where: str, values: tuple[object, ...], limit: int) -> list[PageMessage]:
        rows = self._book.db.execute(
            "SELECT seq, id, person_id, person_name, by_page, message, at FROM fb_message"
            f" WHERE {where} ORDER BY seq DESC LIMIT ?",
            (*values, limit),
        )
        return [PageMessage(*row) for row in rows]


class XMessages:
    """`GET /2/dm_events` of one account."""

    def __init__(self, config: SandboxConfig, messages: MessageBook, posts: XBook) -> None:
        self._config = config
        self._messages = messages
        self._posts = posts

    async def events(self, request: Request) -> Response:
        """Messages of all conversations, the newest first."""
        if not self._config.dials.private_messages:
            detail = (
                "Your client app is not configured with the appropriate oauth1 app permissions "
                "for this endpoint."
            )
            return problem(403, "Forbidden", detail, _PERMISSIONS)
        query = request.query_params
        limit = query.get("max_results", "100")
        if not limit.isdigit() or not 1 <= int(limit) <= 100:
            return invalid("max_results", limit, "The max_results is not in [1,100].")
        asked = {name for name in query.get("dm_event.fields", "").split(",") if name}
        for name in sorted(asked - _FIELDS):
            return invalid("dm_event.fields", name, f"The value [{name}] is not known.")
        before: int | None = None
        if token := query.get("pagination_token"):
            if not token.startswith(_TOKEN):
                return invalid("pagination_token", token, "The token is not valid.")
            before = int(token.removeprefix(_TOKEN), 16)
        found = self._messages.of_x(before, int(limit) + 1)
        shown = found[: int(limit)]
        meta: dict[str, Any] = {"result_count": len(shown)}
        body: dict[str, Any] = {"meta": meta}
        if shown:
            expansions = set(query.get("expansions", "").split(","))
            body["data"] = [self.shown(one, asked | expansions) for one in shown]
        if shown and "sender_id" in query.get("expansions", "").split(","):
            users = self._posts.users({one.sender_id for one in shown})
            body["includes"] = {"users": [asdict(user) for user in users]}
        if len(found) > len(shown):
            meta["next_token"] = f"{_TOKEN}{shown[-1].id:x}"
        return json_answer(200, body)

    def shown(self, message: DirectMessage, asked: set[str]) -> dict[str, Any]:
        """A message with the fields that were asked for."""
        ids = sorted((message.person_id, self._config.x_user_id), key=int)
        every = {
            "id": str(message.id),
            "event_type": "MessageCreate",
            "text": message.text,
            "sender_id": message.sender_id,
            "dm_conversation_id": "-".join(ids),
            "created_at": rfc3339(message.at),
        }
        return {k: v for k, v in every.items() if k in asked | {"id", "event_type", "text"}}


class PageInbox:
    """The edge `conversations` of a Page."""

    def __init__(self, config: SandboxConfig, messages: MessageBook) -> None:
        self._config = config
        self._messages = messages

    def conversations(self, request: Request, part: EdgeSlice, fields: str) -> Response:
        """Conversations by their newest message, each with messages if they are asked for."""
        if not self._config.dials.private_messages:
            return error(
                200,
                "(#200) Requires pages_messaging permission to manage the object",
                status=403,
            )
        wanted = _MESSAGES.search(fields)
        found = self._messages.conversations(part.after, part.limit)
        return edge_page(request, found, part, lambda one: self._shown(one, wanted))

    def _shown(self, newest: PageMessage, wanted: re.Match[str] | None) -> dict[str, Any]:
        number = f"t_{newest.person_id}"
        shown: dict[str, Any] = {
            "id": number,
            "updated_time": _time(newest.at),
            "link": f"/{self._config.page_id}/inbox/{newest.person_id}/",
        }
        if wanted is not None:
            limit = min(int(wanted[1] or 25), _MOST_OF_CONVERSATION)
            found = self._messages.conversation(newest.person_id, limit)
            fields = {"id", *wanted[2].split(",")}
            messages: dict[str, Any] = {
                "data": [self._message(one, fields) for one in found[:limit]],
                "paging": {"cursors": {"after": str(found[:limit][-1].seq)}},
            }
            if len(found) > limit:
                messages["paging"]["next"] = f"https://graph.facebook.com/{number}/messages"
            shown["messages"] = messages
        return shown

    def _message(self, one: PageMessage, fields: set[str]) -> dict[str, Any]:
        page = {"id": self._config.page_id, "name": self._config.page_name}
        person = {"id": one.person_id, "name": one.person_name}
        every = {
            "id": one.id,
            "from": page if one.by_page else person,
            "message": one.message,
            "created_time": _time(one.at),
        }
        return {name: value for name, value in every.items() if name in fields}


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
