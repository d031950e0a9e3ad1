"""The records of X: posts, who wrote them, whom they mention."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.book import Book
from sandbox.config import SandboxConfig
from sandbox.weighted import links_in

_EPOCH_MS = 1_288_834_974_657
_DUPLICATE_SECONDS = 24 * 3600.0
_TIMELINE_DEPTH = 3200
_TIMELINE_DEPTH_WITHOUT_REPLIES = 800
_NO_DEPTH = 1 << 40
_MENTION = re.compile(r"(?<![\w@])@(\w{1,15})\b")
_COLUMNS = (
    "id, author_id, text, wrapped, urls, at, conversation_id, reply_to, reply_to_user, deleted"
)
_LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class XUser:
    id: str
    username: str
    name: str


@dataclass(frozen=True, slots=True)
class XPost:
    """One post: `text` as it was sent in, `wrapped` as everybody reads it."""

    id: int
    author_id: str
    text: str
    wrapped: str
    urls: list[dict[str, Any]]
    at: float
    conversation_id: int
    reply_to: int | None
    reply_to_user: str | None
    deleted: float | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a timeline is asked for; ids are exclusive, times inclusive at the start."""

    limit: int
    since_id: int | None = None
    until_id: int | None = None
    before_id: int | None = None
    start: float | None = None
    end: float | None = None
    without_replies: bool = False


class XBook:
    """Writes posts and reads timelines, newest first."""

    def __init__(self, config: SandboxConfig, book: Book, clock: Callable[[], float]) -> None:
        self._config = config
        self._book = book
        self._clock = clock
        self.settle_in()

    def settle_in(self) -> None:
        """Make sure that the brand's own account exists."""
        config = self._config
        with self._book.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO x_user VALUES (?, ?, ?)",
                (config.x_user_id, config.x_handle, config.x_name),
            )
        row = self._book.db.execute("SELECT coalesce(max(id), 0) FROM x_post").fetchone()
        self._last_id = int(row[0])

    def add(self, author_id: str, text: str, reply_to: XPost | None = None) -> XPost:
        """Write one post, links wrapped, mentions noted; ids grow with time."""
        with self._book.transaction() as db:
            return self.write(db, author_id, text, reply_to)

    def write(
        self, db: sqlite3.Connection, author_id: str, text: str, reply_to: XPost | None = None
    ) -> XPost:
        """Like `add`, inside a transaction of the caller's."""
        now = self._clock()
        self._last_id = max(self._last_id + 1, epoch_id(now))
        number = self._last_id
        read = text
        if reply_to is not None and reply_to.author_id != author_id:
            # X puts the name of whom we answer in front; a reply is never read back as sent.
            name = self._username(reply_to.author_id)
            if not text.lower().startswith(f"@{name.lower()}"):
                read = f"@{name} {text}"
        wrapped, urls = _wrap(unicodedata.normalize("NFC", read), number)
        post = XPost(
            id=number,
            author_id=author_id,
            text=text,
            wrapped=wrapped,
            urls=urls,
            at=now,
            conversation_id=reply_to.conversation_id if reply_to else number,
            reply_to=reply_to.id if reply_to else None,
            reply_to_user=reply_to.author_id if reply_to else None,
            deleted=None,
        )
        db.execute(
            f"INSERT INTO x_post ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                post.id,
                author_id,
                text,
                wrapped,
                orjson.dumps(urls).decode(),
                now,
                post.conversation_id,
                post.reply_to,
                post.reply_to_user,
                None,
            ),
        )
        for name in sorted(set(_MENTION.findall(read))):
            db.execute(
                "INSERT OR IGNORE INTO x_mention SELECT id, ? FROM x_user"
                " WHERE username = ? AND id <> ?",
                (number, name, author_id),
            )
        return post

    def edit(self, post: XPost, text: str) -> XPost:
        """Write another version of a post; as at X, it is a post of its own."""
        answered = self.post(post.reply_to) if post.reply_to is not None else None
        with self._book.transaction() as db:
            new = self.write(db, post.author_id, text, answered)
            db.execute(
                "INSERT INTO x_edit VALUES (?, ?, ?)", (new.id, post.id, self.first(post.id))
            )
        return new

    def first(self, number: int) -> int:
        """The id of a post's first version."""
        row = self._book.db.execute("SELECT first FROM x_edit WHERE id = ?", (number,)).fetchone()
        return int(row[0]) if row else number

    def history(self, number: int) -> list[int]:
        """The ids of a post's versions, up to this one."""
        first = self.first(number)
        rows = self._book.db.execute(
            "SELECT id FROM x_edit WHERE first = ? AND id <= ? ORDER BY id", (first, number)
        )
        return [first, *(int(row[0]) for row in rows)]

    def user(self, user_id: str) -> XUser | None:
        row = self._book.db.execute("SELECT * FROM x_user WHERE id = ?", (user_id,)).fetchone()
        return XUser(*row) if row else None

    def users(self, ids: set[str]) -> list[XUser]:
        found = (self.user(user_id) for user_id in sorted(ids))
        return [user for user in found if user is not None]

    def post(self, number: int) -> XPost | None:
        """A post; None if it never existed or was deleted."""
        row = self._book.db.execute(
            f"SELECT {_COLUMNS} FROM x_post WHERE id = ? AND deleted IS NULL", (number,)
        ).fetchone()
        return _post(row) if row else None

    def delete(self, number: int) -> None:
        with self._book.transaction() as db:
            db.execute("UPDATE x_post SET deleted = ? WHERE id = ?", (self._clock(), number))

    def is_duplicate(self, author_id: str, text: str, reply_to: XPost | None) -> bool:
        """Whether the author said the same within a day, deleted or not.

        X does not say whether the same words to somebody else are the same. Here they are, unless
        the dial of that rule is off.
        """
        rows = self._book.db.execute(
            "SELECT coalesce(reply_to_user, '') FROM x_post"
            " WHERE author_id = ? AND text = ? AND at > ?",
            (author_id, text, self._clock() - _DUPLICATE_SECONDS),
        ).fetchall()
        if self._config.dials.x_same_words_rule:
            return bool(rows)
        return (reply_to.author_id if reply_to else "",) in rows

    def mentions_user(self, post: XPost, user_id: str) -> bool:
        row = self._book.db.execute(
            "SELECT 1 FROM x_mention WHERE user_id = ? AND post_id = ?", (user_id, post.id)
        ).fetchone()
        return row is not None

    def timeline(self, user_id: str, asked: Slice) -> list[XPost]:
        """A user's own posts, newest first; only the newest 3,200 (or 800) can be reached."""
        depth = _TIMELINE_DEPTH_WITHOUT_REPLIES if asked.without_replies else _TIMELINE_DEPTH
        return self._slice("author_id = :user", user_id, depth, asked)

    def mentions(self, user_id: str, asked: Slice) -> list[XPost]:
        """Posts that mention a user, newest first; only the newest 800 can be reached."""
        where = "id IN (SELECT post_id FROM x_mention WHERE user_id = :user)"
        return self._slice(where, user_id, self._config.dials.x_mention_depth, asked)

    def search(self, username: str, not_from: str, asked: Slice) -> list[XPost]:
        """Everybody's posts that mention one user, but for those of another one, newest first."""
        row = self._book.db.execute(
            "SELECT id FROM x_user WHERE username = ?", (username,)
        ).fetchone()
        where = (
            "id IN (SELECT post_id FROM x_mention WHERE user_id = :user) AND author_id NOT IN"
            " (SELECT id FROM x_user WHERE username = :not_from)"
        )
        return self._slice(where, row[0] if row else "", _NO_DEPTH, asked, not_from=not_from)

    def _slice(
        self, where: str, user_id: str, depth: int, asked: Slice, **more: str
    ) -> list[XPost]:
        conditions = [where, "deleted IS NULL", "id NOT IN (SELECT before FROM x_edit)"]
        if asked.without_replies:
            conditions.append("reply_to IS NULL")
        reachable = " AND ".join(conditions)
        conditions.append(
            f"id >= coalesce((SELECT id FROM x_post WHERE {reachable}"
            " ORDER BY id DESC LIMIT 1 OFFSET :depth), 0)"
        )
        values: dict[str, Any] = {
            "user": user_id,
            "depth": depth - 1,
            "limit": asked.limit,
            **more,
        }
        for name, condition, value in (
            ("since", "id > :since", asked.since_id),
            ("until", "id < :until", asked.until_id),
            ("before", "id < :before", asked.before_id),
            ("start", "at >= :start", asked.start),
            ("end", "at < :end", asked.end),
        ):
            if value is not None:
                conditions.append(condition)
                values[name] = value
        rows = self._book.db.execute(
            f"SELECT {_COLUMNS} FROM x_post WHERE {' AND '.join(conditions)}"
            " ORDER BY id DESC LIMIT :limit",
            values,
        )
        return [_post(row) for row in rows]

    def _username(self, user_id: str) -> str:
        user = self.user(user_id)
        return user.username if user else "unknown"


def epoch_id(at: float) -> int:
    """The first id of a moment in seconds: X's ids have the time in front."""
    return (int(at * 1000) - _EPOCH_MS) << 22


def time_of(number: int) -> float:
    """When the post with this id was written, in seconds."""
    return ((number >> 22) + _EPOCH_MS) / 1000


def _wrap(text: str, number: int) -> tuple[str, list[dict[str, Any]]]:
    """The text with every link shortened to 23 characters, and the entities that undo it."""
    out: list[str] = []
    urls: list[dict[str, Any]] = []
    at = length = 0
    for index, link in enumerate(links_in(text)):
        before = text[at : link.start]
        digest = hashlib.sha256(f"{number}/{index}".encode()).digest()
        short = "https://t.co/" + "".join(_LETTERS[b % 62] for b in digest[:10])
        length += len(before)
        expanded = link.url if "://" in link.url else f"http://{link.url}"
        shown = expanded.split("://", 1)[1]
        urls.append(
            {
                "start": length,
                "end": length + len(short),
                "url": short,
                "expanded_url": expanded,
                "display_url": shown if len(shown) <= 26 else shown[:25] + "…",
            }
        )
        out += [before, short]
        length += len(short)
        at = link.end
    out.append(text[at:])
    return "".join(out), urls


def _post(row: tuple[Any, ...]) -> XPost:
    before, urls, after = row[:4], row[4], row[5:]
    values = (*before, orjson.loads(urls), *after)
    return XPost(*values)
