"""The phones of the demo's people: they are in the sandbox, and nobody picks up."""

from __future__ import annotations

from collections import Counter

import httpx

_PHONE = "_phone"


async def rings(sandbox: httpx.AsyncClient) -> Counter[str]:
    """How many notifications reached each person's phone, by the sandbox's own book."""
    answer = (await sandbox.get("/_sandbox/phones")).raise_for_status().json()
    return Counter(one["phone"].removesuffix(_PHONE) for one in answer["notifications"])
