"""This installation: where its files, its ledger and its keys are, and what its build is called."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from settings.kinds import LongSecret

HERE = Path(__file__).resolve().parents[1]
"""The folder of our packages and of the playbooks that come with them."""


class InstallationSettings(BaseSettings):
    """What is needed before there is any channel, page or person on duty."""

    state_dir: Path = Field(
        default=Path(".frontfoot"),
        description="Where the embedded stack keeps its files, and the console those of people.",
    )
    database_url: str = Field(
        default="", description="SQLAlchemy URL; empty means SQLite in the state folder."
    )
    playbooks_dir: Path = Field(default=HERE / "playbooks", description="Folder of playbooks.")
    code_secret: LongSecret | None = Field(
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

    def database(self) -> str:
        """The SQLAlchemy URL of the ledger."""
        return self.database_url or f"sqlite+aiosqlite:///{self.state_dir / 'frontfoot.db'}"

    def record_key(self) -> Path:
        """The file of the key that seals the record."""
        return self.record_key_file or self.state_dir / "record.key"
