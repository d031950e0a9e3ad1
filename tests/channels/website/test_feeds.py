"""The feeds are valid Atom, and their ids and times stay what they were."""

from __future__ import annotations

import re
from datetime import timedelta
from xml.etree import ElementTree as ET

import feedparser
import pytest

from channels.website.site import compose
from domain.page_entry import PageStatus
from domain.status_page import StatusPage, article_path, update_path
from tests.channels.website.world import NOW, busy, incident, past, quiet, spam, update

ATOM = "{http://www.w3.org/2005/Atom}"
FEEDS = ("history.atom", "updates.atom")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
PAGES = [busy(), quiet(), quiet(url="https://example.com/status/")]


def tree(page: StatusPage, name: str) -> ET.Element:
    return ET.fromstring(compose(page).file(name).data)


def text(element: ET.Element, name: str) -> str:
    [found] = element.findall(ATOM + name)
    return found.text or ""


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("page", PAGES)
def test_a_feed_has_all_that_the_standard_asks_for(page: StatusPage, name: str) -> None:
    feed = tree(page, name)
    assert feed.tag == f"{ATOM}feed"
    assert text(feed.find(f"{ATOM}author") or feed, "name") == page.name
    ids = [text(one, "id") for one in [feed, *feed.findall(f"{ATOM}entry")]]
    assert len(ids) == len(set(ids))
    for one in [feed, *feed.findall(f"{ATOM}entry")]:
        assert re.match(r"tag:[a-z0-9.]+,2005:\S+$", text(one, "id"))
        assert text(one, "title")
        assert RFC_3339.fullmatch(text(one, "updated"))
        links = [(link.get("rel"), link.get("href", "")) for link in one.findall(f"{ATOM}link")]
        assert len({rel for rel, _ in links}) == len(links) > 0
        assert all(href.startswith(page.url) for _, href in links)


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_moves_only_when_an_entry_does(name: str) -> None:
    first = compose(busy()).file(name).data
    later = busy(number=13, generated_at=NOW + timedelta(days=1))
    assert compose(later).file(name).data == first
    entries = tree(busy(), name).findall(f"{ATOM}entry")
    assert text(tree(busy(), name), "updated") == max(text(one, "updated") for one in entries)
    empty = quiet(number=4, generated_at=NOW + timedelta(days=1))
    assert compose(empty).file(name).data == compose(quiet()).file(name).data


def test_an_incident_is_one_entry_that_moves() -> None:
    before = quiet(incidents=(spam().model_copy(update={"updates": spam().updates[:1]}),))
    [old] = tree(before, "history.atom").findall(f"{ATOM}entry")
    [new] = tree(quiet(incidents=(spam(),)), "history.atom").findall(f"{ATOM}entry")
    assert text(old, "id") == text(new, "id") == f"tag:status.example.com,2005:Incident/{spam().id}"
    assert text(old, "published") == text(new, "published")
    assert text(old, "updated") < text(new, "updated")


def test_an_update_is_one_entry_that_stays() -> None:
    before = quiet(incidents=(spam().model_copy(update={"updates": spam().updates[:1]}),))
    [old] = tree(before, "updates.atom").findall(f"{ATOM}entry")
    new = tree(quiet(incidents=(spam(),)), "updates.atom").findall(f"{ATOM}entry")
    assert len(new) == 4
    assert ET.tostring(new[-1]) == ET.tostring(old)


def test_the_first_strong_word_of_an_entry_is_the_current_state() -> None:
    entries = tree(busy(), "history.atom").findall(f"{ATOM}entry")
    first = [re.search(r"<strong>(.*?)</strong>", text(one, "content")) for one in entries]
    assert [found[1] for found in first if found] == ["Identified", "Postmortem", "Resolved"]
    assert text(entries[2], "content").startswith(
        "<p><small>24 Oct 2025, 14:30 UTC</small><br><strong>Resolved</strong> - Sign-in works.</p>"
    )


def test_a_feed_leads_to_updates_and_articles() -> None:
    links = [
        one.link for one in feedparser.parse(compose(busy()).file("updates.atom").data).entries
    ]
    [slow, _] = past()
    assert f"https://status.example.com/{article_path(slow.newest.id)}" in links
    assert f"https://status.example.com/{update_path(spam().id, spam().newest.id)}" in links


def test_feedparser_reads_what_was_written() -> None:
    for name, entries in zip(FEEDS, (3, 10), strict=True):
        feed = feedparser.parse(compose(busy()).file(name).data)
        assert (feed.bozo, feed.version, len(feed.entries)) == (False, "atom10", entries)
    slow = feedparser.parse(compose(busy()).file("history.atom").data).entries[1]
    assert slow.title == "Search answers slowly & shows <old> results"
    assert "<table>" in slow.content[0].value


def test_a_character_that_xml_cannot_write_does_not_make_the_feed_unreadable() -> None:
    odd = update("odd", 1, PageStatus.RESOLVED, "a\x0cb", NOW)
    odd = odd.model_copy(update={"html": "<p>a\x0cb\ufffe</p>"})
    feed = tree(quiet(incidents=(incident("odd", "Odd", odd),)), "history.atom")
    [entry] = feed.findall(f"{ATOM}entry")
    assert text(entry, "content").endswith("ab</p>")
