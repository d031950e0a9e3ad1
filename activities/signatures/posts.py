"""Publishing on a post channel, and taking back."""

from __future__ import annotations

from datetime import datetime, timedelta

from activities.signatures.signature import Signature
from domain.explanation import Explanation
from domain.ids import AudienceName, ChannelName, MessageRef
from domain.ledger import KnownLedger
from domain.model import Value
from domain.publication import Destination, PublicationState, Receipt, Sighting


class PublicationTask(Value):
    """One message on one channel, with the digest that was approved.

    On a direct channel it goes to one ``audience``; a post has none. ``since``: by the server's
    clock, no attempt of this run began earlier. The ledger has the moments too, by the clocks of
    the workers that made the attempts, and those may have been wrong. ``known``: what the ledger
    has, unless it is an earlier copy.
    """

    message: MessageRef
    channel: ChannelName
    digest: str
    audience: AudienceName | None = None
    since: datetime | None = None
    known: KnownLedger = KnownLedger()

    @property
    def destination(self) -> Destination:
        """Where it goes."""
        return Destination(channel=self.channel, audience=self.audience)


class PublicationStatus(Value):
    """The state of a publication in the ledger, and what this attempt adds to it.

    ``uncertain``: an attempt may have gone out that was never seen at the provider.
    ``again_after``: nothing was taken, and this is how long to wait before the next attempt.
    ``refusal``: the provider's no to this attempt, where an earlier one may have gone out.
    ``held``: there was no attempt, because somebody has stopped everything of the incident.
    """

    state: PublicationState
    receipt: Receipt | None = None
    started_at: datetime | None = None
    attempt: int = 0
    explanation: Explanation | None = None
    uncertain: bool = False
    again_after: timedelta | None = None
    refusal: Explanation | None = None
    held: bool = False


class PublishPost(Value):
    """Make attempt number ``attempt``, unless the ledger knows better.

    ``in_a_row``: its number among consecutive attempts at which the provider took nothing, if it
    ends so too; the wait after it grows with that.
    """

    task: PublicationTask
    attempt: int
    in_a_row: int = 1
    fresh_until: datetime | None = None


PLAN_PUBLICATION = Signature("plan_publication", PublicationTask, PublicationStatus)
PUBLISH_POST = Signature("publish_post", PublishPost, PublicationStatus)
LOOK_FOR_POST = Signature("look_for_post", PublicationTask, Sighting)
RETRACT_POST = Signature("retract_post", PublicationTask, PublicationStatus)
