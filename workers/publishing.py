"""What publishes messages: one half works in the ledger, the other at providers."""

from __future__ import annotations

from activities.approved import OpenedGates
from activities.broadcasts import BroadcastActivities
from activities.defined import Bound
from activities.posts import PostActivities
from store.recovery.witness import Witness
from workers.links import subscriber_links, unsubscribe_links
from workers.resources import Resources


class Publishing:
    """The activities that publish messages, made once for all queues of a process."""

    def __init__(self, resources: Resources) -> None:
        settings, database, channels = resources.settings, resources.database, resources.channels
        code_secret = settings.code_secret
        secret = code_secret.get_secret_value().encode() if code_secret else None
        key, required = resources.key.public, settings.proof_required
        witness = Witness.beside(settings.database())
        self.gates = OpenedGates(database, key, required, channels)
        self._posts = PostActivities(database, channels, self.gates, witness)
        self._broadcasts = BroadcastActivities(
            database,
            channels,
            self.gates,
            secret,
            unsubscribe_links(settings),
            resources.inbox,
            witness,
            subscriber_links(settings),
        )

    def ledger_only(self) -> list[Bound]:
        """Those that touch the ledger alone."""
        return [*self._posts.ledger_only(), *self._broadcasts.ledger_only()]

    def on_the_wire(self) -> list[Bound]:
        """Those that wait for a provider."""
        return [*self._posts.on_the_wire(), *self._broadcasts.on_the_wire()]
