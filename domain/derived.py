"""Bytes that belong to one recipient and that nobody can guess without a secret.

Codes and unsubscribe links are made of them: derived and never random, so that every attempt makes
the same ones, on any worker.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

EACH = 12
"""Bytes for one recipient."""

_TOGETHER = 68
"""Recipients served by one hash: what six rounds of SHAKE-256 give, at 136 bytes each."""


def for_recipients(secret: bytes, purpose: bytes, recipients: Sequence[int]) -> bytes:
    """``EACH`` bytes for each recipient, one after the other, in their order.

    The key of a purpose is an HMAC-SHA-512 of it. What SHAKE-256 makes of that key and ``n`` serves
    the recipients from ``_TOGETHER * n`` on: a broadcast needs these for a million, and one HMAC
    for each would cost as much as everything else about a code. SHAKE, unlike the hashes that HMAC
    was invented for, may be keyed by a prefix. The same arguments give the same bytes for ever.
    """
    key = hmac.digest(secret, purpose, "sha512")

    def of_block(block: int) -> bytes:
        return hashlib.shake_256(b"%b%d" % (key, block)).digest(_TOGETHER * EACH)

    if not recipients:
        return b""
    first, count = recipients[0], len(recipients)
    run = range(first, first + count)
    if recipients in (run, list(run)):
        # Nobody is missing, as in most batches: one slice instead of one for each.
        blocks = range(first // _TOGETHER, (first + count - 1) // _TOGETHER + 1)
        start = first % _TOGETHER * EACH
        return b"".join(map(of_block, blocks))[start : start + count * EACH]
    made = {block: of_block(block) for block in {one // _TOGETHER for one in recipients}}
    places = ((one // _TOGETHER, one % _TOGETHER * EACH) for one in recipients)
    return b"".join(made[block][at : at + EACH] for block, at in places)
