"""Decisions, and what lets something out in another way."""

from __future__ import annotations

from surfaces.api.examples.shape import DIGEST, Example

_STATEMENT = (
    f'{{"digest":"{DIGEST}","expires":"2026-11-28T09:20:00+00:00","incident":"spam-saturday",'
    '"message":1,"nonce":"9f8e7d6c5b4a39281706f5e4d3c2b1a0","person":"noor","revision":1,'
    '"roles":["founder"],"v":1,"verdict":"approve"}'
)
_SIGNATURE = "A" * 86 + "=="
STATING: Example = {"digest": DIGEST, "verdict": "approve"}
STATEMENT: Example = {
    "statement": _STATEMENT,
    "to_sign": "ZnJvbnRmb290",
    "expires": "2026-11-28T09:20:00Z",
}
DECIDING: Example = {
    "digest": DIGEST,
    "verdict": "approve",
    "proof": {
        "key": "3f7a09c2d4e81b653f7a09c2d4e81b65",
        "statement": _STATEMENT,
        "signature": _SIGNATURE,
    },
}
DECISION: Example = {"message": 1, "gate": "open", "missing": ""}

OF: dict[str, Example] = {
    "Deciding": DECIDING,
    "DecisionTaken": DECISION,
    "Overriding": {"digest": DIGEST, "reason": "Nobody who should sign answers."},
    "ReleasingStatement": {
        "statement": "first_word_about",
        "blanks": {"what": "trouble signing in"},
        "next_update_by": "2026-11-28T09:45:00Z",
    },
    "Reviewing": {"note": "It could not wait; two more people can sign from now on."},
    "StatementShown": STATEMENT,
    "Stating": STATING,
}
