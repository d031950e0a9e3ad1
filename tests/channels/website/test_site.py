"""The site as a set of files: complete, in a safe order, the same each time, light."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest

from channels.website.json_files import content_digest
from channels.website.site import BRIEFLY, FOR_EVER, Site, compose
from domain.page_entry import ComponentState
from domain.status_page import PageAnswers, StatusPage, article_path, incident_path
from tests.channels.website.world import NOW, URL, busy, components, past, quiet, spam

HEAVIEST = 60_000


class Page(HTMLParser):
    """The links, ids and headings of a page, and what a strict policy would refuse."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.levels: list[int] = []
        self.inline: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.links += [given[one] for one in ("href", "src") if one in given]
        self.ids += [given["id"]] if "id" in given else []
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.inline += [name for name in given if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)


def pages(site: Site) -> dict[str, str]:
    return {one.path: one.data.decode() for one in site.files if one.path.endswith(".html")}


def index(page: StatusPage) -> str:
    return compose(page).file("index.html").data.decode()


def test_a_file_comes_after_those_that_it_needs() -> None:
    paths = [one.path for one in compose(busy()).files]
    kinds = [
        0 if path.startswith("assets/") else 1 if path.endswith(".json") else 2 for path in paths
    ]
    assert kinds == sorted(kinds)
    assert paths[-1] == "index.html"
    assert len(paths) == len(set(paths))


def test_the_same_page_gives_the_same_bytes() -> None:
    assert compose(busy()) == compose(StatusPage.model_validate_json(busy().model_dump_json()))


def test_only_what_can_never_change_is_kept_for_ever() -> None:
    for one in compose(busy()).files:
        assert one.cache_control == (FOR_EVER if one.path.startswith("assets/") else BRIEFLY)
        assert one.path.startswith("assets/") == bool(re.search(r"-[0-9a-f]{10}\.", one.path))


@pytest.mark.parametrize("url", [URL, "https://example.com/status/"])
@pytest.mark.parametrize("page", [busy(), quiet()])
def test_every_link_leads_to_a_file_of_the_site(page: StatusPage, url: str) -> None:
    site = compose(page.model_copy(update={"url": url}), subscribe=True)
    base = url.rstrip("/") + "/"
    files = {base + one.path for one in site.files}
    for path, html in pages(site).items():
        here = Page(html)
        for link in here.links:
            whole, _, anchor = urljoin(base + path, link).partition("#")
            if urlsplit(whole).netloc != urlsplit(base).netloc or not whole.startswith(base):
                continue
            if whole == f"{base}subscribe/":
                continue
            assert (whole + "index.html" if whole.endswith("/") else whole) in files, (path, link)
            assert not anchor or anchor in here.ids


def test_no_link_of_a_page_begins_at_the_root_of_its_host() -> None:
    for path, html in pages(compose(busy(), subscribe=True)).items():
        strays = [link for link in Page(html).links if link.startswith("/")]
        assert strays == [] or path == "404.html"


@pytest.mark.parametrize("page", [busy(), quiet(), quiet(components=())])
def test_every_page_keeps_to_the_policy_and_has_headings_in_order(page: StatusPage) -> None:
    for path, html in pages(compose(page, subscribe=True)).items():
        read = Page(html)
        assert read.inline == [], path
        assert len(read.ids) == len(set(read.ids)), path
        assert read.levels.count(1) == 1, path
        steps = zip(read.levels, read.levels[1:], strict=False)
        assert read.levels[0] == 1, path
        assert all(after <= before + 1 for before, after in steps), path


def test_the_page_weighs_little_with_everything_that_it_loads() -> None:
    site = compose(busy(), subscribe=True)
    assets = sum(len(one.data) for one in site.files if one.path.startswith("assets/"))
    status = len(site.file("api/v2/status.json").data)
    heaviest = max(len(html.encode()) for html in pages(site).values())
    assert assets + status + heaviest < HEAVIEST


@pytest.mark.parametrize(
    ("page", "word"),
    [
        (quiet(), "All systems operational"),
        (busy(), "Critical problem"),
        (quiet(components=components(API=ComponentState.PARTIAL_OUTAGE)), "Major problem"),
    ],
)
def test_the_state_is_a_word_and_a_shape_with_its_time(page: StatusPage, word: str) -> None:
    banner = re.search(r'<section class="state" role="status".*?</section>', index(page), re.DOTALL)
    assert banner is not None
    assert word in banner[0]
    assert 'href="#shape-' in banner[0]
    assert re.search(r"As of <time [^>]*>14:05 UTC</time>, 28 November 2026", banner[0])


def test_the_newest_update_comes_first_with_its_promise_above() -> None:
    html = index(busy())
    order = [html.index(words) for words in ("Next update by", "We are replacing", "We are sorry")]
    assert order == sorted(order)
    assert all(one.mark in html for one in spam().updates)
    overdue = index(busy(generated_at=NOW + timedelta(hours=1)))
    assert "Next update was due by" in overdue


def test_a_day_with_an_open_incident_is_never_called_quiet() -> None:
    later = index(busy(generated_at=NOW + timedelta(days=1)))
    today = re.search(r'<div class="day.*?29 November 2026.*?</div>', later, re.DOTALL)
    assert today is not None
    assert ("Continued:" in today[0], "No incidents" in today[0]) == (True, False)
    # Two began on one of the last fifteen days, one of them lasted over midnight.
    assert index(busy()).count("No incidents reported.") == 14 - 3


def test_an_incident_and_an_article_have_pages_of_their_own() -> None:
    site = compose(busy())
    slow, _ = past()
    article = site.file(f"{article_path(slow.newest.id)}index.html").data.decode()
    assert "<h1>What we did wrong, and what we owe you</h1>" in article
    assert 'alt="A line that rises at 14:00 and falls at 16:10"' in article
    page = site.file(f"{incident_path(slow.id)}index.html").data.decode()
    assert "Search answers slowly &amp; shows &lt;old&gt; results" in page
    assert f'href="../../{article_path(slow.newest.id)}"' in page
    assert article_path(slow.newest.id) in index(busy())


def test_what_is_long_ago_is_in_the_history_of_its_year() -> None:
    site = compose(busy())
    assert "Nobody could sign in" in site.file("history/2025/index.html").data.decode()
    assert "Nobody could sign in" not in index(busy())
    assert "No incidents reported." in compose(quiet()).file("history/index.html").data.decode()


def test_the_sign_up_is_offered_where_there_is_one() -> None:
    assert "subscribe/" not in index(busy())
    assert 'href="./subscribe/"' in compose(busy(), subscribe=True).file("index.html").data.decode()


def test_how_many_were_answered_is_a_line_and_no_news() -> None:
    page = busy()
    incident = page.incidents[0].model_copy(
        update={"answers": PageAnswers(answered=5_676, of=5_676)}
    )
    told = page.model_copy(update={"incidents": (incident, *page.incidents[1:])})
    words = "<li>5,676 of 5,676 messages from you answered</li>"
    assert (words in index(told), words in index(page)) == (True, False)
    assert content_digest(told) == content_digest(page)
