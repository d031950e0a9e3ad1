"""How people are reached: contact methods by reference to a secret, and quiet hours."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from domain.model import Written
from domain.wall_time import WallClock


class ContactKind(StrEnum):
    """What carries a notification.

    ``mail`` is sent by this installation's own server, ``web_push`` a browser that was subscribed
    in the console; ``apprise`` is any service that the library Apprise knows.
    """

    MAIL = "mail"
    WEB_PUSH = "web_push"
    APPRISE = "apprise"


ContactName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,30}$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,60}$")]


class ContactMethod(Written):
    """One way to reach a person; ``name`` is what it is called, such as ``phone``.

    ``secret`` names the secret that holds the address or the URL: neither stands in the file.
    """

    name: ContactName
    kind: ContactKind
    secret: SecretName | None = None

    @model_validator(mode="after")
    def _secret_where_needed(self) -> ContactMethod:
        if (self.secret is None) is not (self.kind is ContactKind.WEB_PUSH):
            raise ValueError(
                "web_push has no secret: its browsers are subscribed in the console"
                if self.secret
                else f"{self.kind} needs `secret`, the name of the secret with its address"
            )
        return self


class QuietHours(Written):
    """From ``start`` to ``end`` in the person's own zone, perhaps over midnight.

    In the file they are ``from`` and ``to``. They hold except at severity 1.
    """

    model_config = ConfigDict(populate_by_name=True)

    start: WallClock = Field(alias="from")
    end: WallClock = Field(alias="to")

    def cover(self, at: time) -> bool:
        """Whether ``at``, a time of the person's own day, is quiet."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end
