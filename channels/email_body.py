"""Builds the body of one SendGrid request, for up to a thousand addressees at once.

By hand and not with the ``sendgrid`` package's helpers: those take over twenty times as long, and
they put each personalization in front of the one before, so that an error naming the third
recipient names the third from the end. Limits and field names: SendGrid's v3 reference, Mail Send.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from channels.contract import Addressee, BadRecipient, Batch, Refused
from channels.mail_copy import UNSAFE, UNSUBSCRIBE_VALUE
from domain.message import Copy

LARGEST_REQUEST = 30_000_000
"""Bytes, attachments included."""

BATCH_ARG = "ff_batch"
BROADCAST_ARG = "ff_broadcast"
DELIVERY_ARG = "ff_delivery"
"""Our marks, which come back at the top level of each event; prefixed, since an argument called
``event`` or ``email`` would overwrite SendGrid's own."""


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
    if len(fields) == 1:
        # By far the commonest, and the inner loop below costs as much as all the rest.
        [name] = fields
        token = f"[[{name}]]"
        for person, one in zip(people, addressees, strict=True):
            person["substitutions"] = {token: one.values[name]}
    elif fields:
        tokens = [(f"[[{name}]]", name) for name in fields]
        for person, one in zip(people, addressees, strict=True):
            values = one.values
            person["substitutions"] = {token: values[name] for token, name in tokens}
    for person, one in zip(people, addressees, strict=True):
        if UNSUBSCRIBE_VALUE in one.values:
            person["headers"] = {
                "List-Unsubscribe": f"<{one.values[UNSUBSCRIBE_VALUE]}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
    return people


def _refuse_addressees(addressees: Sequence[Addressee], fields: tuple[str, ...]) -> None:
    """Find here what SendGrid would refuse the whole request for, or send out half filled in."""
    if _all_well(addressees, fields):
        return
    bad: set[int] = set()
    seen: set[str] = set()
    for position, one in enumerate(addressees):
        address = one.address.lower()
        needed = [*fields, UNSUBSCRIBE_VALUE] if UNSUBSCRIBE_VALUE in one.values else fields
        if address in seen or any(UNSAFE.search(one.values.get(name, "<")) for name in needed):
            bad.add(position)
        seen.add(address)
    raise BadRecipient(
        f"SendGrid: {len(bad)} of {len(addressees)} addressees cannot be written to: a value "
        "for a [[field]] is missing or is not plain text, or the address is there twice.",
        positions=sorted(bad),
        next_step="Mend their rows in the audience; the others go out without them.",
    )


def _all_well(addressees: Sequence[Addressee], fields: tuple[str, ...]) -> bool:
    """The same question for all at once, which nearly always has the answer yes."""
    if len({one.address.lower() for one in addressees}) != len(addressees):
        return False
    try:
        values = [one.values[name] for name in fields for one in addressees]
    except KeyError:
        return False
    values += [
        one.values[UNSUBSCRIBE_VALUE] for one in addressees if UNSUBSCRIBE_VALUE in one.values
    ]
    return UNSAFE.search(" ".join(values)) is None


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
