"""Reaching people on duty, the team's rooms, and the webhooks that others have asked for."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from settings.kinds import Names

_CONTACT = "FRONTFOOT_CONTACT_"


class ContactSettings(BaseSettings):
    """How notifications and webhooks leave."""

    outbox_private_networks: bool = Field(
        default=False,
        description="Whether webhooks may be sent to addresses in private networks, this machine "
        "included.",
    )
    contact_secrets: Path | None = Field(
        default=None,
        description="Folder with a file for each secret that a contact method names; for workers "
        "only. A secret may also be in the environment, as FRONTFOOT_CONTACT_ and its name.",
    )
    contact_stand_in: str = Field(
        default="",
        description="Where everything goes that is for a service or a room, in place of what its "
        "secret says: an address, to which the secret's name is added. In a rehearsal it is the "
        "sandbox's phones.",
    )
    contact_tests: bool = Field(
        default=True,
        description="Whether everybody's contact methods are tested each week.",
    )
    push_contact: str = Field(
        default="",
        description="Where a push service can reach who runs this, such as "
        "mailto:ops@example.com; unset means the console's URL.",
    )
    team_rooms: Names = Field(
        default=(),
        description="Secrets with the addresses of the team's chats or mail lists, separated by "
        "commas: each thing that happens is told there in one line.",
    )

    @field_validator("team_rooms")
    @classmethod
    def _names_of_secrets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(re.fullmatch(r"[A-Z][A-Z0-9_]{0,60}", one) for one in value):
            raise ValueError("a room is the name of a secret, such as CREW_CHAT")
        return value

    @field_validator("push_contact")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value and not value.startswith(("mailto:", "https://")):
            raise ValueError("the contact for push services begins with mailto: or https://")
        return value


def secret_named(name: str, folder: Path | None = None) -> str:
    """The secret of that name: the variable ``FRONTFOOT_CONTACT_<name>``, or what the file of that
    name in ``folder`` holds; "" if there is neither.

    Files that people write name secrets, such as a telephone's URL, and never hold them.
    """
    found = os.environ.get(_CONTACT + name, "").strip()
    if found or folder is None:
        return found
    try:
        return (folder / name).read_text("utf-8").strip()
    except (OSError, UnicodeError):
        return ""
