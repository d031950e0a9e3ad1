"""What each part of the embedded stack is told: how to reach Temporal, and its secrets."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

import settings as settings_module
from client.stack.ports import LOOPBACK, Ports

CODE_SECRET = "FRONTFOOT_CODE_SECRET"
LINK_SECRET = "FRONTFOOT_LINK_SECRET"
_PLAIN = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "TZ", "USER")


def plain(given: Mapping[str, str]) -> dict[str, str]:
    """What any program needs, and nothing of ours: for parts that must not see a key."""
    return {name: given[name] for name in _PLAIN if name in given}


def for_python(given: Mapping[str, str]) -> dict[str, str]:
    """``plain``, so that ``python -P -m`` finds our modules wherever they are installed."""
    home = str(Path(settings_module.__file__).resolve().parent)
    return {**plain(given), "PYTHONPATH": home, "PYTHONUNBUFFERED": "1"}


def temporal_environment(state: Path, ports: Ports) -> dict[str, str]:
    """How to reach the embedded Temporal, whatever the user's own Temporal profile says."""
    profile = state / "temporal.toml"
    profile.touch()
    return {
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{ports.temporal}",
        "TEMPORAL_NAMESPACE": "default",
        "TEMPORAL_CONFIG_FILE": str(profile),
    }


def keep_secrets(state: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The secrets of this folder: made once, kept in ``secrets.env`` for this user only.

    The secret of unsubscribe links is derived from that of codes, so that there is one to keep.
    """
    kept = _kept_secrets(state, given)
    link = given.get(LINK_SECRET) or kept.get(LINK_SECRET)
    return {**kept, LINK_SECRET: link or _derived(kept[CODE_SECRET], "unsubscribe links")}


def _derived(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def _kept_secrets(state: Path, given: Mapping[str, str]) -> dict[str, str]:
    if given.get(CODE_SECRET):
        return {CODE_SECRET: given[CODE_SECRET]}
    path = state / "secrets.env"
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        path.chmod(0o600)
    else:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(
                "# Made by `frontfoot up`. Codes are derived from this secret: if it is lost,\n"
                "# codes that have not been sent yet come out different.\n"
                f"{CODE_SECRET}={secrets.token_hex(32)}\n"
            )
    return {name: value for name, value in dotenv_values(path).items() if value}
