"""Makes one addressee's mail: headers, text and HTML, as the bytes that go over the wire.

The ``Message-ID`` is the delivery's key at the sender's domain, so it is the same in each attempt:
a receiver that sees it twice can drop the second, and the mail server's log can be compared with
our ledger.

Everything is ASCII (quoted-printable and encoded words), because what a relay has to convert on
the way breaks its signature. Only an address with letters beyond ASCII before the @ cannot be
written so; it needs a server that offers SMTPUTF8 (RFC 6531). A domain beyond ASCII travels as
``xn--…``, which every server takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from channels.batch import Addressee, Addressees
from channels.contract import BadRecipient, Refused
from channels.mail_copy import UNSUBSCRIBE_VALUE, fill, lacking_values
from domain.message import Copy

_LINK = re.compile(r"https?://[!-;=?-~]{1,900}")
"""Printable ASCII without angle brackets, and short enough for one line of a header."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: its envelope, its bytes (CRLF line ends, no final dot), and its id.

    ``needs_utf8`` says that it goes only to a server with SMTPUTF8.
    """

    sender: str
    recipient: str
    content: bytes
    message_id: str
    needs_utf8: bool


def write_letter(copy: Copy, to: Addressee, *, at: datetime, bounces_to: str | None) -> Letter:
    """The mail of ``copy`` for one addressee, written at ``at``.

    Raises ``BadRecipient`` (position 0) if the address is none, or if a personal value is missing
    or no plain text; ``Refused`` if the copy has no sender.
    """
    recipient = _addressee(to)
    _refuse_values(copy, to)
    filled = copy.model_copy(
        update={
            "subject": fill(copy.subject or "", to.values),
            "text": fill(copy.text, to.values),
            "html": fill(copy.html, to.values) if copy.html else None,
        }
    )
    return letter_to(
        filled,
        recipient,
        number=to.delivery,
        at=at,
        bounces_to=bounces_to,
        first=_unsubscribe_headers(to),
    )


def letter_to(
    copy: Copy,
    recipient: ValidatedEmail,
    *,
    number: str,
    at: datetime,
    bounces_to: str | None,
    first: bytes,
) -> Letter:
    """The mail of ``copy`` as it is; ``number`` is its id at our domain, ``first`` are headers.

    Raises ``Refused`` if the copy has no sender.
    """
    speaker = _own(copy.voice.address if copy.voice else None)
    reply_to = _own(copy.voice.reply_to) if copy.voice and copy.voice.reply_to else None
    envelope = _own(bounces_to) if bounces_to else speaker
    shown = [one for one in (speaker, recipient, reply_to, envelope) if one is not None]
    needs_utf8 = any(not one.local_part.isascii() for one in shown)
    message = EmailMessage(policy=SMTPUTF8 if needs_utf8 else SMTP)
    message["Date"] = format_datetime(at)
    message["From"] = _header(speaker, copy.voice.name if copy.voice else "")
    message["To"] = _header(recipient)
    if reply_to is not None:
        message["Reply-To"] = _header(reply_to)
    message["Subject"] = copy.subject or ""
    message_id = f"{number}@{speaker.ascii_domain}"
    message["Message-ID"] = f"<{message_id}>"
    message.set_content(copy.text, cte="quoted-printable")
    if copy.html:
        message.add_alternative(copy.html, subtype="html", cte="quoted-printable")
    return Letter(
        sender=_path(envelope),
        recipient=_path(recipient),
        content=first + message.as_bytes(),
        message_id=message_id,
        needs_utf8=needs_utf8,
    )


def _refuse_values(copy: Copy, to: Addressee) -> None:
    if lacking_values(copy, Addressees.of([to])):
        raise BadRecipient(
            "SMTP: this addressee cannot be written to: a value for a [[field]] is missing or "
            "is not plain text.",
            positions=(0,),
            next_step="Fix the row in the audience; the others get the mail.",
        )


def _addressee(to: Addressee) -> ValidatedEmail:
    try:
        return read_address(to.address)
    except EmailNotValidError:
        raise BadRecipient(
            "SMTP: what is in this addressee's row is not a mail address.",
            positions=(0,),
            next_step="Correct the row in the audience; the others get the mail.",
        ) from None


def _own(address: str | None) -> ValidatedEmail:
    try:
        return read_address(address or "")
    except EmailNotValidError:
        raise Refused(
            "SMTP: the sender's, reply or bounce address is missing or is not a mail address.",
            "Correct the voice in the playbook, or FRONTFOOT_SMTP_FROM_ADDRESS and _BOUNCES_TO.",
        ) from None


def read_address(address: str) -> ValidatedEmail:
    """A mail address, taken apart. Raises ``EmailNotValidError``."""
    # A server of the company's own may have a name that is known in the company only.
    return validate_email(
        address, check_deliverability=False, test_environment=True, globally_deliverable=False
    )


def _path(address: ValidatedEmail) -> str:
    return f"{address.local_part}@{address.ascii_domain}"


def _header(address: ValidatedEmail, name: str = "") -> Address:
    # Address refuses a local part beyond ASCII only if it has to take an address apart.
    return Address(name, username=address.local_part, domain=address.ascii_domain)


def _unsubscribe_headers(to: Addressee) -> bytes:
    """The header lines of one-click unsubscribing, or none.

    Put in front by hand: Python's ``email`` folds a long link into encoded words, and no mail
    program unsubscribes at those.
    """
    link = to.values.get(UNSUBSCRIBE_VALUE)
    if link is None:
        return b""
    if not _LINK.fullmatch(link):
        raise BadRecipient(
            "SMTP: this addressee cannot be written to: the link to unsubscribe is not a web "
            "address.",
            positions=(0,),
            next_step="Fix the row in the audience; the others get the mail.",
        )
    return (
        f"List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    ).encode()
