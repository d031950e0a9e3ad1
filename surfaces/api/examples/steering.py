"""Steering what goes out."""

from __future__ import annotations

from surfaces.api.examples.shape import Example

STEERING: Example = {"action": "pause", "channel": "email", "reason": "The link is wrong."}
RETRYING: Example = {"channel": "twitter"}
SETTLING: Example = {
    "channel": "twitter",
    "went_out": True,
    "url": "https://x.com/feather/status/1",
}
STOPPING: Example = {"reason": "The link is wrong."}

OF: dict[str, Example] = {
    "Lifting": {},
    "Quarantining": {"reason": "Posts that are not ours."},
    "Resuming": {},
    "Retrying": RETRYING,
    "Settling": SETTLING,
    "Steering": STEERING,
    "Stopping": STOPPING,
}
