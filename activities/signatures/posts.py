"""Publishing on a post channel, and taking back."""

from __future__ import annotations

from datetime import datetime

from activities.signatures.signature import Signature
from domain.explanation import Explanation
from domain.ids import AudienceName, ChannelName, MessageRef
from domain.model import Value
from domain.publication import Destination, PublicationState, Receipt, Sighting


class PublicationTask(Value):
    """One message on one channel, with the digest that was approved.

    On a direct channel it goes to one ``audience``; a post has none.
    """

    message: MessageRef
    channel: ChannelName
    digest: str
    audience: AudienceName | None = None

    @property
    def destination(self) -> Destination:
        """Where it goes."""
        return Destination(channel=self.channel, audience=self.audience)


class PublicationStatus(Value):
    """The state of a publication in the ledger."""

    state: PublicationState
    receipt: Receipt | None = None
    started_at: datetime | None = None
    attempt: int = 0
    explanation: Explanation | None = None


class PublishPost(Value):
    """Make attempt number ``attempt``, unless the ledger knows better."""

    task: PublicationTask
    attempt: int
    fresh_until: datetime | None = None


class LookForPost(Value):
    """Look at the provider for an attempt of unknown outcome; if found, it is entered.

    ``since``: by the server's clock, no attempt in question began earlier. The ledger has the
    moment too, by the clock of the worker that made the attempt, and that may have been wrong.
    """

    task: PublicationTask
    since: datetime | None = None


PLAN_PUBLICATION = Signature("plan_publication", PublicationTask, PublicationStatus)
PUBLISH_POST = Signature("publish_post", PublishPost, PublicationStatus)
LOOK_FOR_POST = Signature("look_for_post", LookForPost, Sighting)
RETRACT_POST = Signature("retract_post", PublicationTask, PublicationStatus)
