"""What goes wrong in the demo: throttling, errors after acceptance, answers that get lost."""

from __future__ import annotations

import httpx

FAULTS: tuple[dict[str, object], ...] = (
    # E-mail: "too many requests", a mail that was taken and answered 500, one lost answer.
    {"provider": "sendgrid", "operation": "send", "kind": "throttle", "times": 2, "after": 3}
    | {"seconds": 1},
    {"provider": "sendgrid", "operation": "send", "kind": "error_after", "times": 2, "after": 8},
    {"provider": "sendgrid", "operation": "send", "kind": "drop_after", "times": 1, "after": 14},
    {"provider": "sendgrid", "operation": "events", "kind": "events_duplicate", "factor": 2}
    | {"probability": 0.05},
    {"provider": "sendgrid", "operation": "events", "kind": "events_shuffle"},
    # Twitter: the announcement's answer is dropped, the next post throttled, one answered 503.
    {"provider": "twitter", "operation": "post", "kind": "drop_after", "times": 1},
    {"provider": "twitter", "operation": "post", "kind": "throttle", "times": 1, "after": 1}
    | {"seconds": 2},
    {"provider": "twitter", "operation": "post", "kind": "error_after", "times": 1, "after": 2}
    | {"status": 503},
    # Facebook: throttled (its pauses count in minutes), then "an unknown error occurred" for a post
    # that is public, then a dropped answer.
    {"provider": "facebook", "operation": "post", "kind": "throttle", "times": 1, "seconds": 1},
    {"provider": "facebook", "operation": "post", "kind": "error_after", "times": 1},
    {"provider": "facebook", "operation": "post", "kind": "drop_after", "times": 1, "after": 2},
)


async def switch_on(sandbox: httpx.AsyncClient, *, slow_mail: float) -> int | None:
    """Put every fault in force; with ``slow_mail`` seconds each mail request takes that much more.

    Returns the number of the slowness, for ``lift``.
    """
    for fault in FAULTS:
        (await sandbox.post("/_sandbox/faults", json=fault)).raise_for_status()
    if not slow_mail:
        return None
    slowness = {"provider": "sendgrid", "operation": "send", "kind": "latency"}
    answer = await sandbox.post("/_sandbox/faults", json=slowness | {"seconds": slow_mail})
    return int(answer.raise_for_status().json()["id"])


async def lift(sandbox: httpx.AsyncClient, number: int | None) -> None:
    """End one fault."""
    if number is not None:
        (await sandbox.delete(f"/_sandbox/faults/{number}")).raise_for_status()


async def fired(sandbox: httpx.AsyncClient) -> dict[str, int]:
    """How often each kind of fault struck, by provider and kind."""
    answer = await sandbox.get("/_sandbox/faults")
    struck: dict[str, int] = {}
    for fault in answer.raise_for_status().json()["faults"]:
        name = f"{fault['provider']} {fault['kind'].replace('_', ' ')}"
        struck[name] = struck.get(name, 0) + fault["fired"]
    return struck
