"""What a channel is: the protocols, the abilities as data, and the errors of an exchange.

::

    ChannelError
    ├─ Unreachable        nothing went out · try again      connect, DNS, TLS, pool
    ├─ Throttled          nothing went out · try at `until` 429 and its relatives
    │  └─ Deferred        … for these recipients only; others may be accepted now
    ├─ Refused            nothing went out · ask a person   4xx
    │  ├─ BadCredentials  … and stop this channel
    │  ├─ BroadcastRefused … and stop this broadcast: it is about us, not about recipients
    │  └─ BadRecipient    … these recipients only; the rest of the batch may go
    ├─ CannotExpress      raised by `render`, before any gate
    └─ OutcomeUnknown     nobody knows · look first         read time-out, reset, 5xx
       └─ PerhapsPosted   … if it is absent, it is refused  "duplicate", "already posted"

An adapter talks to one provider and knows nothing of Temporal or of the database. The message of
an error names the provider, what was tried and the next step. It contains no address, token, body
or text from the provider: it reaches histories, logs and people.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from channels.batch import Batch
from domain.delivery_events import DeliveryEvent, UnreadableEvent
from domain.explanation import Explanation, NextStep, explained
from domain.message import Copy, Voice
from domain.model import Value
from domain.publication import Receipt, Sighting
from domain.replies import ReplyTerms
from domain.status_page import StatusPage
from domain.suppression import ListedAddress
from domain.times import UtcTime


class ChannelKind(StrEnum):
    """*post*: one to all; *direct*: one to each."""

    POST = "post"
    DIRECT = "direct"


class Capabilities(Value):
    """What a channel can carry, as data, so that the adapter is not needed to know it.

    ``max_length`` is in the units that ``length_unit`` names. ``batch_limit`` is recipients per
    request, for direct channels. ``reads_back`` says whether ``find`` can ever tell, and
    ``tells_events`` whether the provider reports what became of each mail, so that silence about
    a batch means something; its adapter then has ``events``. ``listens`` says that it can read what
    people say to us (``channels.listening``), ``replies`` that it can answer it, and on what terms
    (``channels.replying``).
    """

    kind: ChannelKind
    max_length: int | None = None
    length_unit: str = "characters"
    batch_limit: int = 1
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


class ChannelError(Exception):
    """An exchange with a provider that did not end in a receipt."""

    def __init__(self, message: str, next_step: NextStep | str = "") -> None:
        self.explanation = explained(message, next_step)
        super().__init__(str(self.explanation))

    @property
    def message(self) -> str:
        """What happened, in a sentence."""
        return self.explanation.what

    @property
    def next_step(self) -> str:
        """The advice in words."""
        return str(self.explanation.next_step)


class Unreachable(ChannelError):
    """Nothing went out, and trying again is right."""


class Throttled(ChannelError):
    """Nothing went out; the provider accepts requests again at ``until`` (UTC)."""

    def __init__(self, message: str, *, until: datetime, next_step: NextStep | str = "") -> None:
        super().__init__(message, next_step)
        self.until = until


class Deferred(Throttled):
    """The provider defers the recipients of this batch; it may be accepting others meanwhile.

    ``certain``: its answer is about these recipients. Otherwise it could also be about us.
    """

    def __init__(
        self,
        message: str,
        *,
        until: datetime,
        certain: bool = False,
        next_step: NextStep | str = "",
    ) -> None:
        super().__init__(message, until=until, next_step=next_step)
        self.certain = certain


class Refused(ChannelError):
    """Nothing went out, and nothing will until a person does something."""


class BadCredentials(Refused):
    """The account, not the message, was refused: nothing more goes out on this channel."""


class BroadcastRefused(Refused):
    """Our sender, our account's limits or the message as a whole was refused.

    Every other batch of the broadcast would be refused too, so it stops; no recipient is at fault.
    """


class BadRecipient(Refused):
    """The provider named addressees that it does not accept; nothing of the batch went out.

    ``positions`` are indices into the batch's ``addressees``.
    """

    def __init__(
        self, message: str, *, positions: Sequence[int], next_step: NextStep | str = ""
    ) -> None:
        super().__init__(message, next_step)
        self.positions = tuple(positions)


class CannotExpress(ChannelError):
    """The channel cannot carry this copy: too long, or something it does not support."""


class OutcomeUnknown(ChannelError):
    """It left us and no clear answer came back: look before sending again."""


class PerhapsPosted(OutcomeUnknown):
    """The provider took nothing now, in words that may mean that it has the same post already.

    Found: that is ours. Absent: this is a refusal, and ``otherwise`` says so.
    """

    def __init__(
        self, message: str, *, otherwise: Explanation, next_step: NextStep | str = ""
    ) -> None:
        super().__init__(message, next_step)
        self.otherwise = otherwise


class Channel(Protocol):
    """A configured account at a provider."""

    name: str
    capabilities: Capabilities

    def render(self, template: Template) -> Copy:
        """Return the final copy. Pure. Raises ``CannotExpress``."""
        ...

    async def find(self, key: str, copy: Copy, since: datetime) -> Sighting:
        """Say whether an attempt with ``key`` and ``copy``, begun at ``since``, went out.

        Reads only. Raises ``Unreachable`` or ``Throttled`` if looking itself failed and trying
        again may help; anything else that keeps it from knowing is *cannot tell*.
        """
        ...

    async def check(self) -> Health:
        """Say whether the credentials and the address work now, without publishing anything."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


@runtime_checkable
class PostChannel(Channel, Protocol):
    """One to all."""

    async def publish(self, publication: Publication) -> Receipt:
        """Publish once. Raises one of the ``ChannelError`` kinds other than ``CannotExpress``."""
        ...


@runtime_checkable
class DirectChannel(Channel, Protocol):
    """One to each."""

    async def send(self, batch: Batch) -> Receipt:
        """Send one batch in one request. Raises like ``publish``, and ``BadRecipient``."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A channel whose provider counts otherwise than in characters."""

    def length_of(self, text: str) -> int:
        """The length of a whole text in the units of ``Capabilities.length_unit``."""
        ...


@runtime_checkable
class Retracts(Protocol):
    """A channel that can delete a post."""

    async def retract(self, receipt: Receipt) -> None:
        """Delete the post; a post that is gone already counts as taken back."""
        ...


class Image(Value):
    """A picture beside a post. ``alt`` says what is on it, for whoever cannot see it."""

    data: bytes
    media_type: str
    alt: str


@runtime_checkable
class CarriesImages(Protocol):
    """A channel whose posts may have a picture.

    ``image_types`` are the media types it takes, ``image_limit`` the most bytes of one.
    """

    image_types: frozenset[str]
    image_limit: int

    async def publish_image(self, publication: Publication, image: Image) -> Receipt:
        """Publish once, words and picture in one post.

        Raises like ``publish``, and ``CannotExpress`` for a picture without ``alt``, of another
        type or too large. A failed upload that comes before the post is not an unknown outcome:
        nothing was published by it.
        """
        ...


@runtime_checkable
class Edits(Protocol):
    """A channel that can change the words of a post."""

    async def edit(self, receipt: Receipt, copy: Copy) -> Receipt:
        """Replace all words of the post by those of ``copy``; its id stays.

        Raises like ``publish``; a post that is gone is ``Refused``.
        """
        ...


class PageSource(Protocol):
    """Where a status page comes from: the record of everything that is on it."""

    async def snapshot(
        self, url: str, *, name: str = "", home: str | None = None, without: str = ""
    ) -> StatusPage:
        """All that the page shows now, under a number higher than any before.

        ``without`` is the key of a publication that is being taken back. Raises ``Unreachable`` if
        it cannot be read: nothing has been written then.
        """
        ...


@runtime_checkable
class WritesPage(Protocol):
    """A post channel whose posts are a status page, written as a whole each time."""

    def read_from(self, source: PageSource) -> None:
        """Take everything that is written from ``source``, from now on."""
        ...

    def address_of(self, incident: str, key: str, *, article: bool) -> str:
        """Where people will read the publication with ``key``; pure."""
        ...

    async def refresh(self) -> None:
        """Write the page once more, so that it is seen to be of now. Raises like ``publish``."""
        ...


class Quota(Value):
    """How much an account may still publish: ``remaining`` of ``limit`` until ``resets_at``."""

    limit: int
    remaining: int
    resets_at: UtcTime


@runtime_checkable
class ReportsQuota(Protocol):
    """A channel whose provider says how much may still be published."""

    async def quota(self) -> Quota:
        """The quota now. Reads only; raises ``Unreachable``, ``Throttled`` or ``Refused``."""
        ...


@runtime_checkable
class CredentialsExpire(Protocol):
    """A channel whose credentials stop working by themselves."""

    async def credentials_expire_at(self) -> datetime | None:
        """When (UTC), or None if these never do.

        Reads only; raises ``Unreachable``, ``Throttled`` or ``Refused``.
        """
        ...


@runtime_checkable
class ListsSuppressions(Protocol):
    """A channel whose provider keeps lists of addresses that must not be written to."""

    def suppressions(self) -> AsyncIterator[ListedAddress]:
        """Every address on a list that stops our mail for good, list by list; reads only.

        Raises ``Unreachable``, ``Throttled`` or ``Refused`` at any step; starting again is
        harmless. An address may come several times.
        """
        ...


@runtime_checkable
class ReadsEvents(Protocol):
    """Reads what a provider reports about our mail later on; has no credential that could send.

    It is not the channel itself: it lives in the process that the internet can reach.
    """

    def read_events(
        self, body: bytes, headers: Mapping[str, str]
    ) -> Sequence[DeliveryEvent | UnreadableEvent]:
        """The events about our mail in one signed delivery of events; others are ignored.

        ``body`` is as it came, byte for byte; ``headers`` are found by lower-case names. Raises
        ``EventsNotGenuine`` before anything is parsed, or ``EventsUnreadable``. An event that
        cannot be read costs no other one: it is handed on as an ``UnreadableEvent``.
        """
        ...


class ArrivingEvents(Protocol):
    """One delivery of events whose body is still coming in."""

    def add(self, piece: bytes) -> None:
        """The next piece of the body, which need not be kept here."""
        ...

    def verify(self) -> None:
        """Raise ``EventsNotGenuine`` if the pieces so far are not the body that was signed."""
        ...

    def read(self, body: bytes) -> Sequence[DeliveryEvent | UnreadableEvent]:
        """The events in the whole body; raises like ``ReadsEvents.read_events``."""
        ...


@runtime_checkable
class VerifiesOnArrival(Protocol):
    """A reader that refuses most of what is not genuine before it has a body."""

    def expect_events(self, headers: Mapping[str, str]) -> ArrivingEvents:
        """Begin to verify a delivery.

        Raises ``EventsNotGenuine`` if no body at all could be genuine under these headers.
        """
        ...
