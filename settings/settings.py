"""One frozen ``Settings`` for everything that is not a channel's own; its parts are beside it.

Read from the environment (``FRONTFOOT_…``) and from ``.env``. Temporal's address, namespace, TLS
and key are Temporal's own settings and come from ``temporalio.envconfig``; each channel's settings
live beside its adapter.
"""

from __future__ import annotations

from pydantic_settings import SettingsConfigDict

from settings.channels import ChannelsInUse
from settings.console import ConsoleSettings
from settings.contacts import ContactSettings
from settings.env_file import ENV_FILE
from settings.installation import InstallationSettings
from settings.public import PublicSettings


# `frontfoot check` lists them part by part, from the last one here to the first: Pydantic puts
# inherited fields in that order.
class Settings(
    ConsoleSettings, ContactSettings, PublicSettings, ChannelsInUse, InstallationSettings
):
    """The settings of every process of ours. Frozen; secrets show as asterisks."""

    model_config = SettingsConfigDict(
        env_prefix="FRONTFOOT_",
        env_file=ENV_FILE,
        # Editors on Windows begin a file with a mark.
        env_file_encoding="utf-8-sig",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    def masked(self) -> dict[str, str]:
        """Every setting as text that may be shown, without passwords."""
        shown = {
            name: "" if value is None else str(value) for name, value in self.model_dump().items()
        }
        shown["channels"] = ",".join(self.channels)
        shown["listen"] = ",".join(self.listen)
        shown["private_messages"] = ",".join(self.private_messages)
        shown["team_rooms"] = ",".join(self.team_rooms)
        shown["database_url"] = _without_password(self.database())
        return shown


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    credentials, at, host = rest.rpartition("@")
    if not at:
        return url
    return f"{scheme}{separator}{credentials.partition(':')[0]}:***@{host}"
