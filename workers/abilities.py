"""Which of the configured channels can do what, and may."""

from __future__ import annotations

from collections.abc import Mapping

from channels.contract import Channel
from channels.listening import Listens, ReadsPrivateMessages
from channels.replying import Replies
from settings import Settings


def listening_channels(settings: Settings, channels: Mapping[str, Channel]) -> dict[str, Listens]:
    """The channels that are to be listened to, of those that can."""
    return {
        name: channel
        for name, channel in channels.items()
        if settings.listens_to(name) and isinstance(channel, Listens)
    }


def private_channels(
    settings: Settings, channels: Mapping[str, Channel]
) -> dict[str, ReadsPrivateMessages]:
    """The channels whose private messages are to be read, of those that can."""
    return {
        name: channel
        for name, channel in channels.items()
        if settings.reads_private(name) and isinstance(channel, ReadsPrivateMessages)
    }


def replying_channels(channels: Mapping[str, Channel]) -> dict[str, Replies]:
    """The channels that can answer what people say."""
    return {name: one for name, one in channels.items() if isinstance(one, Replies)}
