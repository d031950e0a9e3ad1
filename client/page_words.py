"""What the pages and mails for subscribers say of the company: its name, its sender, its parts."""

from __future__ import annotations

from urllib.parse import urlsplit

from domain.errors import PlaybookInvalid
from domain.message import Voice
from domain.model import Value
from domain.playbook import Playbook
from domain.playbook_files import parse_playbook
from settings import Settings
from store.kernel.database import Database
from store.record import playbooks


class PageWords(Value):
    """``components`` are the names that a subscriber may choose from, in their order."""

    company: str
    voice: Voice | None = None
    components: tuple[str, ...] = ()


async def page_words(database: Database, settings: Settings) -> PageWords:
    """What the newest incident's playbook says; before there is one, what the settings say."""
    plan = await _newest_plan(database)
    address = urlsplit(settings.public_url).netloc
    if plan is None:
        company, sender = settings.company or address, settings.subscribers_from
        voice = Voice(name=company, address=sender) if sender else None
        return PageWords(company=company, voice=voice)
    channel = plan.subscribers.channel if plan.subscribers else settings.subscribers_channel
    return PageWords(
        company=settings.company or plan.company,
        voice=plan.voices.get(channel),
        # A playbook may name the parts of the product that the status page shows.
        components=tuple(one.name for one in plan.page.components),
    )


async def _newest_plan(database: Database) -> Playbook | None:
    files = await playbooks.newest_snapshot(database)
    if files is None:
        return None
    try:
        return parse_playbook(files)
    except PlaybookInvalid:
        # Of an earlier version of this program.
        return None
