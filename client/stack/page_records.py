"""Comparing our ledger with the status page as anybody reads it: over HTTP, at its public address.

An update counts as shown where the incident's own page, the JSON and the feed of updates all have
it. It is read as a stranger would: no code of the channel that wrote it is used here.
"""

from __future__ import annotations

import re
from collections import Counter

import httpx
from pydantic import BaseModel

from client.engine import Engine
from client.stack.sandbox_records import Reconciliation
from domain.playbook import PAGE_CHANNEL
from domain.publication import PublicationState
from domain.status_page import incident_id, incident_path
from store.record import publication_rows

_IN_PAGE = re.compile(r'id="update-([0-9a-f]+)"')
_IN_FEED = re.compile(r"<id>tag:[^<]*:IncidentUpdate/([0-9a-f]+)</id>")


class _Update(BaseModel):
    id: str


class _Incident(BaseModel):
    id: str
    incident_updates: list[_Update]


class _Incidents(BaseModel):
    incidents: list[_Incident]


async def reconcile_page(engine: Engine, incident: str, page: httpx.AsyncClient) -> Reconciliation:
    """Compare every publication of an incident on the status page with what ``page`` shows.

    ``unentered`` are updates below this incident that the ledger does not call accepted. Raises
    ``httpx.HTTPError`` if the page cannot be read.
    """
    rows = await publication_rows.rows(await engine.ledger(), incident)
    keys = {row.key: row.state for row in rows if row.channel == PAGE_CHANNEL}
    ours = {key for key, state in keys.items() if state is PublicationState.ACCEPTED}
    public = incident_id(incident)
    readings = [
        Counter(_IN_PAGE.findall(await _read(page, incident_path(public)))),
        _in_json(await _read(page, "api/v2/incidents.json"), public),
    ]
    shown = set[str]().union(*readings)
    # The feed has the updates of every incident.
    feed = Counter(_IN_FEED.findall(await _read(page, "updates.atom")))
    readings.append(Counter({key: many for key, many in feed.items() if key in shown | ours}))
    return Reconciliation(
        accepted=len(ours),
        lost=sum(min(one[key] for one in readings) == 0 for key in ours),
        doubled=sum(max(one[key] for one in readings) - 1 for key in shown),
        unentered=len(shown - ours),
    )


async def updates_on(page: httpx.AsyncClient) -> Counter[str]:
    """How often the page's JSON has each update, by the key of its publication."""
    found = _Incidents.model_validate_json(await _read(page, "api/v2/incidents.json")).incidents
    return Counter(update.id for one in found for update in one.incident_updates)


async def _read(page: httpx.AsyncClient, path: str) -> str:
    answer = await page.get(f"/{path}", headers={"Cache-Control": "no-cache"})
    # An incident of which nothing was published has no page.
    return "" if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().text


def _in_json(text: str, incident: str) -> Counter[str]:
    found = _Incidents.model_validate_json(text).incidents if text else []
    updates = [one.incident_updates for one in found if one.id == incident]
    return Counter(update.id for some in updates for update in some)
