"""The environment of each part of the embedded stack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import settings as settings_module

_PLAIN = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "TZ", "USER")


def plain(given: Mapping[str, str]) -> dict[str, str]:
    """What any program needs, and none of our variables: for parts that must not see a key."""
    return {name: given[name] for name in _PLAIN if name in given}


def for_python(given: Mapping[str, str]) -> dict[str, str]:
    """``plain``, so that ``python -P -m`` finds our modules wherever they are installed."""
    home = str(Path(settings_module.__file__).resolve().parent)
    return {**plain(given), "PYTHONPATH": home, "PYTHONUNBUFFERED": "1"}
