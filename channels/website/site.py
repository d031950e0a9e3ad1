"""The whole site of one snapshot, composed in memory: the same page gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from channels.website.addresses import HISTORY_FEED, UPDATES_FEED
from channels.website.assets import assets
from channels.website.feeds import history_feed, updates_feed
from channels.website.json_files import json_files
from channels.website.pages import Pages
from domain.status_page import StatusPage

FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "max-age=15, stale-while-revalidate=30, stale-if-error=86400"
"""A cache may bridge an outage of ours for a day; the page itself says when it is out of date."""

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The Content-Security-Policy that every page of the site keeps to."""


class SiteFile(NamedTuple):
    """A file of the site. ``path`` is relative to the site's address and has no leading slash."""

    path: str
    data: bytes
    media_type: str
    cache_control: str


class Site(NamedTuple):
    """The files of one snapshot in the order in which they are to be written.

    A file comes after those that it needs or points to, and ``index.html`` is the last one. So
    whoever reads while they are written sees the old site or the new one, and no dead link.
    """

    number: int
    files: tuple[SiteFile, ...]

    def file(self, path: str) -> SiteFile:
        """The file of that path; ``KeyError`` if there is none."""
        for one in self.files:
            if one.path == path:
                return one
        raise KeyError(path)


def compose(page: StatusPage, *, subscribe: bool = False) -> Site:
    """Return the site that shows ``page``.

    ``subscribe`` says whether there is a sign-up at ``subscribe/``, which somebody else serves.
    """
    return Site(page.number, tuple(_files(page, subscribe)))


def _files(page: StatusPage, subscribe: bool) -> Iterator[SiteFile]:
    for asset in assets().values():
        yield SiteFile(asset.path, asset.data, asset.media_type, FOR_EVER)
    for path, data in json_files(page):
        yield SiteFile(path, data, JSON, BRIEFLY)
    yield SiteFile(HISTORY_FEED, history_feed(page), ATOM, BRIEFLY)
    yield SiteFile(UPDATES_FEED, updates_feed(page), ATOM, BRIEFLY)
    pages = Pages(page, subscribe=subscribe)
    for path, data in (*pages.details(), pages.index()):
        yield SiteFile(path, data, HTML, BRIEFLY)
