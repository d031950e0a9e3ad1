"""The JSON files below ``api/v2/``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import orjson

from channels.website.addresses import JSON
from channels.website.changes import changes_in
from channels.website.json_objects import (
    Object,
    component_objects,
    incident_object,
    page_object,
    status_object,
)
from channels.website.wording import stamp
from domain.page_state import is_over
from domain.status_page import StatusPage

MOST_INCIDENTS = 50
"""As many as hosted status pages have in ``incidents.json``."""

_MAINTENANCES = ("", "/upcoming", "/active")


def json_files(page: StatusPage) -> Iterator[tuple[str, bytes]]:
    """The path and the content of each file; the one that is asked most often comes last."""
    whose: Object = {"page": page_object(page), "generated_at": stamp(page.generated_at)}
    changes = changes_in(page)
    incidents = [incident_object(page, one, changes) for one in page.incidents[:MOST_INCIDENTS]]
    unresolved = [incident_object(page, one, changes) for one in page.incidents if not is_over(one)]
    components = component_objects(page)
    # Nothing is announced as maintenance, and programs ask all the same.
    for which in _MAINTENANCES:
        yield _file(f"scheduled-maintenances{which}", whose | {"scheduled_maintenances": []})
    yield _file("components", whose | {"components": components})
    yield _file("incidents", whose | {"incidents": incidents})
    yield _file("incidents/unresolved", whose | {"incidents": unresolved})
    summary: Object = {
        "components": components,
        "incidents": unresolved,
        "scheduled_maintenances": [],
        "status": status_object(page),
    }
    yield _file("summary", whose | summary)
    yield _file("status", whose | _status(page))


def content_digest(page: StatusPage) -> str:
    """Sixteen digits that change when anything changes that people read on the page.

    Snapshots are also written to say that nothing has changed. How many were answered is left out:
    that changes with each reply, and readers would be asked to load the page again.
    """
    unread = {"number": True, "generated_at": True, "record": True}
    shown = page.model_dump_json(exclude={**unread, "incidents": {"__all__": {"answers"}}})
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _status(page: StatusPage) -> Object:
    return {
        "status": status_object(page),
        "snapshot": page.number,
        "content": content_digest(page),
        "record": page.record.model_dump(),
    }


def _file(name: str, content: Object) -> tuple[str, bytes]:
    return f"{JSON}{name}.json", orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE)
