"""One frozen ``Settings`` for everything that is not a channel's own.

Read from the environment (``FRONTFOOT_…``) and from ``.env``. Temporal's address, namespace, TLS
and key are Temporal's own settings and come from ``temporalio.envconfig``; each channel's settings
live beside its adapter.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Annotated

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import DomainError
from domain.gate import Requirement
from domain.plain_text import NEXT_STEP, NotText, read_utf8
from domain.public_text import ADDRESS_START

HERE = Path(__file__).resolve().parent
ENV_FILE = Path(".env")
_OURS = ("FRONTFOOT_", "TEMPORAL_")
_NO_LETTER = re.compile(r"[\udc80-\udcff]")
"""What Python makes of bytes that are no letter in the terminal's encoding."""


class EnvFileUnreadable(DomainError):
    """Settings that cannot be read: ``what`` names the line or the variable, and no value."""


_CONTACT = "FRONTFOOT_CONTACT_"


def read_env_file(path: Path = ENV_FILE) -> dict[str, str]:
    """The variables of a file of settings that have a value; none if there is no such file.

    ``EnvFileUnreadable`` says why it cannot be read, which pydantic would do with a traceback, or
    not at all.
    """
    try:
        text = read_utf8(path.read_bytes())
    except FileNotFoundError:
        return {}
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise EnvFileUnreadable(
            f"{path.name} cannot be read: {why}.", "It has to be a file that this user may read."
        ) from error
    except NotText as error:
        raise EnvFileUnreadable(
            f"{path.name}, line {error.line}: {error.detail}", NEXT_STEP
        ) from error
    return {name: value for name, value in dotenv_values(stream=io.StringIO(text)).items() if value}


def complete_environment() -> None:
    """Fill in from ``.env`` what the environment lacks of ours and of Temporal's.

    Every process of ours begins with this: Temporal's own reader knows nothing of ``.env``, and a
    worker must reach the same server as the commands. Raises ``EnvFileUnreadable``, also for a
    variable that is no text in this terminal's encoding.
    """
    for name, value in read_env_file().items():
        if name.startswith(_OURS):
            try:
                os.environ.setdefault(name, value)
            except UnicodeEncodeError as error:
                raise _no_text(name) from error
    for name, value in os.environ.items():
        if name.startswith(_OURS) and _NO_LETTER.search(value):
            raise _no_text(name)


def _no_text(name: str) -> EnvFileUnreadable:
    return EnvFileUnreadable(
        f"{name} cannot be read or set in this terminal's encoding.",
        "Set LANG to a locale with UTF-8, such as C.UTF-8, and set the variable again.",
    )


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


def refuse_unreadable_env_file() -> None:
    """Raise ``EnvFileUnreadable`` if there is a ``.env`` that cannot be read."""
    if not ENV_FILE.is_fifo():
        # What a password manager puts there can be read only once.
        read_env_file()


class Settings(BaseSettings):
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

    state_dir: Path = Field(
        default=Path(".frontfoot"),
        description="Where the embedded stack keeps its files, and the console those of people.",
    )
    database_url: str = Field(
        default="", description="SQLAlchemy URL; empty means SQLite in the state folder."
    )
    playbooks_dir: Path = Field(default=HERE / "playbooks", description="Folder of playbooks.")
    channels: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("email", "twitter", "facebook", "website"),
        description="Names of the configured channels, separated by commas.",
    )
    listen: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("all",),
        description="The configured channels that are listened to, separated by commas: all of "
        "those that can, none, or their names.",
    )
    private_messages: Annotated[tuple[str, ...], NoDecode] = Field(
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
    code_secret: SecretStr | None = Field(
        default=None,
        description="Secret that codes are derived from, 32 characters or more. Changing it during "
        "an incident changes every code that has not been sent.",
    )
    person: str = Field(default="", description="Who you are in the roster, for the terminal.")
    build_id: str = Field(
        default="",
        description="This build's name for Temporal's worker versioning, such as a commit; empty "
        "means unversioned.",
    )
    metrics_address: str = Field(
        default="", description="Address for Prometheus metrics, such as 127.0.0.1:9464."
    )
    public_url: str = Field(
        default="",
        description="Where recipients reach `surfaces.public.app`, such as "
        "https://mail.example.com; unsubscribe links begin with it.",
    )
    link_secret: SecretStr | None = Field(
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
    record_key_file: Path | None = Field(
        default=None,
        description="File of the private key that seals the record, for workers only; unset means "
        "`record.key` in the state folder.",
    )
    record_fingerprint: str = Field(
        default="",
        description="Fingerprint of the key that seals the record, as `frontfoot record key` shows "
        "it; `timeline --verify` trusts that key and those that it endorsed.",
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
    team_rooms: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Secrets with the addresses of the team's chats or mail lists, separated by "
        "commas: each thing that happens is told there in one line.",
    )

    console_host: str = "127.0.0.1"
    console_port: int = 8092
    console_url: str = Field(
        default="http://localhost:8092",
        description="Where people on duty reach the console; requests for any other host are "
        "refused, and so are those that a page of another origin sends.",
    )

    console_reading_url: str = Field(
        default="",
        description="Where phones in the same network read the console without HTTPS, such as "
        "http://192.168.1.20:8093: the console listens there too, and nothing can be done there.",
    )

    proof_required: Requirement = Field(
        default=Requirement.NONE,
        description="What every decision of this installation is proven with, whatever a gate "
        "says: none, key or passkey. Incidents are opened with such gates, and the worker sends "
        "nothing that was opened otherwise.",
    )
    oidc_issuer: str = Field(
        default="",
        description="The company's identity provider, as its tokens name it. People sign in to the "
        "console with their account there, by OpenID Connect.",
    )
    oidc_client_id: str = Field(default="", description="What the console is called there.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Its secret there, if it was given one."
    )

    @field_validator("channels", "listen", "private_messages", "team_rooms", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("code_secret", "link_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 32:
            name = str(info.field_name).replace("_", " ")
            raise ValueError(f"the {name} needs 32 characters or more")
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s<>\"&]+", value):
            raise ValueError("the public URL begins with https:// and has no spaces or quotes")
        return value.rstrip("/")

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        # On this machine there are no certificates; over the net, http could name anybody.
        if value and not re.match(ADDRESS_START, value):
            raise ValueError("the issuer's address begins with https://")
        return value

    @field_validator("console_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        value = value.rstrip("/").lower()
        if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", value):
            raise ValueError("the console's URL is https://, a host name and perhaps a port")
        return value

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

    @field_validator("console_reading_url")
    @classmethod
    def _reading(cls, value: str) -> str:
        value = value.rstrip("/").lower()
        if value and not re.fullmatch(r"http://[a-z0-9.-]+:[0-9]{1,5}", value):
            raise ValueError("the address for reading is http://, this machine's address, a port")
        return value

    def database(self) -> str:
        """The SQLAlchemy URL of the ledger."""
        return self.database_url or f"sqlite+aiosqlite:///{self.state_dir / 'frontfoot.db'}"

    def listens_to(self, channel: str) -> bool:
        """Whether a channel that can listen is to; ``none`` is the name of no channel."""
        return channel in self.channels and ("all" in self.listen or channel in self.listen)

    def reads_private(self, channel: str) -> bool:
        """Whether the private messages of a channel are to be read, if it can do that."""
        wanted = "all" in self.private_messages or channel in self.private_messages
        return wanted and self.listens_to(channel)

    def record_key(self) -> Path:
        """The file of the key that seals the record."""
        return self.record_key_file or self.state_dir / "record.key"

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
