"""Mail to us as SendGrid's Inbound Parse webhook hands it on: a signed form for each mail.

Shapes: docs of Twilio SendGrid, "Setting up the Inbound Parse Webhook" and "Securing your Inbound
Parse Webhooks". Never compared with live deliveries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, formataddr

from sandbox.world import SandboxWorld

_BOUNDARY = "xYzZY"


def deliveries_of(
    world: SandboxWorld, ids: list[str], attachment: int, forged: bool
) -> Iterator[tuple[bytes, dict[str, str]]]:
    """The body and the headers of a delivery of each mail, with so many bytes of attachment."""
    for number in ids:
        row = world.book.db.execute(
            "SELECT address, name, subject, text, at, headers, sender, html FROM letter"
            " LEFT JOIN letter_more USING (id) WHERE id = ?",
            (number,),
        ).fetchone()
        if row is None:
            continue
        address, name, subject, text, at, more, envelope, html = row
        sender = formataddr((name, address))
        date = format_datetime(datetime.fromtimestamp(at, UTC))
        headers = f"Message-ID: <{number}>\nFrom: {sender}\nDate: {date}\nSubject: {subject}\n"
        headers += more or ""
        fields = {
            "headers": headers,
            "from": sender,
            "to": "help@acme.example",
            "subject": subject,
            "html" if html else "text": text,
            "envelope": json.dumps(
                {"to": ["help@acme.example"], "from": address if envelope is None else envelope}
            ),
            "charsets": json.dumps({"subject": "UTF-8", "text": "UTF-8", "html": "UTF-8"}),
            "attachments": str(int(attachment > 0)),
        }
        body = _form(fields, attachment)
        signed = world.events.signature_of(b"something else" if forged else body)
        yield body, {"content-type": f"multipart/form-data; boundary={_BOUNDARY}", **signed}


def _form(fields: dict[str, str], attachment: int) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode(
            "utf-8", "replace"
        )
        for name, value in fields.items()
    ]
    if attachment:
        head = 'Content-Disposition: form-data; name="attachment1"; filename="photo.jpg"'
        parts += [f"--{_BOUNDARY}\r\n{head}\r\n\r\n".encode(), b"x" * attachment, b"\r\n"]
    return b"".join([*parts, f"--{_BOUNDARY}--\r\n".encode()])
