"""Where the files of the site are: below its address, and seen from one another."""

from __future__ import annotations

from urllib.parse import urlsplit

HISTORY_FEED = "history.atom"
UPDATES_FEED = "updates.atom"
JSON = "api/v2/"
HISTORY = "history/"
INDEX = "index.html"
MISSING = "404.html"


class Addresses:
    """The public address of the site, such as ``https://example.com/status/``."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/") + "/"
        parts = urlsplit(self.url)
        self.host = parts.hostname or ""
        """The name alone: an identifier in a feed must not change with the port."""
        self.folder = parts.path
        """The path that all files are below; begins and ends with a slash."""

    def absolute(self, path: str) -> str:
        """The whole address of a file or folder of the site."""
        return self.url + path

    def tag(self, rest: str) -> str:
        """An identifier that stays the same for ever (RFC 4151), in the form of status pages."""
        return f"tag:{self.host},2005:{rest}"


def root_from(path: str) -> str:
    """The way from a file to the folder of the site: ``./`` or ``../../``."""
    return "../" * path.count("/") or "./"
