"""The SQLite file in which everything the sandbox accepted is written before it answers."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, rule TEXT NOT NULL, matched INTEGER NOT NULL, fired INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS mail_content (
    id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mail_request (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, at REAL NOT NULL,
    content_id INTEGER NOT NULL, args TEXT, recipients INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS mail (
    request_id INTEGER NOT NULL, n INTEGER NOT NULL, address TEXT NOT NULL,
    args TEXT, data TEXT, outcome TEXT, PRIMARY KEY (request_id, n)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS suppression (
    list TEXT NOT NULL, email TEXT NOT NULL, created REAL NOT NULL, reason TEXT NOT NULL,
    PRIMARY KEY (list, email)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, request_id INTEGER NOT NULL, stage TEXT NOT NULL,
    due REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, recipients INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (due);

CREATE TABLE IF NOT EXISTS x_user (
    id TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE COLLATE NOCASE, name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS x_post (
    id INTEGER PRIMARY KEY, author_id TEXT NOT NULL, text TEXT NOT NULL, wrapped TEXT NOT NULL,
    urls TEXT NOT NULL, at REAL NOT NULL, conversation_id INTEGER NOT NULL,
    reply_to INTEGER, reply_to_user TEXT, deleted REAL);
CREATE INDEX IF NOT EXISTS x_post_author ON x_post (author_id, id);
CREATE INDEX IF NOT EXISTS x_post_text ON x_post (author_id, text);
CREATE TABLE IF NOT EXISTS x_mention (
    user_id TEXT NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (user_id, post_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS x_edit (
    id INTEGER PRIMARY KEY, before INTEGER NOT NULL UNIQUE, first INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS fb_post (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, message TEXT NOT NULL, link TEXT,
    at REAL NOT NULL, published INTEGER NOT NULL, scheduled REAL, deleted REAL);
CREATE TABLE IF NOT EXISTS fb_comment (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, post_id TEXT NOT NULL, parent_id TEXT,
    author_id TEXT NOT NULL, author_name TEXT NOT NULL, message TEXT NOT NULL, at REAL NOT NULL,
    hidden INTEGER NOT NULL DEFAULT 0, deleted REAL);
CREATE INDEX IF NOT EXISTS fb_comment_post ON fb_comment (post_id, seq);
CREATE TABLE IF NOT EXISTS fb_tag (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, post_id TEXT NOT NULL DEFAULT '',
    parent_id TEXT, author_id TEXT NOT NULL, author_name TEXT NOT NULL, message TEXT NOT NULL,
    at REAL NOT NULL, hidden INTEGER NOT NULL DEFAULT 0, deleted REAL);

CREATE TABLE IF NOT EXISTS x_dm (
    id INTEGER PRIMARY KEY, person_id TEXT NOT NULL, sender_id TEXT NOT NULL, text TEXT NOT NULL,
    at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS fb_message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, person_id TEXT NOT NULL,
    person_name TEXT NOT NULL, by_page INTEGER NOT NULL, message TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS fb_message_person ON fb_message (person_id, seq);

CREATE TABLE IF NOT EXISTS toot (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, author_id TEXT NOT NULL, acct TEXT NOT NULL,
    name TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL, edited REAL, reply_to TEXT,
    visibility TEXT NOT NULL, key TEXT UNIQUE, deleted REAL);

CREATE TABLE IF NOT EXISTS letter (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
    name TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL, at REAL NOT NULL);

CREATE TABLE IF NOT EXISTS letter_more (
    id TEXT PRIMARY KEY, headers TEXT NOT NULL, sender TEXT, html INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS webhook (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, body TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS phone (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, title TEXT NOT NULL,
    body TEXT NOT NULL, at REAL NOT NULL);
"""

# `mail` has no index on the address on purpose: random addresses would dirty a page each, which
# costs the accepting side far more than a scan costs the rare person who opens the inbox.
_EMPTIED_BY_RESET = (
    "fault mail_content mail_request mail suppression outbox x_user x_post x_mention x_edit "
    "fb_post fb_comment fb_tag x_dm fb_message toot letter letter_more webhook phone"
).split()


def _make_private(path: Path) -> None:
    """Make the file and its folder for this user alone: mail has addresses, if only made-up ones.

    SQLite gives the files that it puts beside a database the mode of the database.
    """
    for folder in reversed(path.absolute().parents):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


class Book:
    """One file, one writer (the event loop), any number of readers in threads.

    Writes run on the event loop itself: a request of 1,000 recipients is a few milliseconds, and
    handing its rows to a thread costs more in lock traffic than it saves. What `transaction`
    has left behind survives SIGKILL.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        _make_private(path)
        # Made in one thread and served in another by tests; never used by two at once.
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.execute("PRAGMA wal_autocheckpoint=8000")
        self.db.execute("PRAGMA cache_size=-65536")
        self.db.executescript(_TABLES)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything written inside is committed together when the block ends, or not at all."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def reader(self) -> sqlite3.Connection:
        """A separate connection for a long read, usable from any thread; close it."""
        return sqlite3.connect(
            f"file:{self.path.absolute()}?mode=ro", uri=True, check_same_thread=False
        )

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a read that may take seconds, in a thread, without blocking the writer."""

        def run() -> T:
            connection = self.reader()
            try:
                return query(connection)
            finally:
                connection.close()

        return await asyncio.to_thread(run)

    def meta(self, key: str, make: Callable[[], str]) -> str:
        """The stored value of a key, made and stored on the first call."""
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        if row is not None:
            return str(row[0])
        value = make()
        with self.transaction() as db:
            db.execute("INSERT INTO meta VALUES (?, ?)", (key, value))
        return value

    def reset(self) -> None:
        """Forget everything accepted, suppressed and planned; the signing key stays."""
        with self.transaction() as db:
            for table in _EMPTIED_BY_RESET:
                db.execute(f"DELETE FROM {table}")

    def close(self) -> None:
        self.db.close()
