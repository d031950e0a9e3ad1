"""Builds the body of one SendGrid request, for up to a thousand addressees at once.

By hand and not with the ``sendgrid`` package's helpers: those take over twenty times as long, and
they reverse the personalizations, so that an error naming the third recipient means the third from
the end. Limits and field names: SendGrid's v3 reference, Mail Send.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson

from channels.batch import Addressees, Batch
from channels.contract import BadRecipient, Refused
from channels.mail_copy import UNSUBSCRIBE_VALUE, is_safe
from domain.ids import SUBSCRIBERS
from domain.message import Copy

LARGEST_REQUEST = 30_000_000
"""Bytes, attachments included."""

BATCH_ARG = "ff_batch"
BROADCAST_ARG = "ff_broadcast"
DELIVERY_ARG = "ff_delivery"
"""Our marks, which come back at the top level of each event; prefixed, since an argument called
``event`` or ``email`` would overwrite SendGrid's own."""


_HERE = "\x7f"
"""Marks the place of a value in a frame: a character that is in no text of ours."""

_PLAIN = bytes(byte for byte in range(0x20, 0x7F) if byte not in b'"\\')
"""Characters that need no escaping in JSON."""


def body_of_batch(batch: Batch, *, asm_group_id: int | None) -> bytes:
    """The JSON body for ``batch``, addressees in their order.

    Raises ``BadRecipient`` for addressees who lack a personal value, hold one that is not plain
    text, or have an address that is in the batch already; ``Refused`` if it is all too large.
    """
    personal = _personalizations(batch).encode()
    shared = orjson.dumps(_shared(batch, asm_group_id))
    # One object out of two, so that neither is built or copied twice.
    body = b"".join((shared[:-1], b',"personalizations":', personal, b"}"))
    if len(body) > LARGEST_REQUEST:
        raise Refused(
            "SendGrid: the batch is larger than the 30 MB that one request may have.",
            "Set a smaller batch_size in the playbook.",
        )
    return body


def _personalizations(batch: Batch) -> str:
    """The JSON list of personalizations: one frame, filled in once for each addressee.

    Column by column, without a loop over addressees: building dictionaries for a serialiser takes
    ten times as long, and this is where a broadcast spends its time.
    """
    people = batch.addressees
    fields = batch.copy.personal_fields()
    _refuse_addressees(people, fields)
    frame: dict[str, Any] = {"to": [{"email": _HERE}], "custom_args": {DELIVERY_ARG: _HERE}}
    columns = [people.addresses, people.deliveries]
    if fields:
        frame["substitutions"] = {f"[[{name}]]": _HERE for name in fields}
        columns += [_known(people.values[name]) for name in fields]
    if UNSUBSCRIBE_VALUE in people.values:
        frame["headers"] = {
            "List-Unsubscribe": f"<{_HERE}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        columns.append(_known(people.values[UNSUBSCRIBE_VALUE]))
    pieces = f"{orjson.dumps(frame).decode()},".split(_HERE)
    step = len(pieces) + len(columns)
    page = [""] * (step * len(people))
    for place, piece in enumerate(pieces):
        page[2 * place :: step] = [piece] * len(people)
    for place, column in enumerate(columns):
        page[2 * place + 1 :: step] = _escaped(column)
    return f"[{''.join(page)[:-1]}]"


def _escaped(column: Sequence[str]) -> Sequence[str]:
    """``column`` escaped for JSON strings; nearly always unchanged."""
    if not "".join(column).encode().translate(None, _PLAIN):
        return column
    return [orjson.dumps(value)[1:-1].decode() for value in column]


def _known(column: Sequence[str | None]) -> Sequence[str]:
    # Addressees without a value have been refused before.
    return cast(Sequence[str], column)


def _refuse_addressees(people: Addressees, fields: tuple[str, ...]) -> None:
    """Refuse what SendGrid would refuse the whole request for, or send out half filled in."""
    named = [name for name in (*fields, UNSUBSCRIBE_VALUE) if name in (*fields, *people.values)]
    if _all_well(people, named):
        return
    bad: set[int] = set()
    seen: set[str] = set()
    for position, one in enumerate(people):
        address = one.address.lower()
        if address in seen or not all(is_safe(one.values.get(name, "<")) for name in named):
            bad.add(position)
        seen.add(address)
    if not bad:
        return
    raise BadRecipient(
        f"SendGrid: {len(bad)} of {len(people)} addressees cannot be written to: a value "
        "for a [[field]] is missing or is not plain text, or the address is there twice.",
        positions=sorted(bad),
        next_step="Fix their rows in the audience; the others go out without them.",
    )


def _all_well(people: Addressees, named: Sequence[str]) -> bool:
    """A quick check that nearly always says yes; False may be a false alarm."""
    if len(set(" ".join(people.addresses).lower().split(" "))) != len(people):
        return False
    try:
        return all(is_safe(" ".join(_known(people.values[name]))) for name in named)
    except (KeyError, TypeError):
        # A value that nobody has, or somebody has not.
        return False


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
    if copy.audience == SUBSCRIBERS:
        # The group is that of mail to customers, and SendGrid's own link unsubscribes from
        # everything: neither may end what somebody else's mail is about.
        shared["tracking_settings"]["subscription_tracking"] = {"enable": False}
    elif asm_group_id is not None:
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
