"""The environment of each part of the embedded stack."""

from __future__ import annotations

import os
from collections.abc import Mapping

from settings import HERE

_PLAIN = ("HOME", "LANG", "LC_ALL", "PATH", "SYSTEMROOT", "TMPDIR", "TZ", "USER")


def plain(given: Mapping[str, str]) -> dict[str, str]:
    """What any program needs, and none of our variables: for parts that must not see a key."""
    return {name: given[name] for name in _PLAIN if name in given}


def for_python(given: Mapping[str, str]) -> dict[str, str]:
    """``plain``, so that ``python -P -m`` finds our modules wherever they are installed.

    Packages that the caller has on a path of their own, such as a channel, come behind ours.
    """
    path = os.pathsep.join(filter(None, (str(HERE), given.get("PYTHONPATH"))))
    return {**plain(given), "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
