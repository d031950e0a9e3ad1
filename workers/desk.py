"""What listens to people on channels, and answers them."""

from __future__ import annotations

from datetime import timedelta

from activities.defined import Bound
from activities.listening import ListeningActivities
from activities.opened_replies import OpenedReplies
from activities.replying import ReplyingActivities
from workers.abilities import listening_channels, private_channels, replying_channels
from workers.resources import Resources


def desk_activities(resources: Resources) -> list[Bound]:
    """What listens to channels, and answers there."""
    settings, database, channels = resources.settings, resources.database, resources.channels
    listening = ListeningActivities(
        database,
        listening_channels(settings, channels),
        timedelta(seconds=settings.listen_every),
        private=private_channels(settings, channels),
    )
    answering = replying_channels(channels)
    terms = {name: one for name in answering if (one := channels[name].capabilities.replies)}
    opened = OpenedReplies(database, resources.key.public, settings.proof_required)
    replying = ReplyingActivities(database, answering, terms, opened)
    return [*listening.all(), *replying.all()]
