"""The phones of the demo's people: they are in the sandbox, and nobody picks up."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import httpx

_PHONE = "_phone"


async def rings(sandbox: httpx.AsyncClient, begin: datetime, end: datetime) -> Counter[str]:
    """How many notifications reached each phone from ``begin`` to ``end``, in the sandbox."""
    answer = (await sandbox.get("/_sandbox/phones")).raise_for_status().json()
    return Counter(
        one["phone"].removesuffix(_PHONE)
        for one in answer["notifications"]
        if begin.timestamp() <= one["at"] < end.timestamp()
    )
