"""What every process of ours is told by its environment."""

from __future__ import annotations

from settings.contacts import secret_named
from settings.env_file import (
    ENV_FILE,
    EnvFileUnreadable,
    complete_environment,
    read_env_file,
    refuse_unreadable_env_file,
)
from settings.installation import HERE
from settings.settings import Settings

__all__ = [
    "ENV_FILE",
    "HERE",
    "EnvFileUnreadable",
    "Settings",
    "complete_environment",
    "read_env_file",
    "refuse_unreadable_env_file",
    "secret_named",
]
