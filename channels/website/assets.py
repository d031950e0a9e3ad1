"""The stylesheet, the script and the icon, under names that change with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent / "static"
_HASH_DIGITS = 10
_MEDIA_TYPES = {
    "site.css": "text/css; charset=utf-8",
    "site.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


class Asset(NamedTuple):
    """A file that never changes under its ``path``, so readers may keep it for ever."""

    path: str
    data: bytes
    media_type: str


@cache
def assets() -> dict[str, Asset]:
    """All assets by the names of their sources, such as ``site.css``."""
    return {name: _asset(name, kind) for name, kind in _MEDIA_TYPES.items()}


def _asset(name: str, media_type: str) -> Asset:
    data = (_FOLDER / name).read_bytes()
    stem, _, ending = name.partition(".")
    digest = hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]
    return Asset(f"assets/{stem}-{digest}.{ending}", data, media_type)
