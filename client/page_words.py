"""What the pages and mails for subscribers say of the company: its name, its sender, its parts."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ValidationError

from domain.message import Voice
from domain.model import Value
from domain.playbook import Playbook
from settings import Settings
from store.kernel.database import Database
from store.page.newest_plan import newest_plan


class PageWords(Value):
    """``components`` are the names that a subscriber may choose from, in their order."""

    company: str
    voice: Voice | None = None
    components: tuple[str, ...] = ()


async def page_words(database: Database, settings: Settings) -> PageWords:
    """What the newest incident's plan says; before there is one, what the settings say."""
    plan = await _newest_plan(database)
    address = urlsplit(settings.public_url).netloc
    if plan is None:
        company, sender = settings.company or address, settings.subscribers_from
        voice = Voice(name=company, address=sender) if sender else None
        return PageWords(company=company, voice=voice)
    channel = plan.subscribers.channel if plan.subscribers else settings.subscribers_channel
    usual = plan.voices.get(channel)
    return PageWords(
        company=settings.company or plan.company,
        voice=usual.alone() if usual is not None else None,
        # A playbook may name the parts of the product that the status page shows.
        components=tuple(one.name for one in plan.page.components),
    )


async def _newest_plan(database: Database) -> Playbook | None:
    async with database.read() as connection:
        try:
            newest = await newest_plan(connection)
        except ValidationError:
            # Of another version of this program. Whoever wants to subscribe need not wait for that.
            return None
    return None if newest is None else newest.plan
