"""What goes into a channel and comes out of it, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.message import Copy, Voice
from domain.model import Value
from domain.replies import ReplyTerms
from domain.times import UtcTime


class ChannelKind(StrEnum):
    """*post*: one to all; *direct*: one to each."""

    POST = "post"
    DIRECT = "direct"


class Capabilities(Value):
    """What a channel can carry, as data, so that the adapter is not needed to know it.

    ``max_length`` is in the units that ``length_unit`` names. ``batch_limit`` is recipients per
    request, for direct channels, and ``at_once`` the most requests of a range that a worker makes
    at a time; None: as many as the playbook says. ``reads_back`` says whether ``find`` can ever
    tell, and ``tells_events`` whether the provider reports what became of each mail, so that
    silence about a batch means something; its adapter then has ``events``. ``listens`` says that it
    can read what people say to us (``channels.listening``), ``replies`` that it can answer it, and
    on what terms (``channels.replying``).
    """

    kind: ChannelKind
    max_length: int | None = None
    length_unit: str = "characters"
    batch_limit: int = 1
    at_once: int | None = None
    reads_back: bool = True
    tells_events: bool = False
    listens: bool = False
    replies: ReplyTerms | None = None

    @property
    def link_costs(self) -> bool:
        """Whether an answer with a link costs more than one without."""
        return self.replies is not None and self.replies.link_costs


class Template(Value):
    """A message as the playbook's template made it, before the channel renders it.

    ``mark`` distinguishes this message from all our others. A post has to show it; mail does not
    need it, because its request carries our key.
    """

    text: str
    subject: str | None = None
    html: str | None = None
    link: str | None = None
    mark: str = ""
    voice: Voice | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """One message for a post channel. ``key`` is ours, for logs; the provider never sees it."""

    key: str
    copy: Copy


class Health(Value):
    """What ``check`` found: whether the channel would work now, and if not, why."""

    ok: bool
    detail: str
    account: str = ""


class Image(Value):
    """A picture beside a post. ``alt`` says what is on it, for whoever cannot see it."""

    data: bytes
    media_type: str
    alt: str


class Quota(Value):
    """How much an account may still publish: ``remaining`` of ``limit`` until ``resets_at``."""

    limit: int
    remaining: int
    resets_at: UtcTime
