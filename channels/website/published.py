"""Small files beside the page by which we recognise our own publications."""

from __future__ import annotations

import json
from collections.abc import Mapping

from channels.website.site import Site, SiteFile
from channels.website.targets.target import SNAPSHOT
from domain.status_page import StatusPage, article_path, update_path

NEVER_CACHED = "no-store"
_JSON = "application/json"


def published_path(key: str) -> str:
    """The file that says that the publication with ``key`` is on the page."""
    return f"updates/{key}.json"


def with_published(site: Site, page: StatusPage) -> Site:
    """The site, with a file for each of its publications before the index, and its number."""
    *others, index = site.files
    found = []
    for incident in page.incidents:
        for one in incident.updates:
            path = article_path(one.id) if one.entry.article else update_path(incident.id, one.id)
            said = {
                "id": one.id,
                "mark": one.mark,
                "at": one.at.isoformat(),
                "url": f"{page.url}/{path}",
            }
            found.append(_file(published_path(one.id), said))
    number = _file(SNAPSHOT, {"number": page.number, "at": page.generated_at.isoformat()})
    return site._replace(files=(*others, *found, index, number))


def _file(path: str, content: Mapping[str, object]) -> SiteFile:
    return SiteFile(path, json.dumps(content).encode(), _JSON, NEVER_CACHED)
