"""The status page: what the public reads about incidents and about the parts of the product."""

from __future__ import annotations

import hashlib

from pydantic import Field

from domain.ids import Slug
from domain.message import MessageKind
from domain.model import Value
from domain.page_entry import ComponentState, PageEntry
from domain.public_text import PublicLine
from domain.times import UtcTime

ID_DIGITS = 12


class PageUpdate(Value):
    """One published message. ``text`` is Markdown; ``html`` was made from it and is safe to show.

    ``id`` is the key of its publication. ``at`` is when it was published.
    ``next_update_by`` is what it promises. ``notified``: it went to subscribers as well.
    """

    id: str
    number: int
    kind: MessageKind
    mark: str
    text: str
    html: str
    at: UtcTime
    entry: PageEntry
    next_update_by: UtcTime | None = None
    notified: bool = False


class PageAnswers(Value):
    """How many of the messages from people were answered, of those that needed it."""

    answered: int
    of: int = Field(ge=1)


class PageIncident(Value):
    """An incident that has at least one update; they are in the order of their publication.

    ``answers`` is None unless its playbook wants that told, and while nobody has written.
    """

    id: str
    title: PublicLine
    updates: tuple[PageUpdate, ...] = Field(min_length=1)
    answers: PageAnswers | None = None

    @property
    def newest(self) -> PageUpdate:
        """Its last update."""
        return self.updates[-1]


class Component(Value):
    """A component as it stands. ``since`` is when the page first showed it."""

    id: str
    name: PublicLine
    description: PublicLine | None = None
    group: PublicLine | None = None
    state: ComponentState = ComponentState.OPERATIONAL
    since: UtcTime
    updated_at: UtcTime


class InstallationHead(Value):
    """The seal over the ends of all records of the installation, at the moment of a snapshot.

    It has no number of entries: whoever watches the page could count them. ``key`` is the
    fingerprint of the key that sealed it.
    """

    hash: str = ""
    seal: str = ""
    key: str = ""


class StatusPage(Value):
    """All that one snapshot of the page shows.

    ``number`` counts the snapshots of the installation, ``generated_at`` is when it was read from
    the ledger. ``incidents`` are the newest first, ``components`` in their order on the page.
    ``record`` is the head of the whole installation's sealed record.
    """

    number: int
    generated_at: UtcTime
    name: PublicLine
    url: str
    home: str | None = None
    components: tuple[Component, ...] = ()
    incidents: tuple[PageIncident, ...] = ()
    record: InstallationHead = InstallationHead()


def incident_id(slug: Slug) -> str:
    """The public id of an incident, which does not give its name away."""
    return _digits(f"incident/{slug}")


def component_id(name: str) -> str:
    """The public id of a component."""
    return _digits(f"component/{name}")


def group_id(name: str) -> str:
    """The public id of a group of components."""
    return _digits(f"component-group/{name}")


def page_id(url: str) -> str:
    """The public id of the page itself."""
    return _digits(f"page/{url}")


def _digits(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()[:ID_DIGITS]


def incident_path(incident: str) -> str:
    """The address of an incident, below the page's own."""
    return f"incidents/{incident}/"


def update_path(incident: str, update: str) -> str:
    """The address of an update, below the page's own."""
    return f"{incident_path(incident)}#update-{update}"


def article_path(update: str) -> str:
    """The address of an article, below the page's own."""
    return f"articles/{update}/"
