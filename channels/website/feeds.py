"""The Atom feeds: one with an entry for each incident, one with an entry for each update.

Readers that remember an entry by its id never show what is added to it, and readers that know
status pages expect one entry for each incident. So there are both (RFC 4287).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import NamedTuple
from xml.etree import ElementTree as ET

from channels.website.addresses import HISTORY_FEED, UPDATES_FEED, Addresses
from channels.website.wording import moment, stamp, status_word
from domain.status_page import (
    PageIncident,
    PageUpdate,
    StatusPage,
    article_path,
    incident_path,
    update_path,
)

MOST_INCIDENTS = 50
MOST_UPDATES = 100

_ATOM = "http://www.w3.org/2005/Atom"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a feed without entries: a feed must have one, and this one never moves."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Entry(NamedTuple):
    id: str
    title: str
    link: str
    published: datetime
    updated: datetime
    html: str


def history_feed(page: StatusPage) -> bytes:
    """One entry for each incident, the newest first; an update moves its entry's ``updated``."""
    at = Addresses(page.url)
    entries = [_of_incident(at, one) for one in page.incidents[:MOST_INCIDENTS]]
    return _feed(page, "History", HISTORY_FEED, entries)


def updates_feed(page: StatusPage) -> bytes:
    """One entry for each update of all incidents, the newest first; none of them ever moves."""
    at = Addresses(page.url)
    updates = [(incident, one) for incident in page.incidents for one in incident.updates]
    updates.sort(key=lambda pair: (pair[1].at, pair[1].id), reverse=True)
    entries = [_of_update(at, *pair) for pair in updates[:MOST_UPDATES]]
    return _feed(page, "Updates", UPDATES_FEED, entries)


def _of_incident(at: Addresses, incident: PageIncident) -> _Entry:
    return _Entry(
        id=at.tag(f"Incident/{incident.id}"),
        title=incident.title,
        link=at.absolute(incident_path(incident.id)),
        published=incident.updates[0].at,
        updated=incident.newest.at,
        html="\n".join(_paragraphs(one) for one in reversed(incident.updates)),
    )


def _of_update(at: Addresses, incident: PageIncident, update: PageUpdate) -> _Entry:
    article = update.entry.article
    path = article_path(update.id) if article else update_path(incident.id, update.id)
    what = update.entry.headline if article else None
    return _Entry(
        id=at.tag(f"IncidentUpdate/{update.id}"),
        title=what or f"{status_word(update.entry.status)}: {incident.title}",
        link=at.absolute(path),
        published=update.at,
        updated=update.at,
        html=_paragraphs(update),
    )


def _paragraphs(update: PageUpdate) -> str:
    """An update's HTML; readers take the first ``<strong>`` of an entry for the current state."""
    head = (
        f"<p><small>{escape(moment(update.at))}</small><br>"
        f"<strong>{status_word(update.entry.status)}</strong> - "
    )
    if update.html.startswith("<p>"):
        return head + update.html.removeprefix("<p>")
    return f"{head}</p>\n{update.html}"


def _feed(page: StatusPage, what: str, path: str, entries: Iterable[_Entry]) -> bytes:
    at = Addresses(page.url)
    entries = list(entries)
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": "en"})
    _text(feed, "id", at.tag(f"{at.folder}{path.removesuffix('.atom')}"))
    _text(feed, "title", f"{page.name} - {what}")
    _text(feed, "updated", stamp(max((one.updated for one in entries), default=_NEVER)))
    ET.SubElement(feed, "link", rel="alternate", type="text/html", href=at.url)
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=at.absolute(path))
    _text(ET.SubElement(feed, "author"), "name", page.name)
    for one in entries:
        entry = ET.SubElement(feed, "entry")
        _text(entry, "id", one.id)
        _text(entry, "title", one.title)
        _text(entry, "published", stamp(one.published))
        _text(entry, "updated", stamp(one.updated))
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=one.link)
        _text(entry, "content", one.html, type="html")
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    # XML has no way to write some characters, and one of them would make the whole feed unreadable.
    ET.SubElement(parent, name, attributes).text = _NOT_XML.sub("", text)
