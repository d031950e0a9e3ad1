"""The channels in use, and what is heard on them."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.kinds import Names


class ChannelsInUse(BaseSettings):
    """Which channels there are, and how they are listened to."""

    channels: Names = Field(
        default=("email", "twitter", "facebook", "website"),
        description="Names of the configured channels, separated by commas.",
    )
    listen: Names = Field(
        default=("all",),
        description="The configured channels that are listened to, separated by commas: all of "
        "those that can, none, or their names.",
    )
    private_messages: Names = Field(
        default=(),
        description="The channels whose private messages are read too, separated by commas, or "
        "all; none unless it is said. It takes a permission that nothing else needs.",
    )
    listen_every: int = Field(
        default=60,
        ge=5,
        le=3600,
        description="Seconds between two readings of what people say on a channel.",
    )
    surge_fold: float = Field(
        default=5.0,
        ge=1.5,
        le=1_000,
        description="So many times the normal number of mentions is a surge.",
    )
    surge_least: int = Field(
        default=50,
        ge=5,
        le=100_000,
        description="Fewer mentions in ten minutes are never a surge.",
    )

    def listens_to(self, channel: str) -> bool:
        """Whether a channel that can listen is to; ``none`` is the name of no channel."""
        return channel in self.channels and ("all" in self.listen or channel in self.listen)

    def reads_private(self, channel: str) -> bool:
        """Whether the private messages of a channel are to be read, if it can do that."""
        wanted = "all" in self.private_messages or channel in self.private_messages
        return wanted and self.listens_to(channel)
