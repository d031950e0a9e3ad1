"""Everybody who watches an incident shares one look at it, and one rendering."""

from __future__ import annotations

import gc
from datetime import UTC, datetime

from client.engine import Engine
from client.incident_view import IncidentView
from surfaces.console.live import Feed, Feeds


def test_whoever_comes_before_anybody_reads_gets_the_same_feed() -> None:
    """Two hundred who came at once had a feed each, and each looked every second."""
    feeds = Feeds(Engine())
    first = feeds.of("site-down")
    gc.collect()
    assert feeds.of("site-down") is first
    assert feeds.of("another") is not first


def test_feeds_that_nobody_has_any_more_are_let_go() -> None:
    feeds = Feeds(Engine())
    for number in range(200):
        feeds.of(f"incident-{number}")
    gc.collect()
    assert len(feeds._feeds) < 100


async def test_what_all_see_is_rendered_once_for_each_look() -> None:
    feed = Feed(Engine(), "site-down")
    rendered: list[str] = []

    def render(seen: IncidentView) -> str:
        rendered.append(seen.at.isoformat())
        return rendered[-1]

    feed.show(IncidentView(at=datetime(2026, 11, 28, 3, 0, tzinfo=UTC)))
    assert feed.rendered("maya", render) == feed.rendered("maya", render)
    feed.rendered("noor", render)
    assert len(rendered) == 2
    feed.show(IncidentView(at=datetime(2026, 11, 28, 3, 1, tzinfo=UTC)))
    assert feed.rendered("maya", render) == "2026-11-28T03:01:00+00:00"
