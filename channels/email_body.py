"""Builds the body of one SendGrid request, for up to a thousand addressees at once.

By hand and not with the ``sendgrid`` package's helpers: those take over twenty times as long, and
they put each personalization in front of the one before, so that an error naming the third
recipient names the third from the end. Limits and field names: SendGrid's v3 reference, Mail Send.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from channels.contract import Addressee, BadRecipient, Batch, Refused
from domain.message import Copy

LARGEST_REQUEST = 30_000_000
"""Bytes, attachments included."""

BATCH_ARG = "ff_batch"
BROADCAST_ARG = "ff_broadcast"
DELIVERY_ARG = "ff_delivery"
"""Our marks, which come back at the top level of each event; prefixed, since an argument called
``event`` or ``email`` would overwrite SendGrid's own."""

UNSUBSCRIBE_VALUE = "unsubscribe_url"
"""An addressee's value of this name becomes its one-click unsubscribe headers (RFC 8058)."""

_UNSAFE = re.compile(r"[<>&\"\x00-\x1f]|\[\[")


def body_of_batch(batch: Batch, *, asm_group_id: int | None) -> bytes:
    """The JSON body for ``batch``, addressees in their order.

    Raises ``BadRecipient`` for addressees who lack a personal value, hold one that is not plain
    text, or have an address that stands in the batch already; ``Refused`` if it is all too large.
    """
    personal = orjson.dumps(_personalizations(batch))
    shared = orjson.dumps(_shared(batch, asm_group_id))
    # One object out of two, so that neither is built or copied twice.
    body = b"".join((shared[:-1], b',"personalizations":', personal, b"}"))
    if len(body) > LARGEST_REQUEST:
        raise Refused(
            "SendGrid: the batch is larger than the 30 MB that one request may have.",
            "Set a smaller batch_size in the playbook.",
        )
    return body


def _personalizations(batch: Batch) -> list[dict[str, Any]]:
    addressees = batch.addressees
    fields = batch.copy.personal_fields()
    _refuse_addressees(addressees, fields)
    people: list[dict[str, Any]] = [
        {"to": [{"email": one.address}], "custom_args": {DELIVERY_ARG: one.delivery}}
        for one in addressees
    ]
    if fields:
        tokens = [(f"[[{name}]]", name) for name in fields]
        for person, one in zip(people, addressees, strict=True):
            values = one.values
            person["substitutions"] = {token: values[name] for token, name in tokens}
    if any(UNSUBSCRIBE_VALUE in one.values for one in addressees):
        for person, one in zip(people, addressees, strict=True):
            if url := one.values.get(UNSUBSCRIBE_VALUE):
                person["headers"] = {
                    "List-Unsubscribe": f"<{url}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                }
    return people


def _refuse_addressees(addressees: Sequence[Addressee], fields: tuple[str, ...]) -> None:
    """Find here what SendGrid would refuse the whole request for, or send out half filled in."""
    bad: set[int] = set()
    if len({one.address.lower() for one in addressees}) != len(addressees):
        seen: set[str] = set()
        for position, one in enumerate(addressees):
            bad |= {position} if one.address.lower() in seen else set()
            seen.add(one.address.lower())
    unsafe = _UNSAFE.search
    for position, one in enumerate(addressees):
        values = one.values
        for name in fields:
            if name not in values or unsafe(values[name]):
                bad.add(position)
        if UNSUBSCRIBE_VALUE in values and unsafe(values[UNSUBSCRIBE_VALUE]):
            bad.add(position)
    if bad:
        raise BadRecipient(
            f"SendGrid: {len(bad)} of {len(addressees)} addressees cannot be written to: a value "
            "for a [[field]] is missing or is not plain text, or the address is there twice.",
            positions=sorted(bad),
            next_step="Mend their rows in the audience; the others go out without them.",
        )


def _shared(batch: Batch, asm_group_id: int | None) -> dict[str, Any]:
    copy = batch.copy
    shared: dict[str, Any] = {
        "from": _sender(copy),
        "subject": copy.subject or "",
        "content": [{"type": "text/plain", "value": copy.text}],
        "custom_args": {BATCH_ARG: batch.key, BROADCAST_ARG: batch.broadcast},
        # A rewritten link looks like phishing in the very mail that warns of it, and breaks when
        # the tracking host is down.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    if copy.html:
        shared["content"].append({"type": "text/html", "value": copy.html})
    if copy.voice and copy.voice.reply_to:
        shared["reply_to"] = {"email": copy.voice.reply_to}
    if asm_group_id is not None:
        shared["asm"] = {"group_id": asm_group_id}
    return shared


def _sender(copy: Copy) -> dict[str, str]:
    if copy.voice is None or not copy.voice.address:
        raise Refused(
            "SendGrid: the copy has no sender's address.",
            "Give its voice an address in the playbook, or set FRONTFOOT_EMAIL_FROM_ADDRESS.",
        )
    sender = {"email": copy.voice.address}
    if copy.voice.name:
        sender["name"] = copy.voice.name
    return sender
