"""The records of Facebook: a Page's posts and the comments under them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.book import Book
from sandbox.config import SandboxConfig

_POST = "seq, id, message, link, at, published, scheduled"
_COMMENT = "seq, id, post_id, parent_id, author_id, author_name, message, at, hidden"
_FIRST_POST = 122_000_000_000_000
_FIRST_COMMENT = 900_000_000_000_000
_FIRST_TAG = 330_000_000_000_000


@dataclass(frozen=True, slots=True)
class PagePost:
    seq: int
    id: str
    message: str
    link: str | None
    at: float
    published: bool
    scheduled: float | None


@dataclass(frozen=True, slots=True)
class Comment:
    seq: int
    id: str
    post_id: str
    parent_id: str | None
    author_id: str
    author_name: str
    message: str
    at: float
    hidden: bool

    @property
    def is_tag(self) -> bool:
        """Whether it is a post that tags the Page: that stands under nothing."""
        return not self.post_id


@dataclass(frozen=True, slots=True)
class EdgeSlice:
    """Which part of an edge is asked for; `after` is the cursor of the last one seen."""

    limit: int
    after: int | None = None
    since: float | None = None
    until: float | None = None
    newest_first: bool = True


class GraphBook:
    """Writes and reads one Page."""

    def __init__(self, config: SandboxConfig, book: Book, clock: Callable[[], float]) -> None:
        self._config = config
        self._book = book
        self._clock = clock

    def add_post(
        self, message: str, link: str | None, published: bool, scheduled: float | None
    ) -> str:
        """Write a post and return its id, `{page}_{number}`."""
        with self._book.transaction() as db:
            cursor = db.execute(
                "INSERT INTO fb_post (message, link, at, published, scheduled)"
                " VALUES (?, ?, ?, ?, ?)",
                (message, link, self._clock(), published, scheduled),
            )
            assert cursor.lastrowid is not None
            post_id = f"{self._config.page_id}_{_FIRST_POST + cursor.lastrowid}"
            db.execute("UPDATE fb_post SET id = ? WHERE seq = ?", (post_id, cursor.lastrowid))
        return post_id

    def write_comment(
        self,
        db: sqlite3.Connection,
        post_id: str,
        parent_id: str | None,
        author: tuple[str, str],
        message: str,
    ) -> str:
        """Write a comment inside a transaction of the caller's; returns its id."""
        cursor = db.execute(
            "INSERT INTO fb_comment (post_id, parent_id, author_id, author_name, message, at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (post_id, parent_id, *author, message, self._clock()),
        )
        assert cursor.lastrowid is not None
        comment_id = f"{post_id.split('_')[1]}_{_FIRST_COMMENT + cursor.lastrowid}"
        db.execute("UPDATE fb_comment SET id = ? WHERE seq = ?", (comment_id, cursor.lastrowid))
        return comment_id

    def write_tag(self, db: sqlite3.Connection, author: tuple[str, str], message: str) -> str:
        """Write a post of somebody else's that tags the Page; returns its id."""
        cursor = db.execute(
            "INSERT INTO fb_tag (author_id, author_name, message, at) VALUES (?, ?, ?, ?)",
            (*author, message, self._clock()),
        )
        assert cursor.lastrowid is not None
        tag_id = f"{author[0]}_{_FIRST_TAG + cursor.lastrowid}"
        db.execute("UPDATE fb_tag SET id = ? WHERE seq = ?", (tag_id, cursor.lastrowid))
        return tag_id

    def tags(self, part: EdgeSlice) -> list[Comment]:
        """Posts of others that tag the Page; in shape they are comments under nothing."""
        return [
            Comment(*row) for row in self._rows(f"SELECT {_COMMENT} FROM fb_tag WHERE 1", {}, part)
        ]

    def newest_comment(self, post_id: str) -> Comment | None:
        """The newest comment under a post, on whatever level."""
        found = self.comments(post_id, EdgeSlice(limit=1), None, all_levels=True)
        return found[0] if found else None

    def answer(self, post_id: str, parent_id: str | None, message: str) -> str:
        """The Page itself comments, under a post or under a comment."""
        author = (self._config.page_id, self._config.page_name)
        with self._book.transaction() as db:
            return self.write_comment(db, post_id, parent_id, author, message)

    def post(self, post_id: str) -> PagePost | None:
        row = self._book.db.execute(
            f"SELECT {_POST} FROM fb_post WHERE id = ? AND deleted IS NULL", (post_id,)
        ).fetchone()
        return PagePost(*row) if row else None

    def comment(self, comment_id: str) -> Comment | None:
        row = self._book.db.execute(
            f"SELECT {_COMMENT} FROM fb_comment WHERE id = ? AND deleted IS NULL", (comment_id,)
        ).fetchone()
        return Comment(*row) if row else None

    def tag(self, tag_id: str) -> Comment | None:
        """A post of somebody else's that tags the Page."""
        row = self._book.db.execute(
            f"SELECT {_COMMENT} FROM fb_tag WHERE id = ? AND deleted IS NULL", (tag_id,)
        ).fetchone()
        return Comment(*row) if row else None

    def repeats_last(self, message: str, link: str | None) -> bool:
        """Whether the newest public post says exactly this: Facebook compares with that one."""
        row = self._book.db.execute(
            "SELECT message, link FROM fb_post WHERE deleted IS NULL AND published"
            " ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        return row is not None and (row[0], row[1]) == (message, link)

    def edit(self, post_or_comment: PagePost | Comment, message: str) -> None:
        table = _table_of(post_or_comment)
        with self._book.transaction() as db:
            db.execute(
                f"UPDATE {table} SET message = ? WHERE seq = ?", (message, post_or_comment.seq)
            )

    def hide(self, comment: Comment, hidden: bool) -> None:
        with self._book.transaction() as db:
            db.execute("UPDATE fb_comment SET hidden = ? WHERE seq = ?", (hidden, comment.seq))

    def delete(self, post_or_comment: PagePost | Comment) -> None:
        table = _table_of(post_or_comment)
        with self._book.transaction() as db:
            db.execute(
                f"UPDATE {table} SET deleted = ? WHERE seq = ?",
                (self._clock(), post_or_comment.seq),
            )

    def posts(self, part: EdgeSlice, scheduled: bool = False) -> list[PagePost]:
        """Published (or scheduled) posts."""
        where = "scheduled IS NOT NULL AND NOT published" if scheduled else "published"
        rows = self._rows(f"SELECT {_POST} FROM fb_post WHERE {where}", {}, part)
        return [PagePost(*row) for row in rows]

    def comments(
        self, post_id: str, part: EdgeSlice, parent_id: str | None, all_levels: bool
    ) -> list[Comment]:
        """Comments under a post: all of them, its top level, or those under one comment."""
        values: dict[str, object] = {"post": post_id}
        where = "post_id = :post"
        if parent_id is not None:
            where += " AND parent_id = :parent"
            values["parent"] = parent_id
        elif not all_levels:
            where += " AND parent_id IS NULL"
        rows = self._rows(f"SELECT {_COMMENT} FROM fb_comment WHERE {where}", values, part)
        return [Comment(*row) for row in rows]

    def _rows(
        self, select: str, values: dict[str, object], part: EdgeSlice
    ) -> list[tuple[Any, ...]]:
        conditions = ["deleted IS NULL"]
        if part.after is not None:
            conditions.append("seq < :after" if part.newest_first else "seq > :after")
        if part.since is not None:
            conditions.append("at >= :since")
        if part.until is not None:
            conditions.append("at <= :until")
        order = "DESC" if part.newest_first else "ASC"
        return self._book.db.execute(
            f"{select} AND {' AND '.join(conditions)} ORDER BY seq {order} LIMIT :limit",
            {
                **values,
                "after": part.after,
                "since": part.since,
                "until": part.until,
                "limit": part.limit,
            },
        ).fetchall()


def _table_of(found: PagePost | Comment) -> str:
    if isinstance(found, PagePost):
        return "fb_post"
    return "fb_tag" if found.is_tag else "fb_comment"
