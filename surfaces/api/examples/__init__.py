"""Examples for the document: one Saturday, told once. A test compares them with their schemas."""

from __future__ import annotations

from surfaces.api.examples import deadlines, desk, incidents, people, recipients, signing, steering
from surfaces.api.examples.shape import Example

PROBLEM: Example = {
    "type": "urn:frontfoot:problem:refused",
    "title": "maya wrote this message and cannot approve it.",
    "status": 409,
    "detail": "",
    "next_step": {"advice": "Somebody else has to sign."},
    "errors": [],
}

OF: dict[str, Example] = {
    **incidents.OF,
    **signing.OF,
    **steering.OF,
    **deadlines.OF,
    **people.OF,
    **recipients.OF,
    **desk.OF,
    "Problem": PROBLEM,
}
"""Each by the name of its schema."""
