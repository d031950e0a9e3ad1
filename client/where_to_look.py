"""Where a provider shows a request whose answer was lost, and what to search for."""

from __future__ import annotations

from channels import registry
from channels.configured import ChannelMisconfigured

_ANYWHERE = "Look in the provider's own records for the key, or for mail from that time."


def where_to_look(channel: str) -> str:
    """A sentence for the person who settles a batch of ``channel``.

    A general one if the package that brings the channel is not installed here.
    """
    try:
        return registry.load(channel).look_for or _ANYWHERE
    except ChannelMisconfigured:
        return _ANYWHERE
