"""What the public meets: the status page, its subscribers, links in mail, events from providers."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from settings.kinds import LongSecret


class PublicSettings(BaseSettings):
    """Of the public service, and of what leads to it."""

    public_url: str = Field(
        default="",
        description="Where recipients reach `surfaces.public.app`, such as "
        "https://mail.example.com; unsubscribe links begin with it.",
    )
    link_secret: LongSecret | None = Field(
        default=None,
        description="Secret that signs unsubscribe links, 32 characters or more. Changing it "
        "breaks every link in mail that has been sent.",
    )
    company: str = Field(
        default="",
        description="The company's name in mail that asks subscribers for a confirmation, and on "
        "their pages; empty means that of the newest incident's playbook.",
    )
    subscribers_channel: str = Field(
        default="email",
        description="The direct channel that asks subscribers of the status page for a "
        "confirmation.",
    )
    subscribers_from: str = Field(
        default="",
        description="The address that asks subscribers for a confirmation before there was any "
        "incident, such as status@example.com; afterwards it is the sender of the newest playbook.",
    )
    client_address_header: str = Field(
        default="",
        description="Header in which your own proxy names the address of the client, such as "
        "X-Real-IP; of several addresses the last counts. Empty means the address of the "
        "connection. Set it only if the proxy overwrites what clients send.",
    )
    website_folder: Path | None = Field(
        default=None,
        description="Folder of the status page: the worker writes it, the public service serves "
        "it. Unset means that neither does.",
    )
    webhook_host: str = "127.0.0.1"
    webhook_port: int = 8091
    webhook_connections: int = Field(
        default=4_000,
        ge=16,
        description="How many connections the public service keeps open at once.",
    )
    webhook_memory_mib: int = Field(
        default=64,
        ge=20,
        description="MiB that all requests to the public service together may occupy.",
    )

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s<>\"&]+", value):
            raise ValueError("the public URL begins with https:// and has no spaces or quotes")
        return value.rstrip("/")
