"""Strangers' mentions on X and Mastodon, comments on Facebook and mails, as many as are wanted."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.book import Book
from sandbox.config import SandboxConfig
from sandbox.dms import MessageBook
from sandbox.graphbook import EdgeSlice, GraphBook
from sandbox.tootbook import TootBook
from sandbox.xbook import XBook

MAX_COUNT = 100_000
_STRANGERS = 5_000
_FIRST_STRANGER = 8_000_000_000
_NAMES = "Ana Ben Chloe Dev Elif Femi Gwen Hugo Ines Jun Kofi Lena Mats Noor Omar Priya".split()
_TEXTS = [
    "is this you? something odd was posted from my account",
    "are my passwords safe?",
    "what happened and when will it be fixed?",
    "thanks for telling us so fast",
    "I cannot sign in any more",
]


@dataclass(frozen=True, slots=True)
class LetterShape:
    """What makes a mail another than one that somebody typed.

    `headers` are more of them, `answered` is the Message-ID that it answers, and `html` says that
    it has no plain text. `sender` is that of the envelope, empty for a bounce; None: who wrote it.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    sender: str | None = None
    html: bool = False
    answered: str | None = None

    def header_lines(self) -> str:
        lines = [f"{name}: {value}\n" for name, value in self.headers.items()]
        if self.answered:
            lines += [f"In-Reply-To: <{self.answered}>\n", f"References: <{self.answered}>\n"]
        return "".join(lines)


class Crowd:
    """Strangers with names, whose posts are recorded like anybody's."""

    def __init__(
        self,
        config: SandboxConfig,
        book: Book,
        posts: XBook,
        page: GraphBook,
        messages: MessageBook,
        toots: TootBook,
        rng: random.Random,
    ) -> None:
        self._config = config
        self._book = book
        self._posts = posts
        self._page = page
        self._messages = messages
        self._toots = toots
        self._rng = rng

    def mention(
        self, count: int, texts: list[str], to_us: bool = True, answered: str | None = None
    ) -> list[str]:
        """`count` posts on X that mention the account (or do not); returns their ids.

        They answer the post `answered`, if there is one.
        """
        handle = f"@{self._config.x_handle}"
        above = self._posts.post(int(answered)) if answered and answered.isdigit() else None
        with self._book.transaction() as db:
            made = []
            for number in range(count):
                text = self._text(number, texts)
                if to_us and handle.lower() not in text.lower():
                    text = f"{handle} {text}"
                made.append(str(self._posts.write(db, self._stranger(db), text, above).id))
        return made

    def comment(self, count: int, texts: list[str], post_id: str | None) -> list[str] | None:
        """`count` comments under a post (the newest if none is named); None without such a post."""
        if post_id is None:
            newest = self._page.posts(EdgeSlice(limit=1))
            post_id = newest[0].id if newest else None
        if post_id is None or self._page.post(post_id) is None:
            return None
        with self._book.transaction() as db:
            made = []
            for number in range(count):
                stranger = self._rng.randrange(_STRANGERS)
                author = (str(_FIRST_STRANGER + stranger), _name(stranger))
                text = self._text(number, texts)
                made.append(self._page.write_comment(db, post_id, None, author, text))
        return made

    def tag(self, count: int, texts: list[str]) -> list[str]:
        """`count` posts of strangers on Facebook that tag the Page."""
        with self._book.transaction() as db:
            made = []
            for number in range(count):
                stranger = self._rng.randrange(_STRANGERS)
                author = (str(_FIRST_STRANGER + stranger), _name(stranger))
                made.append(self._page.write_tag(db, author, self._text(number, texts)))
        return made

    def message(
        self, provider: str, count: int, texts: list[str], by_us: bool = False
    ) -> list[str]:
        """`count` private messages of strangers to the account or the Page, or of it to them."""
        with self._book.transaction() as db:
            made = []
            for number in range(count):
                text = self._text(number, texts)
                if provider == "twitter":
                    stranger = self._stranger(db)
                    made.append(self._messages.write_to_x(db, stranger, text, by_us=by_us))
                    continue
                one = self._rng.randrange(_STRANGERS)
                person = (str(_FIRST_STRANGER + one), _name(one))
                made.append(self._messages.write_to_page(db, person, text, by_us=by_us))
        return made

    def toot(self, count: int, texts: list[str], answered: str | None = None) -> list[str]:
        """`count` posts on Mastodon that mention the account, in answer to one if it is named."""
        with self._book.transaction() as db:
            made = []
            for number in range(count):
                stranger = self._rng.randrange(_STRANGERS)
                name = _name(stranger)
                acct = f"{name.split()[0].lower()}_{stranger}@other.example"
                author = (str(_FIRST_STRANGER + stranger), acct, name)
                text = self._text(number, texts)
                made.append(self._toots.write(db, author, text, answered).id)
        return made

    def mail(
        self, count: int, texts: list[str], now: float, shape: LetterShape | None = None
    ) -> list[str]:
        """`count` mails to us, all in one shape; the ids are Message-IDs without brackets."""
        with self._book.transaction() as db:
            (begun,) = db.execute("SELECT coalesce(max(seq), 0) FROM letter").fetchone()
            rows = []
            for number in range(count):
                stranger = self._rng.randrange(_STRANGERS)
                name = _name(stranger)
                address = f"{name.split()[0].lower()}{stranger}@customers.example"
                text = self._text(number, texts)
                one = f"{begun + number + 1}.letter@customers.example"
                rows.append((one, address, name, f"Question {begun + number + 1}", text, now))
            db.executemany(
                "INSERT INTO letter (id, address, name, subject, text, at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            if shape is not None:
                more = [(row[0], shape.header_lines(), shape.sender, shape.html) for row in rows]
                db.executemany("INSERT INTO letter_more VALUES (?, ?, ?, ?)", more)
        return [row[0] for row in rows]

    def change(self, number: str, text: str | None) -> str | None:
        """A stranger edits a post or a comment, or deletes it if there is no text.

        Whoever spoke to the account on X still does: an edit that no longer does is listed nowhere.
        The id that it has then, since an edited post on X has another; None without such a post.
        """
        post = self._posts.post(int(number)) if number.isdigit() else None
        comment = self._page.comment(number) or self._page.tag(number)
        toot = self._toots.toot(number)
        if post is not None and text is not None:
            return str(self._posts.edit(post, self._still_to(post.text, text)).id)
        if post is not None:
            self._posts.delete(post.id)
        elif comment is not None and text is not None:
            self._page.edit(comment, text)
        elif comment is not None:
            self._page.delete(comment)
        elif toot is not None and text is not None:
            self._toots.edit(toot, text)
        elif toot is not None:
            self._toots.delete(toot)
        return number if post or comment or toot else None

    def _still_to(self, before: str, text: str) -> str:
        handle = f"@{self._config.x_handle}".lower()
        if handle in before.lower() and handle not in text.lower():
            return f"@{self._config.x_handle} {text}"
        return text

    def _text(self, number: int, texts: list[str]) -> str:
        return texts[number % len(texts)] if texts else self._rng.choice(_TEXTS)

    def _stranger(self, db: sqlite3.Connection) -> str:
        stranger = self._rng.randrange(_STRANGERS)
        user_id = str(_FIRST_STRANGER + stranger)
        name = _name(stranger)
        db.execute(
            "INSERT OR IGNORE INTO x_user VALUES (?, ?, ?)",
            (user_id, f"{name.split()[0].lower()}_{stranger}", name),
        )
        return user_id


def _name(stranger: int) -> str:
    return f"{_NAMES[stranger % len(_NAMES)]} {stranger}"
