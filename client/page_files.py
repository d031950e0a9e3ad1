"""The status page's files, as they are served from the folder that a worker writes.

All of a snapshot is kept in memory. A new one is noticed by the link that the worker swaps, which
is looked at twenty times a second at most; any other request costs no disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LARGEST = 64 * 1024 * 1024
"""The most bytes of one snapshot that are kept in memory."""

_LOOK_EVERY = 0.05
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".atom": "application/atom+xml; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain; charset=utf-8",
}
_FRESH = "max-age=15, stale-while-revalidate=30, stale-if-error=86400"
_FOR_EVER = "max-age=31536000, immutable"
_NEVER = "no-store"
_READABLE_BY_ALL = (".json", ".atom")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file, and the headers that it is served with."""

    data: bytes
    headers: Mapping[str, str]
    etag: str


class PageFiles:
    """The newest snapshot below ``folder``, which need not be there yet."""

    def __init__(self, folder: Path) -> None:
        self._current = folder / "current"
        self._files: dict[str, PageFile] = {}
        self._read_from: str | None = None
        self._looked = 0.0
        self._reading = asyncio.Lock()

    async def find(self, path: str) -> PageFile | None:
        """The file at ``path`` below the page's address; a folder stands for its index."""
        await self._catch_up()
        if path.endswith("/") or not path:
            path += "index.html"
        return self._files.get(path)

    async def _catch_up(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY and self._files:
            return
        self._looked = now
        target = self._target()
        if target == self._read_from or target is None:
            # Without a link there was never a page, or the folder is gone: what we have stays.
            return
        async with self._reading:
            if target != self._read_from:
                files = await asyncio.to_thread(_read, self._current.parent / target)
                if files:
                    self._files, self._read_from = files, target

    def _target(self) -> str | None:
        try:
            return str(self._current.readlink())
        except OSError:
            return None


def _read(folder: Path) -> dict[str, PageFile]:
    """Every file of a snapshot; none if it is taken away meanwhile, or too large."""
    files: dict[str, PageFile] = {}
    size = 0
    try:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                size += len(data)
                name = path.relative_to(folder).as_posix()
                files[name] = _served(name, data)
    except OSError:
        return {}
    return files if size <= LARGEST else {}


def _served(name: str, data: bytes) -> PageFile:
    suffix = Path(name).suffix
    etag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
    headers = {
        "Content-Type": _TYPES.get(suffix, "application/octet-stream"),
        "Cache-Control": _cache_control(name),
        "ETag": etag,
    }
    if suffix in _READABLE_BY_ALL:
        headers["Access-Control-Allow-Origin"] = "*"
    return PageFile(data, headers, etag)


def _cache_control(name: str) -> str:
    if name.startswith("assets/"):
        return _FOR_EVER
    if name == "snapshot.json" or name.startswith("updates/"):
        return _NEVER
    return _FRESH
