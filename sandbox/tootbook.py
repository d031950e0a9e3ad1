"""The records of Mastodon: posts of one account and of strangers who mention it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.book import Book
from sandbox.config import SandboxConfig

_FIRST = 113_000_000_000_000_000
_COLUMNS = "seq, author_id, acct, name, text, at, edited, reply_to, visibility"


@dataclass(frozen=True, slots=True)
class Toot:
    """One post; times are unix seconds."""

    seq: int
    author_id: str
    acct: str
    name: str
    text: str
    at: float
    edited: float | None
    reply_to: str | None
    visibility: str

    @property
    def id(self) -> str:
        return str(_FIRST + self.seq)


class TootBook:
    """Writes and reads posts, newest first."""

    def __init__(self, config: SandboxConfig, book: Book, clock: Callable[[], float]) -> None:
        self._config = config
        self._book = book
        self._clock = clock

    def add(self, text: str, reply_to: str | None, visibility: str, key: str | None) -> Toot:
        """The account posts; a key that is known is answered with the post that it made."""
        config = self._config
        with self._book.transaction() as db:
            us = (config.mastodon_id, config.x_handle, config.x_name)
            return self.write(db, us, text, reply_to, visibility, key)

    def write(
        self,
        db: sqlite3.Connection,
        author: tuple[str, str, str],
        text: str,
        reply_to: str | None = None,
        visibility: str = "public",
        key: str | None = None,
    ) -> Toot:
        """Anybody's post, inside a transaction of the caller's; `author` is id, acct and name."""
        cursor = db.execute(
            "INSERT INTO toot (author_id, acct, name, text, at, reply_to, visibility, key)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*author, text, self._clock(), reply_to, visibility, key),
        )
        row = db.execute(f"SELECT {_COLUMNS} FROM toot WHERE seq = ?", (cursor.lastrowid,))
        return Toot(*row.fetchone())

    def made_by(self, key: str) -> tuple[Toot | None, bool]:
        """The post that a key made, if it is still there, and whether the key is known."""
        row = self._book.db.execute(
            f"SELECT {_COLUMNS}, deleted FROM toot WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return None, False
        return (Toot(*row[:-1]) if row[-1] is None else None), True

    def toot(self, number: str) -> Toot | None:
        """A post; None if it never existed or was deleted."""
        if not number.isdigit():
            return None
        rows = self._rows("seq = :seq", {"seq": int(number) - _FIRST}, 1)
        return rows[0] if rows else None

    def edit(self, toot: Toot, text: str) -> None:
        with self._book.transaction() as db:
            db.execute(
                "UPDATE toot SET text = ?, edited = ? WHERE seq = ?",
                (text, self._clock(), toot.seq),
            )

    def delete(self, toot: Toot) -> None:
        """Delete a post; what answered it answers nothing any more, as at Mastodon."""
        with self._book.transaction() as db:
            db.execute("UPDATE toot SET deleted = ? WHERE seq = ?", (self._clock(), toot.seq))

    def own(self, before: str | None, limit: int) -> list[Toot]:
        """The account's own posts older than one."""
        seq = int(before) - _FIRST if before else 1 << 60
        where = "author_id = :us AND seq < :seq"
        return self._rows(where, {"us": self._config.mastodon_id, "seq": seq}, limit)

    def mentions(self, after: int | None, limit: int) -> list[Toot]:
        """What strangers said to the account: directly after a number, or the newest; newest first.

        The number of a notification is that of the post.
        """
        where = "author_id <> :us AND seq > :seq"
        values = {"us": self._config.mastodon_id, "seq": -1 if after is None else after}
        if after is None:
            return self._rows(where, values, limit)
        return self._rows(where, values, limit, oldest=True)[::-1]

    def _rows(
        self, where: str, values: dict[str, Any], limit: int, *, oldest: bool = False
    ) -> list[Toot]:
        order = "ASC" if oldest else "DESC"
        rows = self._book.db.execute(
            f"SELECT {_COLUMNS} FROM toot WHERE {where} AND deleted IS NULL"
            f" ORDER BY seq {order} LIMIT :limit",
            {**values, "limit": limit},
        )
        return [Toot(*row) for row in rows]
