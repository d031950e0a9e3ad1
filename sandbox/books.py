"""The providers' records as the sandbox shows them."""

from __future__ import annotations

import sqlite3
from typing import Any


def x_posts(db: sqlite3.Connection, handle: str) -> list[dict[str, Any]]:
    """Every post on X."""
    rows = db.execute("SELECT id, author_id, text, at, reply_to, deleted FROM x_post ORDER BY id")
    return [
        {
            "id": str(number),
            "author_id": author,
            "text": text,
            "url": f"https://x.com/{handle}/status/{number}",
            "at": at,
            "reply_to": str(reply_to) if reply_to is not None else None,
            "deleted": deleted is not None,
        }
        for number, author, text, at, reply_to, deleted in rows
    ]


def page_posts(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """The posts of the Page."""
    rows = db.execute("SELECT id, message, link, at, published, deleted FROM fb_post ORDER BY seq")
    return [
        {
            "id": post_id,
            "text": message,
            "link": link,
            "url": f"https://www.facebook.com/{post_id}",
            "at": at,
            "published": bool(published),
            "deleted": deleted is not None,
        }
        for post_id, message, link, at, published, deleted in rows
    ]


def own_comments(db: sqlite3.Connection, page_id: str) -> list[dict[str, Any]]:
    """What the Page has said under posts and comments."""
    rows = db.execute(
        "SELECT id, message, coalesce(parent_id, post_id), at, deleted FROM fb_comment"
        " WHERE author_id = ? ORDER BY seq",
        (page_id,),
    )
    return [
        {"id": number, "text": text, "reply_to": target, "at": at, "deleted": deleted is not None}
        for number, text, target, at, deleted in rows
    ]


def own_toots(db: sqlite3.Connection, account: str) -> list[dict[str, Any]]:
    """What the account on Mastodon has posted."""
    rows = db.execute(
        "SELECT 113000000000000000 + seq, text, reply_to, visibility, at, deleted FROM toot"
        " WHERE author_id = ? ORDER BY seq",
        (account,),
    )
    return [
        {
            "id": str(number),
            "text": text,
            "reply_to": above,
            "visibility": visibility,
            "at": at,
            "deleted": deleted is not None,
        }
        for number, text, above, visibility, at, deleted in rows
    ]


def x_messages(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Private messages on X, of the account and to it."""
    rows = db.execute("SELECT id, person_id, sender_id, text, at FROM x_dm ORDER BY id")
    return [
        {"id": str(number), "with": person, "by_us": sender != person, "text": text, "at": at}
        for number, person, sender, text, at in rows
    ]


def page_messages(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Private messages of the Page and to it."""
    rows = db.execute("SELECT id, person_id, by_page, message, at FROM fb_message ORDER BY seq")
    return [
        {"id": number, "with": person, "by_us": bool(by_page), "text": text, "at": at}
        for number, person, by_page, text, at in rows
    ]
