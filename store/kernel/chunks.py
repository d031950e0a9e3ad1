"""Rows in chunks, read ahead in a thread while the chunk before them is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

CHUNK = 1_000
"""Rows of one insert: short enough not to delay what is more urgent, on SQLite."""


async def chunks_of(rows: Iterable[T] | AsyncIterable[T]) -> AsyncGenerator[list[T], None]:
    """``rows`` in lists of ``CHUNK``; a plain iterable is read ahead in a thread."""
    if isinstance(rows, AsyncIterable):
        chunk: list[T] = []
        async for row in rows:
            chunk.append(row)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk
        return
    iterator = iter(rows)
    ahead = asyncio.create_task(asyncio.to_thread(_take, iterator))
    try:
        while chunk := await ahead:
            ahead = asyncio.create_task(asyncio.to_thread(_take, iterator))
            yield chunk
    finally:
        # A thread cannot be stopped, so its chunk is awaited and dropped.
        await asyncio.wait([ahead])


def _take(iterator: Iterator[T]) -> list[T]:
    return list(islice(iterator, CHUNK))
