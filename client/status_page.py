"""What the status page shows, as the ledger has it now; no snapshot is made for it."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from client.engine import Engine
from domain.model import Value
from domain.playbook import PAGE_CHANNEL
from domain.status_page import Component, PageIncident
from store.page.components import components_of
from store.page.newest_plan import newest_plan
from store.page.updates import read_incidents


class ShownPage(Value):
    """Every component as it stands, and every incident with something on the page, newest first."""

    components: tuple[Component, ...] = ()
    incidents: tuple[PageIncident, ...] = ()


async def read_page(engine: Engine) -> ShownPage:
    """What the page shows once everything that was approved for it is written."""
    async with (await engine.ledger()).read() as connection:
        incidents = await read_incidents(connection, PAGE_CHANNEL)
        try:
            newest = await newest_plan(connection)
        except ValidationError:
            # Another version wrote it; what messages have set is known all the same.
            newest = None
    plan = newest.plan.page.components if newest else ()
    since = newest.opened_at if newest else datetime.now(UTC)
    return ShownPage(components=components_of(plan, since, incidents), incidents=incidents)
